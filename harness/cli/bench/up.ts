import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { projectFolder } from '../../base/project.ts';

/**
 * `npm run bench:up [-- RUNS]`: the warm bring-up, five times unless told, each in a process of its own as a user
 * starts it. Prints one JSON document: seconds to the first committed transfer and by step, every run and the median.
 * Images are made sure of before, and don't count.
 */
const run = promisify(execFile);
const NAME = 'bench';
const harness = (...args: string[]) =>
  run(process.execPath, [`${projectFolder}/harness/cli/main.ts`, '--name', NAME, ...args], {
    cwd: projectFolder,
    maxBuffer: 64 * 1024 * 1024,
  });

interface Up {
  readonly firstTransfer: { readonly seconds: number; readonly imageSeconds: number };
  readonly steps: readonly {
    readonly step: string;
    readonly startedAt: number;
    readonly seconds: number;
  }[];
}

const runs = Number(process.argv[2] ?? 5);
await harness('images');
await harness('down');
const results: Up[] = [];
for (let i = 0; i < runs; i += 1) {
  const { stdout } = await harness('up', '--json');
  results.push(JSON.parse(stdout) as Up);
  await harness('down');
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = 0, high = 0] = [sorted[middle - 1], sorted[middle]];
  return round(sorted.length % 2 === 1 ? high : (low + high) / 2);
};
const round = (value: number): number => Math.round(value * 100) / 100;
const steps = [...new Set(results.flatMap((r) => r.steps.map(({ step }) => step)))];
const of = (step: string, field: 'startedAt' | 'seconds') =>
  results.flatMap((r) => r.steps.find((s) => s.step === step)?.[field] ?? []);
console.log(
  JSON.stringify(
    {
      what: 'seconds from the start of the command to the first committed transfer, images present',
      runs: results.map((r) => round(r.firstTransfer.seconds)),
      median: median(results.map((r) => r.firstTransfer.seconds)),
      steps: steps.map((step) => ({
        step,
        startedAt: median(of(step, 'startedAt')),
        seconds: median(of(step, 'seconds')),
      })),
    },
    null,
    2,
  ),
);
