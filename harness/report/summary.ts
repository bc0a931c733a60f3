import path from 'node:path';
import { type CheckResult, NEVER_ORDERED } from '../audit/model.ts';
import type {
  PhaseCounts,
  RecoveryResult,
  RunResult,
  ScenarioResult,
  ScenarioStatus,
} from './model.ts';

/** What every reporter says about a run, said once. */

/** `unknown`: nothing failed, but something was not run, or nothing passed; that is not a pass. */
export type RunVerdict = 'passed' | 'failed' | 'flaky' | 'interrupted' | 'unknown';

export interface Tally {
  readonly passed: number;
  /** Everything that ran, or should have, and did not pass; includes flaky, interrupted and timed out. */
  readonly failed: number;
  /** Of the failed. */
  readonly flaky: number;
  /** Of the failed. */
  readonly interrupted: number;
  /** Of the failed. */
  readonly timedOut: number;
  /** Not run. */
  readonly skipped: number;
}

/**
 * Counts scenarios. A run that failed outside its scenarios, or never came to its end, counts at least one failure,
 * so no count of it can be taken for a pass.
 */
export function tally(run: RunResult): Tally {
  const count = (status: ScenarioStatus) =>
    run.scenarios.filter((scenario) => scenario.status === status).length;
  const flaky = count('flaky');
  const interrupted = count('interrupted');
  const timedOut = count('timed-out');
  const failed = count('failed') + flaky + interrupted + timedOut;
  const brokenOutside = run.problems.length > 0 || run.state !== 'completed';
  return {
    passed: count('passed'),
    failed: failed === 0 && brokenOutside ? 1 : failed,
    flaky,
    interrupted,
    timedOut,
    skipped: count('not-run'),
  };
}

/** The run's verdict: the worst thing that happened. */
export function runVerdict(run: RunResult): RunVerdict {
  const counts = tally(run);
  const ended = run.state === 'completed';
  if (run.state === 'failed') return 'failed';
  if (run.problems.length > 0 && run.state !== 'interrupted') return 'failed';
  if (run.scenarios.some(({ status }) => status === 'failed' || status === 'timed-out')) {
    return 'failed';
  }
  if (!ended || counts.interrupted > 0) return 'interrupted';
  if (counts.flaky > 0) return 'flaky';
  return counts.passed > 0 && counts.skipped === 0 ? 'passed' : 'unknown';
}

/**
 * `5 passed, 2 failed` and, if there are any, `, 1 skipped`; the last line of a run's output.
 *
 * @param others tests outside any scenario that passed, e.g. the unit suite's
 */
