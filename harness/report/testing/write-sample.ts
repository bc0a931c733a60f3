import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeReport } from '../write.ts';
import { abortedRun, extremeRun, passedRun, sampleRun } from './sample-run.ts';

/** Writes the samples as reports, to look at: `node harness/report/testing/write-sample.ts DIR`. */

const dir = process.argv[2] ?? 'reports';
const samples = {
  aborted: abortedRun(),
  passed: passedRun(),
  extreme: extremeRun(),
  rich: sampleRun(),
};
for (const [kind, run] of Object.entries(samples)) {
  const runDir = path.join(dir, `sample-${kind}`);
  for (const { folder, status } of run.scenarios) {
    if (status === 'not-run') continue;
    mkdirSync(path.join(runDir, folder, 'logs'), { recursive: true });
    mkdirSync(path.join(runDir, folder, 'blocks'), { recursive: true });
    writeFileSync(path.join(runDir, folder, 'history.jsonl'), '{}\n'.repeat(4000));
    for (const { components } of run.network.machines) {
      for (const name of components) {
        writeFileSync(path.join(runDir, folder, 'logs', `${name}.log`), 'line\n'.repeat(300));
      }
    }
    writeFileSync(path.join(runDir, folder, 'blocks', 'peer0.org1.pb'), 'x'.repeat(90_000));
  }
  mkdirSync(runDir, { recursive: true });
  writeFileSync(path.join(runDir, 'engine-events.jsonl'), '{}\n');
  const written = await writeReport(run, runDir);
  console.log(written.html);
}
