import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { RunResult, ScenarioResult } from './model.ts';
import { readResults } from './write.ts';

/** Newest folders that are looked into; a reports folder may hold a year. */
const MOST_RUNS = 20;

/**
 * Runs whose reports stand in a folder, the newest first. What is no run or cannot be read is left out: somebody else's
 * file must not fail a run.
 *
 * @param reports the folder of all runs
 * @param except id of the run that asks
 */
export async function earlierRuns(reports: string, except: string): Promise<RunResult[]> {
  const entries = await readdir(reports, { withFileTypes: true }).catch(() => []);
  const names = entries
    // A run's id starts with its time; `latest` is a link to one of them.
    .filter((entry) => entry.isDirectory() && /^\d{4}-/.test(entry.name) && entry.name !== except)
    .map(({ name }) => name)
    .sort()
    .reverse()
    .slice(0, MOST_RUNS);
  const runs = await Promise.allSettled(names.map((name) => readResults(path.join(reports, name))));
  return runs.flatMap((run) => (run.status === 'fulfilled' ? [run.value] : []));
}

/**
 * The run with `flaky` as the status of each scenario that has also ended otherwise: in an earlier run with the same
 * seed, versions (the harness's own sources are one of them) and placement. A scenario that was interrupted has no
 * verdict, neither now nor then.
 *
 * @param earlier the newest first
 */
export function markFlaky(run: RunResult, earlier: readonly RunResult[]): RunResult {
  const alike = earlier.filter((other) => comparable(run, other));
  if (alike.length === 0) return run;
  return { ...run, scenarios: run.scenarios.map((scenario) => judged(scenario, alike)) };
}

const comparable = (run: RunResult, other: RunResult): boolean =>
  run.id !== other.id &&
  run.seed === other.seed &&
  isDeepStrictEqual(run.versions, other.versions) &&
  run.network.topology === other.network.topology &&
  isDeepStrictEqual(run.network.machines, other.network.machines);

/** A flaky one has done both already; there is no way back within the same versions. */
type Verdict = 'passed' | 'failed' | 'flaky';

function verdictOf({ status }: ScenarioResult): Verdict | undefined {
  if (status === 'passed' || status === 'flaky') return status;
  return status === 'failed' || status === 'timed-out' ? 'failed' : undefined;
}

function judged(scenario: ScenarioResult, alike: readonly RunResult[]): ScenarioResult {
  const now = verdictOf(scenario);
  if (now === undefined || now === 'flaky') return scenario;
  for (const { id, scenarios } of alike) {
    const other = scenarios.find(({ name }) => name === scenario.name);
    const then = other && verdictOf(other);
    if (then === undefined || then === now) continue;
    const words = then === 'flaky' ? 'was flaky' : then;
    const line = `flaky: ${now} now, ${words} in run ${id} with the same seed and versions`;
    return { ...scenario, status: 'flaky', problems: [line, ...scenario.problems] };
  }
  return scenario;
}