export function closingLine(run: RunResult, others = 0): string {
  const { passed, failed, skipped } = tally(run);
  return `${passed + others} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** Which of the failed did not plainly fail: `1 timed out, 1 flaky`; empty if all did. */
export function statesOfFailed(run: RunResult): string {
  const { timedOut, flaky, interrupted } = tally(run);
  const states: readonly [number, string][] = [
    [timedOut, 'timed out'],
    [flaky, 'flaky'],
    [interrupted, 'interrupted'],
  ];
  return states
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ');
}

/** Worst first; scenarios of one status stay in the order in which they ran. */
const order: readonly ScenarioStatus[] = [
  'failed',
  'timed-out',
  'flaky',
  'interrupted',
  'passed',
  'not-run',
];

export function worstFirst(scenarios: readonly ScenarioResult[]): readonly ScenarioResult[] {
  return [...scenarios].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
}

const statusWords: Readonly<Record<ScenarioStatus, string>> = {
  passed: 'passed',
  failed: 'failed',
  flaky: 'flaky',
  interrupted: 'interrupted',
  'timed-out': 'timed out',
  'not-run': 'not run',
};

export function statusWord(status: ScenarioStatus): string {
  return statusWords[status];
}

/** The five columns of what clients were told, in the order in which they are shown, in words. */
export const COLUMNS = [
  { column: 'ok', word: 'ok' },
  { column: 'refused', word: 'refused' },
  { column: 'refusedUnexpectedly', word: 'unexpectedly' },
  { column: 'fail', word: 'failed' },
  { column: 'unknown', word: 'unknown' },
] as const satisfies readonly { readonly column: keyof PhaseCounts; readonly word: string }[];

export const total = (counts: PhaseCounts): number =>
  COLUMNS.reduce((sum, { column }) => sum + counts[column], 0);

/** All phases of a load in one; each operation is in one phase. */
export function inAll({ load }: ScenarioResult): PhaseCounts {
  const phases = [load.before, load.during, load.recovering, load.after];
  const sum = (column: keyof PhaseCounts) => phases.reduce((all, phase) => all + phase[column], 0);
  return {
    ok: sum('ok'),
    refused: sum('refused'),
    refusedUnexpectedly: sum('refusedUnexpectedly'),
    fail: sum('fail'),
    unknown: sum('unknown'),
  };
}

/** Share of operations that were ok, in 0…1; `null` if there were none. */
export function okShare(counts: PhaseCounts): number | null {
  const all = total(counts);
  return all === 0 ? null : counts.ok / all;
}

/** Orderers by name through which recovery was measured; two even if none was. */
export function ordererNames(run: Pick<RunResult, 'scenarios'>): readonly string[] {
  const names = new Set(run.scenarios.flatMap(({ recovery }) => recovery.map((r) => r.orderer)));
  return names.size > 0 ? [...names].sort() : ['orderer0', 'orderer1'];
}

/** Columns of a table for recovery, side by side. */
const MOST_COLUMNS = 3;

/**
 * Orderers that share a column of a table: each has its own, or, where there are too many, all are in one that tells of
 * the slowest, so that none that did not come back is left out.
 */
export function recoveryColumns(
  run: Pick<RunResult, 'scenarios'>,
): readonly { readonly head: string; readonly orderers: readonly string[] }[] {
  const names = ordererNames(run);
  if (names.length > MOST_COLUMNS) return [{ head: `slowest of ${names.length}`, orderers: names }];
  return names.map((name) => ({ head: name, orderers: [name] }));
}

/** The worst recovery through one of the orderers, of all faults of a scenario; `undefined` if none was measured. */
export function slowestRecovery(
  { recovery }: ScenarioResult,
  orderers: readonly string[],
): RecoveryResult | undefined {
  const took = ({ firstCommit }: RecoveryResult) => firstCommit ?? Number.POSITIVE_INFINITY;
  return recovery
    .filter((result) => orderers.includes(result.orderer))
    .reduce<RecoveryResult | undefined>(
      (worst, result) => (worst === undefined || took(result) > took(worst) ? result : worst),
      undefined,
    );
}

/** `99.9 %`; rounded down, so that 100 % means that nothing at all was refused. */
export function percent(share: number | null): string {
  if (share === null) return '–';
  if (share === 1) return '100 %';
  const floored = Math.floor(share * 1000) / 10;
  return `${floored >= 10 && floored < 99 ? Math.floor(floored) : floored} %`;
}

/** Whether a check has anything to say about its run; if not, its verdict means nothing. */
export function applicable(check: CheckResult): boolean {
  return check.applicable !== false;
}

/** Invalid first, then unknown, then valid; by number within. */
export function checksWorstFirst(checks: readonly CheckResult[]): readonly CheckResult[] {
  const rank = { invalid: 0, unknown: 1, valid: 2 };
  return [...checks].sort(
    (a, b) =>
      rank[a.verdict] - rank[b.verdict] || a.id.localeCompare(b.id, 'en', { numeric: true }),
  );
}

/** The audit in at most 15 characters: `25 valid`, `F4 F12 invalid`, `2/25 unknown`, `not audited`. */
export function auditWords(scenario: ScenarioResult): string {
  const { audit } = scenario;
  if (audit === null) return 'not audited';
  const checks = audit.checks.filter(applicable);
  const of = (verdict: string) => checks.filter((check) => check.verdict === verdict);
  const invalid = of('invalid');
  if (invalid.length > 2) return `${invalid.length}/${checks.length} invalid`;
  if (invalid.length > 0) return `${invalid.map(({ id }) => id).join(' ')} invalid`;
  if (audit.verdict === 'invalid') return 'invalid';
  const unknown = of('unknown').length;
  if (unknown > 0) return `${unknown}/${checks.length} unknown`;
  return audit.verdict === 'valid' ? `${checks.length} valid` : 'unknown';
}

/** What the reader must know first about a scenario that did not pass; `undefined` if it did. */
export function headline(scenario: ScenarioResult): string | undefined {
  if (scenario.problems[0] !== undefined) return scenario.problems[0];
  if (scenario.status === 'passed' || scenario.status === 'not-run') return undefined;
  const invalid = scenario.audit?.checks.find(({ verdict }) => verdict === 'invalid');
  if (invalid) return `${invalid.id} ${invalid.name}: ${invalid.evidence[0]?.message ?? 'invalid'}`;
  const missed = scenario.expectations.find(({ met }) => !met);
  if (missed) return `${missed.name}: expected ${missed.expected}, seen ${missed.seen}`;
  return `${statusWord(scenario.status)} without a recorded reason; see the logs`;
}

/** `640 ms`, `4.2 s`, `52 s`, `3 min 5 s`, `1 h 2 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Wall time of the run, or `undefined` while there is no end. */
export function runDuration(run: RunResult): string | undefined {
  if (run.endedAt === null) return undefined;
  return duration(Date.parse(run.endedAt) - Date.parse(run.startedAt));
}

/** The components that other programs can stand in for, and what served as them in this run. */
export function standIns(run: RunResult): readonly { component: string; served: string }[] {
  const find = (pattern: RegExp) =>
    Object.entries(run.versions).find(([component]) => pattern.test(component))?.[1];
  const rows = [
    { component: 'CouchDB', served: find(/^couch/i) },
    { component: 'MongoDB', served: find(/^mongo(db)?$/i) },
  ];
  return rows.map(({ component, served }) => ({ component, served: served ?? 'not recorded' }));
}

/**
 * The command that repeats the run's schedule and workload, for a shell in the folder in which the run was started. Files
 * that were given are given again; only without any is it the suite that ran.
 */
export function repeatCommand(run: RunResult): string {
  const { scenarios, shard, chaincode, chaincodeName, chaincodeInit, network } = run.settings;
  const files = scenarios?.split('\n') ?? [];
  const option = (name: string, ...values: readonly (string | undefined)[]) => {
    const given = values.filter((value) => value !== undefined);
    return given.length > 0 ? [`--${name}`, ...given.map(shellWord)] : [];
  };
  return [
    'npx harness test',
    ...(files.length > 0
      ? option('scenario', ...files)
      : option('suite', run.settings.suite ?? run.scenarios[0]?.suite)),
    ...option('shard', shard),
    ...option('chaincode', chaincode),
    ...option('chaincode-name', chaincodeName),
    ...option('chaincode-version', run.settings.chaincodeVersion),
    ...option('chaincode-upgrade', run.settings.chaincodeUpgrade),
    ...option('chaincode-policy', run.settings.chaincodePolicy),
    ...option('chaincode-collections', run.settings.chaincodeCollections),
    ...(chaincodeInit === undefined ? [] : ['--chaincode-init']),
    ...(network === undefined
      ? option('topology', run.settings.topology ?? run.network.topology)
      : [...option('network', network), '…']),
    ...option('seed', String(run.seed)),
  ].join(' ');
}

/**
 * A scenario's file for a reader who is in `folder`: relative if it is inside, else as recorded.
 *
 * @param folder absolute
 */
export function shownFile({ file }: ScenarioResult, folder: string = process.cwd()): string {
  if (!path.isAbsolute(file)) return file;
  const relative = path.relative(folder, file);
  return isOutside(relative) ? file : relative.split(path.sep).join('/');
}

/** Whether a relative path leads out of the folder that it is relative to. */
export function isOutside(relative: string): boolean {
  return relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative);
}

/** One word for a POSIX shell, in quotes only where it needs them. */
function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * How often an orderer acknowledged in a scenario what no orderer ever put into a block, where its ordering service may:
 * clients send it again, but nobody was told, so it is what users of Raft do not know. Where it may not, the audit calls it a loss.
 */
export const neverOrdered = ({ audit }: Pick<ScenarioResult, 'audit'>): number =>
  audit?.checks.find(({ id }) => id === 'F1')?.counts[NEVER_ORDERED] ?? 0;
