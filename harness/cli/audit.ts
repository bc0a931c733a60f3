import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { paths } from '../audit/evidence.ts';
import { judge, verdictOf } from '../audit/judge.ts';
import type { Verdict } from '../audit/model.ts';
import type { ScenarioResult } from '../audit/result.ts';
import { UsageError } from '../base/errors.ts';
import type { Settings } from '../base/settings.ts';
import { formatResult } from '../report/judged.ts';
import { saveLedger } from '../scenario/evidence/save-ledger.ts';
import { auditNetwork, type JudgedChannel, type NetworkOptions } from './audit-network.ts';
import { interruptible, runningNetwork } from './context.ts';
import { WatchLines } from './watch.ts';

export type AuditOptions = Partial<NetworkOptions> & { readonly json?: boolean };

/** `harness audit`: the whole result again, from the evidence alone; exits with 0 valid, 1 invalid, 3 unknown. */
export async function audit(
  settings: () => Settings,
  folder: string | undefined,
  options: AuditOptions,
): Promise<void> {
  if (options.network !== undefined && folder === undefined) {
    await auditForeign({ ...options, network: options.network });
    return;
  }
  const results = await resultsOf(settings, folder, options);
  print(results, options.json);
  process.exitCode = exitCodeOf([...results.values()].map(verdictOf));
}

const exitCodeOf = (verdicts: readonly Verdict[]): number =>
  verdicts.includes('invalid') ? 1 : verdicts.includes('unknown') ? 3 : 0;

/** One result a channel; of a watch a line a channel and look, and the exit code is that of the worst. */
async function auditForeign(options: NetworkOptions & { readonly json?: boolean }): Promise<void> {
  const { watch, json } = options;
  const verdicts = new Set<Verdict>();
  const lines = new WatchLines();
  const results = new Map<string, ScenarioResult>();
  const told = (judged: JudgedChannel) => {
    const { channel, look, result } = judged;
    verdicts.add(verdictOf(result));
    if (watch === undefined) results.set(channel, result);
    else if (json) {
      const heights = Object.fromEntries(look.heights);
      const { problems } = result;
      const { height } = look;
      const at = new Date().toISOString();
      console.log(
        JSON.stringify({ at, channel, verdict: verdictOf(result), height, heights, problems }),
      );
    } else {
      const time = new Date().toTimeString().slice(0, 8);
      for (const line of lines.of(judged, time)) console.log(line);
    }
  };
  try {
    await auditNetwork(options, told);
  } catch (error) {
    // That is how a watch ends.
    const isEnd =
      watch !== undefined && (error as { name?: unknown } | null)?.name === 'AbortError';
    if (!isEnd || verdicts.size === 0) throw error;
  }
  if (watch === undefined) print(results, json);
  process.exitCode = exitCodeOf([...verdicts]);
}

function print(results: ReadonlyMap<string, ScenarioResult>, json: boolean | undefined): void {
  if (json) console.log(JSON.stringify(Object.fromEntries(results), null, 2));
  else for (const [name, result] of results) console.log(formatResult(name, result));
}

async function resultsOf(
  settings: () => Settings,
  folder: string | undefined,
  { network, ...options }: AuditOptions,
): Promise<ReadonlyMap<string, ScenarioResult>> {
  if (network !== undefined) {
    throw new UsageError([`audit: expected a folder or --network, seen both (${folder})`]);
  }
  const { json: _, ...alone } = options;
  const [option] = Object.keys(alone);
  if (option !== undefined) {
    throw new UsageError([`audit: --${option} goes with --network, seen without`]);
  }
  return folder === undefined ? await judgeRunning(settings()) : judgeSaved(folder);
}

function judgeSaved(folder: string): Map<string, ScenarioResult> {
  if (existsSync(paths.scenario(folder))) return new Map([[folder, judge(folder)]]);
  const scenarios = path.join(folder, 'scenarios');
  const found = existsSync(scenarios)
    ? readdirSync(scenarios).filter((name) =>
        existsSync(paths.scenario(path.join(scenarios, name))),
      )
    : [];
  if (found.length === 0) {
    throw new UsageError([`audit: expected a run's or a scenario's folder, seen ${folder}`]);
  }
  return new Map(found.map((name) => [name, judge(path.join(scenarios, name))]));
}

/** Reads the ledgers of a running network into a temporary folder and judges each channel. */
async function judgeRunning(settings: Settings): Promise<Map<string, ScenarioResult>> {
  const network = await runningNetwork(settings);
  const temporary = mkdtempSync(path.join(tmpdir(), 'harness-audit-'));
  try {
    const results = new Map<string, ScenarioResult>();
    for (const { name } of network.topology.channels) {
      const folder = path.join(temporary, name);
      await saveLedger(network, name, folder, interruptible().signal);
      results.set(name, judge(folder));
    }
    return results;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
