import path from 'node:path';
import { readScenario, writeEnvironment } from '../../audit/evidence.ts';
import type { ScenarioPlace } from '../../audit/recording.ts';
import type { ScenarioResult } from '../../audit/result.ts';
import { messageOf } from '../../base/errors.ts';
import { patient } from '../../base/patience.ts';
import { greatest } from '../../network/fabric-ledgers.ts';
import type { LoadClient } from '../../workload/client.ts';
import { LAST_LOOK, QUIESCENT, UNSETTLED } from '../../workload/history.ts';
import type { History } from '../../workload/history-writer.ts';
import { chaincodeOf, clientOf, type ScenarioDefinition } from '../author/definition.ts';
import { OtherClients, type Place, placesOf } from '../author/places.ts';
import { saveBlocks, saveOrdering } from '../evidence/collect.ts';
import { probeEnvironment, settledEnvironment } from '../evidence/environment.ts';
import { type Circumstances, scenarioFacts } from '../evidence/facts.ts';
import { Observers } from '../evidence/observers.ts';
import { saveStates } from '../evidence/state.ts';
import type { Session } from '../session.ts';
import type { ScenarioClients } from './clients.ts';
import { update } from './declared.ts';
import { PATIENCE_MS, prepare, underLoad } from './load-phase.ts';
import { OpenTransactions } from './open-transactions.ts';
import { adoptTransactions, buildProgram, PROGRAM } from './program-load.ts';
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
  // Of a network that others run there is nothing to probe.
  const runByOthers = session.network.machines.length === 0;
  const before = runByOthers ? undefined : await probeEnvironment(session);
  const absent = before?.services.filter(({ running, desired }) => running < desired) ?? [];
  if (absent.length > 0) {
    const names = absent.map(({ name }) => name).join(', ');
    history.trouble(`before it began: expected every component to run, ${names} did not`);
  }
  const { load } = definition;
  const chaincode = chaincodeOf(load);
  const all = placesOf(load.kind === 'calls' ? load : { chaincode }, place.channel);
  const [channel] = all.map((one) => one.channel) as [string, ...string[]];
  // A channel of its own isolates better than fresh accounts on a shared one: the audit reads only what the scenario did,
  // from block 0, and a scenario that wrecks its channel leaves the next one unharmed. What comes after this height
  // belongs to the scenario.
  const { ledgers } = session.network;
  const channels: Circumstances['channels'][number][] = [];
  for (const { channel: name, chaincodes, organisations } of all) {
    const [first = chaincode] = chaincodes;
    const startHeight = await ledgers.create(name, chaincodes, organisations);
    const { peers } = ledgers.members(name);
    channels.push({
      ...{ name, startHeight, chaincode: first },
      peers: peers.map((peer) => peer.name),
      organisations: Object.fromEntries(peers.map((peer) => [peer.name, peer.mspId])),
    });
  }
  const recoveryBudget = definition.expect?.recovery ?? patient(DEFAULT_RECOVERY_MS);
  update(
    session.runFolder,
    place,
    scenarioFacts(definition, {
      channels,
      orderers: session.endpoints.orderers.map((o) => o.name),
      databases: session.network.ledgers.databases,
      runByOthers,
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
  const observers = all.map(
    ({ channel: name, chaincodes: [first = chaincode] }) =>
      new Observers(session, { channel: name, chaincode: first }, folder, history, open),
  );
  const stop = () => Promise.all(observers.map((one) => one.stop()));
  try {
    declareOwn(performance, await usingClients(performance, all, recoveryBudget));

    history.mark('waiting for quiescence');
    const { heights, atRest } = await comeToRest(
      session,
      all.map((one) => one.channel),
      open,
      history,
    );
    const [height = 0] = heights;
    if (definition.load.kind === 'calls' && definition.load.program && told === 0) {
      const where = { network: session.network, channel, chaincode, history };
      const found = await adoptTransactions(where, height);
      if (found === 0) history.trouble('program: expected transactions of its identity, seen none');
    }
    // One more sample of each height and event, then the observers have seen everything.
    await clock.until(clock.now() + 1_200, session.signal);
    await Promise.all(observers.map((one) => one.heard()));
    await stop();
    await sabotage.beforeEvidence?.(session, channel);
    // What one copy cannot give must not keep the others from the audit.
    const attempt = (what: string, work: () => Promise<void>) =>
      work().catch((error) => history.trouble(`${what}: ${messageOf(error)}`));
    const names = all.map((one) => one.channel);
    const replays = attempt('replay of chaincode events', async () => {
      await Promise.all(observers.map((one) => one.replay()));
    });
    for (const [index, name] of names.entries()) {
      await attempt('blocks', () => saveBlocks(session, folder, name, heights[index] ?? 0));
      await attempt('states', () => saveStates(session, folder, name, chaincode));
    }
    await attempt('ordering', () => saveOrdering(session, folder, names));
    await replays;
    if (before) {
      writeEnvironment(folder, { before, after: await settledEnvironment(session, before) });
    }
    history.mark(LAST_LOOK);
    await Promise.all(observers.map((one) => (atRest ? one.sampleAll() : one.sample())));
    // After the last look: an orderer without the channel could not say that nothing has come.
    for (const name of names) await attempt('removal', () => ledgers.remove(name));
    sabotage.afterEvidence?.(folder, channel);
  } finally {
    // Before the history is closed: they write to it.
    await stop();
  }
}

/** The heights at which nothing more will come, or, where the network does not come to rest, the greatest there are. */
async function comeToRest(
  session: Session,
  channels: readonly string[],
  open: OpenTransactions,
  history: History,
): Promise<{ readonly heights: readonly number[]; readonly atRest: boolean }> {
  try {
    const heights: number[] = [];
    for (const channel of channels) {
      heights.push(await waitForQuiescence(session, channel, () => open.count()));
    }
    history.mark(QUIESCENT);
    return { heights, atRest: true };
  } catch (error) {
    session.signal.throwIfAborted();
    history.trouble(messageOf(error));
    history.mark(UNSETTLED);
    const all = channels.map((channel) => session.network.ledgers.heights(channel));
    return { heights: (await Promise.all(all)).map(greatest), atRest: false };
  }
}

/** What the scenario itself did to its channel, which no client asked for. */
interface OwnDoing {
  /** Ids of transactions, e.g. those of an upgrade. */
  readonly setupTransactions: readonly string[];
  /** How many changes of its configuration. */
  readonly configBlocks: number;
}

/** Has the audit know of it. */
function declareOwn({ session, place }: Performance, own: OwnDoing): void {
  const { channels } = readScenario(path.join(session.runFolder, place.folder));
  const known = channels[place.channel];
  if (!known || (own.setupTransactions.length === 0 && own.configBlocks === 0)) return;
  update(session.runFolder, place, {
    channels: { ...channels, [place.channel]: { ...known, ...own } },
  });
}

async function usingClients(
  { session, definition, place, folder, history, sabotage }: Performance,
  places: readonly [Place, ...Place[]],
  recoveryBudget: number,
): Promise<OwnDoing> {
  const { load } = definition;
  await using opened = new Opened();
  const open = async (channel: string, chaincode: string) =>
    opened.add(
      await session.openClients(
        channel,
        chaincode,
        load.clients,
        clientOf(definition),
        load.kind === 'calls' ? load.users : undefined,
      ),
    );
  if (load.kind === 'calls' && load.program) {
    await buildProgram(load.program, folder, session.signal);
  }
  const clients = await open(place.channel, chaincodeOf(load));
  const others = new Map<string, readonly LoadClient[]>();
  for (const { channel, chaincodes } of places) {
    for (const chaincode of chaincodes) {
      if (channel === place.channel && chaincode === chaincodeOf(load)) continue;
      const { load: there } = await open(channel, chaincode);
      others.set(OtherClients.keyOf(channel, chaincode), there);
    }
  }
  const all = { ...clients, others: new OtherClients(places, others) };
  await prepare(session, definition, all, history);
  await sabotage.beforeLoad?.(session, place.channel);
  for (const { channel } of places) await waitForQuiescence(session, channel);
  const { client = (honest) => honest } = sabotage;
  const acting = { ...all, load: clients.load.map(client) };
  const setupTransactions: string[] = [];
  let configBlocks = 0;
  const submits = (transactionId: string) => void setupTransactions.push(transactionId);
  const configures = () => {
    configBlocks += 1;
  };
  await underLoad({
    ...{
      session,
      definition,
      clients: acting,
      history,
      place,
      recoveryBudget,
      submits,
      configures,
    },
  });
  history.mark('load ended');
  return { setupTransactions, configBlocks };
}

/** Clients of one place after the other, to be closed together. */
class Opened implements AsyncDisposable {
  readonly #all: ScenarioClients[] = [];

  add(clients: ScenarioClients): ScenarioClients {
    this.#all.push(clients);
    return clients;
  }

  async [Symbol.asyncDispose]() {
    await Promise.all(this.#all.map((clients) => clients[Symbol.asyncDispose]()));
  }
}
