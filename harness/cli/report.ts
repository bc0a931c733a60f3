import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, UsageError } from '../base/errors.ts';
import { compareRuns, comparisonMarkdown } from '../report/comparison.ts';
import { renderComparison } from '../report/html/comparison.ts';
import { formatScorecard, readResults, writeReport } from '../report/index.ts';

/** `harness report`: from `results.json` to all the rest; of several runs, what each placement survives. */
export async function report(folders: readonly string[]): Promise<void> {
  const runs = await Promise.all(
    folders.map((folder) =>
      readResults(folder).catch((error) => {
        throw new UsageError([`report: ${messageOf(error)}`]);
      }),
    ),
  );
  const [run] = runs;
  const [folder] = folders;
  if (!run || folder === undefined) throw new UsageError(['report: expected a folder, seen none']);
  if (runs.length > 1) {
    const comparison = compareRuns(runs);
    const beside = path.dirname(path.resolve(folder));
    const file = path.join(beside, 'comparison.html');
    const ids = runs.map(({ id }) => id);
    await writeFile(file, renderComparison(comparison, ids));
    console.log(`${comparisonMarkdown(comparison)}\n\nReport  ${path.relative('.', file)}`);
    return;
  }
  const written = await writeReport(run, folder);
  console.log(
    formatScorecard(run, {
      colour: process.stdout.isTTY === true,
      width: Math.min(process.stdout.columns ?? 80, 100),
      report: path.relative(process.cwd(), written.html),
    }),
  );
}
