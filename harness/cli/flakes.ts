import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../base/errors.ts';
import { projectFolder } from '../base/project.ts';
import { loadSettings } from '../base/settings.ts';
import { earlierRuns, runVerdict } from '../report/index.ts';
import { headline, statusWord } from '../report/summary.ts';
import { failureOf } from './failure.ts';

/**
 * `npm run test:flakes [-- RUNS [SUITE]]`: a suite as often as told (20 pull-request suites unless told), each on a
 * network of its own and with a seed of its own, and what was red in which of them. Red unless all were green.
 */
async function flakes(args: readonly string[]): Promise<number> {
  const [count = '20', suite = 'pull-request'] = args;
  const runs = Number(count);
  if (!Number.isInteger(runs) || runs < 1) {
    throw new UsageError([`test:flakes: expected how many runs, seen "${count}"`]);
  }
  const settings = loadSettings(process.env, process.cwd());
  const reports = path.join(
    settings.reportsDir,
    `flakes-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}`,
  );
  mkdirSync(reports, { recursive: true });
  let green = 0;
  for (let run = 1; run <= runs; run += 1) {
    const code = await suiteOnce(suite, reports);
    const [result] = await earlierRuns(reports, '');
    if (code === 0) green += 1;
    console.log(
      `run ${run} of ${runs}: ${result ? runVerdict(result) : `exit code ${code}`}, seed ${result?.seed}`,
    );
    for (const scenario of result?.scenarios ?? []) {
      if (scenario.status === 'passed') continue;
      console.log(`  ${scenario.name}: ${statusWord(scenario.status)}: ${headline(scenario)}`);
    }
    for (const problem of result?.problems ?? []) console.log(`  ${problem}`);
    if (code === 130) return code;
  }
  console.log(`${green} of ${runs} green; reports in ${path.relative(process.cwd(), reports)}`);
  return green === runs ? 0 : 1;
}

/** Its output goes to standard error, so that standard output is the list of runs. */
function suiteOnce(suite: string, reports: string): Promise<number> {
  const bin = path.join(projectFolder, 'harness/cli/bin.js');
  const child = spawn(process.execPath, [bin, 'test', '--suite', suite], {
    stdio: ['inherit', process.stderr, 'inherit'],
    env: { ...process.env, HARNESS_REPORTS_DIR: reports, HARNESS_SEED: '' },
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

try {
  process.exitCode = await flakes(process.argv.slice(2));
} catch (error) {
  const failure = failureOf(error, Boolean(process.env.DEBUG));
  for (const line of failure.lines) console.error(line);
  process.exitCode = failure.exitCode;
}
