import { writeEnvironment } from '../../audit/evidence.ts';
import type { ScenarioPlace } from '../../audit/recording.ts';
import type { ScenarioResult } from '../../audit/result.ts';
import { messageOf } from '../../base/errors.ts';
import { patient } from '../../base/patience.ts';
import { greatest } from '../../network/fabric-ledgers.ts';
import type { LoadClient } from '../../workload/client.ts';
import { LAST_LOOK, QUIESCENT, UNSETTLED } from '../../workload/history.ts';
import type { History } from '../../workload/history-writer.ts';
import { chaincodeOf, clientOf, type ScenarioDefinition } from '../author/definition.ts';
import { saveBlocks, saveOrdering } from '../evidence/collect.ts';
import { probeEnvironment, settledEnvironment } from '../evidence/environment.ts';
import { scenarioFacts } from '../evidence/facts.ts';
import { Observers } from '../evidence/observers.ts';
import { saveStates } from '../evidence/state.ts';
import type { Session } from '../session.ts';
import { update } from './declared.ts';
import { PATIENCE_MS, prepare, underLoad } from './load-phase.ts';
import { OpenTransactions } from './open-transactions.ts';
import { adoptTransactions, PROGRAM } from './program-load.ts';
import { waitForQuiescence } from './quiescence.ts';
import { recorded } from './recorded.ts';

/** How long a heal may take to show through every orderer, unless the author says otherwise. */
const DEFAULT_RECOVERY_MS = 60_000;

/** What a negative control does to the network behind the scenario's back. */
export interface Sabotage {
  readonly beforeLoad?: (session: Session, channel: string) => Promise<void>;
  /** Once the network is quiescent, before blocks and states are read. */
  readonly beforeEvidence?: (session: Session, channel: string) => Promise<void>;
  /** What the clients of the load are replaced by, once accounts are open. */
  readonly client?: (client: LoadClient) => LoadClient;
  /** Once blocks, events and states are saved. @param folder of the evidence */
  readonly afterEvidence?: (folder: string, channel: string) => void;
}

/**
 * Runs one scenario and leaves its evidence: channel, accounts, load, faults, heal, quiescence, blocks, states, logs.
 * Never throws for anything that the network does; the evidence says it.
 *
 * @returns what the judge makes of the evidence
 */
export async function runScenario(
  session: Session,
  definition: ScenarioDefinition,
  place: ScenarioPlace,
  sabotage: Sabotage = {},
): Promise<ScenarioResult> {
  return recorded(session, place, ({ folder, history }) =>
    perform({ session, definition, place, folder, history, sabotage }),
  );
}

interface Performance {
  readonly session: Session;
  readonly definition: ScenarioDefinition;
  readonly place: ScenarioPlace;
  /** Of its evidence. */
  readonly folder: string;
  readonly history: History;
  readonly sabotage: Sabotage;
}

async function perform(performance: Performance): Promise<void> {
  const { session, definition, place, folder, history, sabotage } = performance;
  const { clock } = session;
  const before = await probeEnvironment(session);
  const absent = before.services.filter(({ running, desired }) => running < desired);
  if (absent.length > 0) {
    const names = absent.map(({ name }) => name).join(', ');
    history.trouble(`before it began: expected every component to run, ${names} did not`);
  }
  const chaincode = chaincodeOf(definition.load);
  // A channel of its own isolates better than fresh accounts on a shared one: the audit reads only what the scenario did,
  // from block 0, and a scenario that wrecks its channel leaves the next one unharmed. What comes after this height
  // belongs to the scenario.
  const startHeight = await session.network.ledgers.create(place.channel, chaincode);
  const channel = { name: place.channel, startHeight };
  const recoveryBudget = definition.expect?.recovery ?? patient(DEFAULT_RECOVERY_MS);
  update(
    session.runFolder,
    place,
    scenarioFacts(definition, {
      channel,
      chaincode,
      peers: session.endpoints.peers.map((p) => p.name),
      organisations: Object.fromEntries(session.endpoints.peers.map((p) => [p.name, p.mspId])),
      orderers: session.endpoints.orderers.map((o) => o.name),
      recovery: recoveryBudget,
      patience: patient(PATIENCE_MS),
    }),
  );
  const open = new OpenTransactions();
  history.subscribe((record) => open.record(record));
  let told = 0;
  history.subscribe((record) => {
    if (record.type === 'invoke' && record.client === PROGRAM) told += 1;
  });
  const observers = new Observers(
    session,
    { channel: channel.name, chaincode },
    folder,
    history,
    open,
  );
  try {
    await usingClients(performance, chaincode, recoveryBudget);
    history.mark('waiting for quiescence');
    const height = await comeToRest(session, channel.name, open, history);
    if (definition.load.kind === 'calls' && definition.load.program && told === 0) {
      const where = { network: session.network, channel: channel.name, chaincode, history };
      const found = await adoptTransactions(where, height);
      if (found === 0) history.trouble('program: expected transactions of its identity, seen none');
    }
    // One more sample of each height and event, then the observers have seen everything.
    await clock.until(clock.now() + 1_200, session.signal);
    await observers.stop();
    await sabotage.beforeEvidence?.(session, channel.name);
    // What one copy cannot give must not keep the others from the audit.
    const attempt = (what: string, work: () => Promise<void>) =>
      work().catch((error) => history.trouble(`${what}: ${messageOf(error)}`));
    const replay = attempt('replay of chaincode events', () => observers.replay());
    await attempt('blocks', () => saveBlocks(session, folder, channel.name, height));
    await attempt('states', () => saveStates(session, folder, channel.name, chaincode));
    await attempt('ordering', () => saveOrdering(session, folder, channel.name));
    await replay;
    writeEnvironment(folder, { before, after: await settledEnvironment(session, before) });
    history.mark(LAST_LOOK);
    await observers.sample();
    // After the last look: an orderer without the channel could not say that nothing has come.
    await attempt('removal', () => session.network.ledgers.remove(channel.name));
    sabotage.afterEvidence?.(folder, channel.name);
  } finally {
    // Before the history is closed: they write to it.
    await observers.stop();
  }
}

/** The height at which nothing more will come, or, where the network does not come to rest, the greatest there is. */
async function comeToRest(
  session: Session,
  channel: string,
  open: OpenTransactions,
  history: History,
): Promise<number> {
  try {
    const height = await waitForQuiescence(session, channel, () => open.count());
    history.mark(QUIESCENT);
    return height;
  } catch (error) {
    session.signal.throwIfAborted();
    history.trouble(messageOf(error));
    history.mark(UNSETTLED);
    return greatest(await session.network.ledgers.heights(channel));
  }
}

async function usingClients(
  { session, definition, place, history, sabotage }: Performance,
  chaincode: string,
  recoveryBudget: number,
): Promise<void> {
  const count = definition.load.clients;
  await using clients = await session.openClients(
    place.channel,
    chaincode,
    count,
    clientOf(definition),
    definition.load.kind === 'calls' ? definition.load.users : undefined,
  );
  await prepare(session, definition, clients, history);
  await sabotage.beforeLoad?.(session, place.channel);
  await waitForQuiescence(session, place.channel);
  const { client = (honest) => honest } = sabotage;
  const load = { ...clients, load: clients.load.map(client) };
  await underLoad({ session, definition, clients: load, history, place, recoveryBudget });
  history.mark('load ended');
}
