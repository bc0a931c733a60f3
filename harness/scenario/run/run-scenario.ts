import { existsSync } from 'node:fs';
import path from 'node:path';
import { auditEvidence, paths, writeEnvironment, writeScenario } from '../../audit/evidence.ts';
import { messageOf } from '../../base/errors.ts';
import { greatest } from '../../network/fabric-ledgers.ts';
import type { ScenarioResult, ScenarioStatus } from '../../report/model.ts';
import { INTERRUPTED, UNSETTLED } from '../../workload/history.ts';
import { indexHistory } from '../../workload/history-index.ts';
import { readHistory } from '../../workload/history-reader.ts';
import { History } from '../../workload/history-writer.ts';
import { loadResult } from '../../workload/statistics/load.ts';
import { recovery } from '../../workload/statistics/recovery.ts';
import type { ScenarioDefinition } from '../author/definition.ts';
import { saveBlocks, saveLogs, saveOrdering } from '../evidence/collect.ts';
import { componentStates, componentsByMachine } from '../evidence/component-states.ts';
import { EngineEvents } from '../evidence/engine-events.ts';
import { probeEnvironment, settledEnvironment } from '../evidence/environment.ts';
import { findExcerpts } from '../evidence/excerpts.ts';
import { scenarioFacts } from '../evidence/facts.ts';
import { Observers } from '../evidence/observers.ts';
import { saveStates } from '../evidence/state.ts';
import type { Session } from '../session.ts';
import { judge } from './expectations.ts';
import { PATIENCE_MS, prepare, underLoad } from './load-phase.ts';
import { OpenTransactions } from './open-transactions.ts';
import { problemsOf } from './problems.ts';
import { waitForQuiescence } from './quiescence.ts';

/** How long a heal may take to show through every orderer, unless the author says otherwise. */
const DEFAULT_RECOVERY_MS = 60_000;

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
  };
  let status: ScenarioStatus = 'failed';
  const engines = EngineEvents.start(session, folder);
  try {
    await perform(session, definition, place, folder, draft, sabotage);
    status = 'passed';
  } catch (error) {
    draft.problems.push(messageOf(error));
    if (signal.aborted) status = 'interrupted';
  }
  await engines[Symbol.asyncDispose]();
  await saveLogs(session, folder, since).catch((error) =>
    draft.problems.push(`logs: ${messageOf(error)}`),
  );
  const history = indexHistory(readHistory(paths.history(folder)));
  // Without a channel there is nothing to audit, and the problem is told already.
  const audit = existsSync(paths.scenario(folder))
    ? await attempt(draft, 'audit', async () => auditEvidence(folder))
    : undefined;
  const goal = {
    orderers: session.endpoints.orderers.map((o) => o.name),
    budget: draft.recoveryBudget,
  };
  const expectations = judge(definition, history, draft.faults, goal);
  const problems = problemsOf(draft.problems, expectations, audit);
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
    recovery: recovery(history, goal),
    load: loadResult(history, {
      blocks: draft.blocks,
      goal,
      backlogBudget: definition.expect?.backlog ?? null,
    }),
    problems,
    states: componentStates(engines.events, componentsByMachine(session)),
    excerpts:
      status === 'passed'
        ? []
        : findExcerpts(session.runFolder, place.folder, definition.expect?.allowedLogs),
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
  const absent = before.services.filter(({ running, desired }) => running < desired);
  if (absent.length > 0) {
    const names = absent.map(({ name }) => name).join(', ');
    draft.problems.push(`before it began: expected every component to run, ${names} did not`);
  }
  using history = History.create(paths.history(folder), clock);
  const chaincode = 'kind' in definition.load ? definition.load.chaincode : 'bank';
  // A channel of its own isolates better than fresh accounts on a shared one: the audit reads only what the scenario did,
  // from block 0, and a scenario that wrecks its channel leaves the next one unharmed. What comes after this height
  // belongs to the scenario.
  const startHeight = await session.network.ledgers.create(place.channel, chaincode);
  const channel = { name: place.channel, startHeight };
  writeScenario(
    folder,
    scenarioFacts(definition, {
      name: place.name,
      channel,
      chaincode,
      peers: session.endpoints.peers.map((p) => p.name),
      orderers: session.endpoints.orderers.map((o) => o.name),
      recovery: draft.recoveryBudget,
      patience: PATIENCE_MS,
    }),
  );
  const open = new OpenTransactions();
  history.subscribe((record) => open.record(record));
  const observers = new Observers(session, channel.name, folder, history, open);
  try {
    await usingClients(session, definition, place, chaincode, history, draft, sabotage);
    history.mark('waiting for quiescence');
    const height = await comeToRest(session, channel.name, open, history, draft);
    // One more sample of each height and event, then the observers have seen everything.
    await clock.until(clock.now() + 1_200, session.signal);
    await observers.stop();
    draft.problems.push(...observers.problems);
    await sabotage.beforeEvidence?.(session, channel.name);
    // What one copy cannot give must not keep the others from the audit.
    await attempt(draft, 'blocks', () => saveBlocks(session, folder, channel.name, height));
    await attempt(draft, 'states', () => saveStates(session, folder, channel.name, chaincode));
    await attempt(draft, 'ordering', () => saveOrdering(session, folder, channel.name));
    writeEnvironment(folder, { before, after: await settledEnvironment(session, before) });
  } finally {
    if (session.signal.aborted) history.mark(INTERRUPTED);
    // Before the history is closed: they write to it.
    await observers.stop();
    draft.blocks = observers.blocks;
  }
}

/** The height at which nothing more will come, or, where the network does not come to rest, the greatest there is. */
async function comeToRest(
  session: Session,
  channel: string,
  open: OpenTransactions,
  history: History,
  draft: Draft,
): Promise<number> {
  try {
    const height = await waitForQuiescence(session, channel, () => open.count());
    history.mark('quiescent');
    return height;
  } catch (error) {
    session.signal.throwIfAborted();
    draft.problems.push(messageOf(error));
    history.mark(UNSETTLED);
    return greatest(await session.network.ledgers.heights(channel));
  }
}

async function usingClients(
  session: Session,
  definition: ScenarioDefinition,
  place: ScenarioPlace,
  chaincode: string,
  history: History,
  draft: Draft,
  sabotage: Sabotage,
): Promise<void> {
  const count = definition.load.clients;
  await using clients = await session.openClients(place.channel, chaincode, count);
  await prepare(session, definition, clients, history);
  await sabotage.beforeLoad?.(session, place.channel);
  await waitForQuiescence(session, place.channel);
  await underLoad({
    ...{ session, definition, clients, history, place },
    recoveryBudget: draft.recoveryBudget,
    onFaults: (faults) => {
      draft.faults = faults;
    },
  });
  history.mark('load ended');
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
