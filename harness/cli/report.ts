import path from 'node:path';
import { messageOf, UsageError } from '../base/errors.ts';
import { formatScorecard, readResults, writeReport } from '../report/index.ts';

/** `harness report`: from `results.json` to all the rest. */
export async function report(folder: string): Promise<void> {
  const run = await readResults(folder).catch((error) => {
    throw new UsageError([`report: ${messageOf(error)}`]);
  });
  const written = await writeReport(run, folder);
  console.log(
    formatScorecard(run, {
      colour: process.stdout.isTTY === true,
      width: Math.min(process.stdout.columns ?? 80, 100),
      report: path.relative(process.cwd(), written.html),
    }),
  );
}
