import path from 'node:path';
import { auditEvidence, paths, writeEnvironment, writeScenario } from '../audit/evidence.ts';
import type { EnvironmentProbe, ScenarioFacts } from '../audit/recording.ts';
import { runFaults } from '../faults/schedule.ts';
import type { ScenarioResult, ScenarioStatus } from '../report/model.ts';
import { messageOf } from '../settings/errors.ts';
import { readHistory } from '../workload/history-reader.ts';
import { History } from '../workload/history-writer.ts';
import { prepareLoad, runLoad } from '../workload/load.ts';
import { probeOpenings, runProbes } from '../workload/probe.ts';
import { openings } from '../workload/profile.ts';
import { type Random, randomStream } from '../workload/random.ts';
import { loadResult } from '../workload/statistics/load.ts';
import { recovery } from '../workload/statistics/recovery.ts';
import { makeChannel, type ScenarioChannel } from './channel.ts';
import { openClients, type ScenarioClients } from './clients.ts';
import { saveBlocks, saveKafka, saveLogs, waitForQuiescence } from './collect.ts';
import { runCustomLoad } from './custom-load.ts';
import type { ScenarioDefinition } from './definition.ts';
import { probeEnvironment } from './environment.ts';
import { findExcerpts } from './excerpts.ts';
import { judge } from './expectations.ts';
import { Observers } from './observers.ts';
import type { Session } from './session.ts';
import { saveStates } from './state.ts';

/** Load without a fault, and load after the last recovery, ms. */
const DEFAULT_DURATION_MS = 10_000;
const AFTERMATH_MS = 3_000;
/** How long a heal may take to show through every orderer, unless the author says otherwise. */
const DEFAULT_RECOVERY_MS = 60_000;
/** Longest that a client of the load waits (commit patience of the gateway and its stages). */
const PATIENCE_MS = 50_000;
const PROBE_PREFIX = 'probe-';

export interface ScenarioPlace {
  readonly name: string;
  /** Below the run's folder. */
  readonly folder: string;
  readonly file: string;
  readonly line: number;
  readonly suite: string;
  readonly channel: string;
}

/** What a negative control does to the network behind the scenario's back. */
export interface Sabotage {
  readonly beforeLoad?: (session: Session, channel: string) => Promise<void>;
  /** Once the network is quiescent, before blocks and states are read. */
  readonly beforeEvidence?: (session: Session, channel: string) => Promise<void>;
}

/** Collects what is known so far, so that a result exists however the scenario ends. */
interface Draft {
  problems: string[];
  faults: ScenarioResult['faults'];
  blocks: ScenarioResult['load']['blocks'];
  recoveryBudget: number;
  /** Choices of the schedule. Not by the channel, whose name differs between runs: a seed repeats them. */
  readonly random: Random;
}

/**
 * Runs one scenario: channel, accounts, load, faults, heal, quiescence, evidence, audit, expectations. Never throws for
 * anything that the network does; the result says it.
 */
export async function runScenario(
  session: Session,
  definition: ScenarioDefinition,
  place: ScenarioPlace,
  sabotage: Sabotage = {},
): Promise<ScenarioResult> {
  const { clock, signal } = session;
  const folder = path.join(session.runFolder, place.folder);
  const startedAt = clock.now();
  const since = Math.floor(Date.now() / 1000) - 1;
  const draft: Draft = {
    problems: [],
    faults: [],
    blocks: [],
    recoveryBudget: definition.expect?.recovery ?? DEFAULT_RECOVERY_MS,
    random: randomStream(session.seed, `faults ${place.name}`),
  };
  let status: ScenarioStatus = 'failed';
  try {
    await perform(session, definition, place, folder, draft, sabotage);
    status = 'passed';
  } catch (error) {
    draft.problems.push(messageOf(error));
    if (signal.aborted) status = 'interrupted';
  }
  await saveLogs(session, folder, since).catch((error) =>
    draft.problems.push(`logs: ${messageOf(error)}`),
  );
  const { records } = await readHistory(paths.history(folder)).catch(() => ({ records: [] }));
  const audit = await attempt(draft, 'audit', async () => auditEvidence(folder));
  const recoveries = recovery(records, {
    orderers: session.endpoints.orderers.map((o) => o.name),
    budget: draft.recoveryBudget,
  });
  const expectations = judge(definition, records, draft.faults, recoveries);
  const problems = [
    ...draft.problems,
    ...expectations
      .filter((e) => !e.met)
      .map((e) => `${e.name}: expected ${e.expected}, seen ${e.seen}`),
    ...(audit?.checks ?? [])
      .filter((check) => check.applicable !== false && check.verdict !== 'valid')
      .map(
        (check) =>
          `${check.id} ${check.name}: ${check.verdict}: ` +
          `${check.evidence[0]?.message ?? check.reason ?? 'no evidence given'}`,
      ),
  ];
  if (status === 'passed' && problems.length > 0) status = 'failed';
  return {
    name: place.name,
    folder: place.folder,
    file: place.file,
    line: place.line,
    suite: place.suite,
    status,
    channel: place.channel,
    startedAt,
    duration: clock.now() - startedAt,
    faults: draft.faults,
    expectations,
    audit: audit ?? null,
    recovery: recoveries,
    load: loadResult(records, { blocks: draft.blocks }),
    problems,
    excerpts: status === 'passed' ? [] : findExcerpts(session.runFolder, place.folder),
  };
}

async function perform(
  session: Session,
  definition: ScenarioDefinition,
  place: ScenarioPlace,
  folder: string,
  draft: Draft,
  sabotage: Sabotage,
): Promise<void> {
  const { clock } = session;
  const before = await probeEnvironment(session);
  using history = History.create(historyFile(folder), clock);
  const chaincode = 'kind' in definition.load ? definition.load.chaincode : 'bank';
  const channel = await makeChannel(session, place.channel, chaincode);
  writeScenario(folder, scenarioFacts(session, definition, place, channel, chaincode, draft));
  const observers = new Observers(session, channel.name, folder, history);
  try {
    await usingClients(session, definition, channel, chaincode, history, draft, sabotage);
    history.mark('waiting for quiescence');
    const height = await waitForQuiescence(session, channel.name);
    history.mark('quiescent');
    // One more sample of each height and event, then the observers have seen everything.
    await clock.until(clock.now() + 1_200, session.signal);
    await observers.stop();
    draft.problems.push(...observers.problems);
    await sabotage.beforeEvidence?.(session, channel.name);
    // What one copy cannot give must not keep the others from the audit.
    await attempt(draft, 'blocks', () => saveBlocks(session, folder, channel.name, height));
    await attempt(draft, 'states', () => saveStates(session, folder, channel.name, chaincode));
    await attempt(draft, 'Kafka', () => saveKafka(session, folder, channel.name));
    writeEnvironment(folder, { before, after: await settledEnvironment(session, before) });
  } finally {
    // Before the history is closed: they write to it.
    await observers.stop();
    draft.blocks = observers.blocks;
  }
}

async function usingClients(
  session: Session,
  definition: ScenarioDefinition,
  channel: ScenarioChannel,
  chaincode: string,
  history: History,
  draft: Draft,
  sabotage: Sabotage,
): Promise<void> {
  const count = definition.load.clients;
  await using clients = await openClients(session, channel.name, chaincode, count);
  await prepare(session, definition, clients, history);
  await sabotage.beforeLoad?.(session, channel.name);
  await waitForQuiescence(session, channel.name);
  await underLoad(session, definition, clients, history, channel.name, draft);
  history.mark('load ended');
}

const historyFile = (folder: string): string => paths.history(folder);

async function prepare(
  session: Session,
  definition: ScenarioDefinition,
  clients: ScenarioClients,
  history: History,
): Promise<void> {
  const context = { history, clock: session.clock, timeout: PATIENCE_MS };
  const { load } = definition;
  const setUp = 'kind' in load ? load.setUp : openings(load);
  const probes =
    'kind' in load
      ? []
      : probeOpenings(
          PROBE_PREFIX,
          session.endpoints.orderers.map((o) => o.name),
        );
  await prepareLoad(context, [...setUp, ...probes], clients.load, session.signal);
}

async function underLoad(
  session: Session,
  definition: ScenarioDefinition,
  clients: ScenarioClients,
  history: History,
  channel: string,
  draft: Draft,
): Promise<void> {
  const { clock, seed, network, guard } = session;
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, session.signal]);
  history.mark('load starts');
  const { load } = definition;
  const running = [
    'kind' in load
      ? runCustomLoad({
          load,
          seed,
          clients: clients.load,
          history,
          clock,
          signal,
          timeout: PATIENCE_MS,
        })
      : runLoad({ profile: load, seed, clients: clients.load, history, clock, signal }),
    'kind' in load
      ? Promise.resolve()
      : runProbes({ clients: clients.probes, prefix: PROBE_PREFIX, history, clock, signal }),
  ];
  const work = Promise.all(running);
  work.catch(() => ending.abort()); // a history that can't be written ends the scenario
  try {
    const steps = definition.faults ?? [];
    if (steps.length === 0) {
      await clock.until(clock.now() + (definition.duration ?? DEFAULT_DURATION_MS), signal);
    } else {
      const context = {
        network,
        guard,
        channel,
        now: () => clock.now(),
        random: () => draft.random.fraction(),
        signal: session.signal,
      };
      draft.faults = await runFaults(context, steps, history, clock, signal);
      await untilRecovered(session, history, clients, draft.recoveryBudget, signal);
      await clock.until(clock.now() + AFTERMATH_MS, signal);
    }
    session.signal.throwIfAborted();
  } finally {
    ending.abort();
    await work;
  }
}

/** Waits until a commit was seen through each orderer after the last heal, or the budget is used up. */
async function untilRecovered(
  session: Session,
  history: History,
  clients: ScenarioClients,
  budgetMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = session;
  const healedAt = clock.now();
  const missing = new Set(clients.probes.keys());
  const recovered = new AbortController();
  const accepted = new Map<number, number>();
  const unsubscribe = history.subscribe((record) => {
    if (record.type === 'invoke') accepted.set(record.operation, record.at);
    if (record.type !== 'complete' || record.outcome !== 'ok' || !record.orderer) return;
    const taken = record.acknowledgedAt ?? accepted.get(record.operation) ?? 0;
    if (taken >= healedAt) missing.delete(record.orderer);
    if (missing.size === 0) recovered.abort();
  });
  try {
    await clock.until(healedAt + budgetMs, AbortSignal.any([signal, recovered.signal]));
  } finally {
    unsubscribe();
  }
}

/** The environment once it is as it was, or as it is after half a minute; a replaced task needs some seconds. */
async function settledEnvironment(
  session: Session,
  before: EnvironmentProbe,
): Promise<EnvironmentProbe> {
  const end = session.clock.now() + 30_000;
  for (;;) {
    const after = await probeEnvironment(session);
    if (likeBefore(before, after) || session.clock.now() > end) return after;
    await session.clock.until(session.clock.now() + 1_000, session.signal);
    session.signal.throwIfAborted();
  }
}

function likeBefore(before: EnvironmentProbe, after: EnvironmentProbe): boolean {
  const running = (probe: EnvironmentProbe) =>
    probe.services.filter((s) => s.running >= s.desired).length;
  const reachable = (probe: EnvironmentProbe) => probe.reachability.filter((r) => r.ok).length;
  return (
    after.machines.every((m) => m.ready) &&
    running(after) >= running(before) &&
    reachable(after) >= reachable(before) &&
    after.leftovers.length <= before.leftovers.length
  );
}

function scenarioFacts(
  session: Session,
  definition: ScenarioDefinition,
  place: ScenarioPlace,
  channel: ScenarioChannel,
  chaincode: string,
  draft: Draft,
): ScenarioFacts {
  const { endpoints } = session;
  const { expect = {}, faults = [] } = definition;
  const reads = 'kind' in definition.load ? 0 : definition.load.reads.share;
  const orderers = endpoints.orderers.map((o) => o.name);
  return {
    schema: 1,
    name: place.name,
    chaincode,
    workload: chaincode === 'bank' ? 'bank' : 'other',
    channels: {
      [channel.name]: {
        peers: endpoints.peers.map((p) => p.name),
        orderers,
        startHeight: channel.startHeight,
      },
    },
    patience: PATIENCE_MS,
    floors: {
      operations: expect.operations ?? 20,
      conflicts: expect.conflicts ?? 0,
      reads: reads > 0 ? 1 : 0,
    },
    expectations: {
      ...(faults.length > 0 ? { recovery: { orderers, budget: draft.recoveryBudget } } : {}),
    },
    allowedLogs: [...(expect.allowedLogs ?? [])],
  };
}

async function attempt<T>(
  draft: Draft,
  what: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    draft.problems.push(`${what}: ${messageOf(error)}`);
    return undefined;
  }
}
