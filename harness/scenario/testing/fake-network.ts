import { ORDERERS, PEERS } from '../../audit/testing/ledger-builder.ts';
import type { Endpoints } from '../../fabric/endpoints.ts';
import { finders } from '../../network/components.ts';
import { greatest } from '../../network/fabric-ledgers.ts';
import type { Ledgers, Network } from '../../network/port.ts';
import { FakeMachines } from '../../network/testing/fake-machines.ts';
import { orderingOf } from '../../ordering/registry.ts';
import { loadTopology } from '../../topology/load.ts';
import type { Clock } from '../../workload/clock.ts';
import { FakeChannel } from './fake-channel.ts';

/** Milliseconds between two looks of a listener. */
const LISTEN_MS = 100;

const isOrderer = (node: string) => (ORDERERS as readonly string[]).includes(node);

/** A network in memory on a clock of a test's own. */
export interface FakeNetwork extends Network {
  /** Its machines and components, to do something to them. */
  readonly fake: FakeMachines;
  readonly channels: ReadonlyMap<string, FakeChannel>;
  /** From now on a node gets no block from this height on, whatever the others have. */
  behind(node: string, height: number): void;
  /** Orderers forget the next so many transactions that they have acknowledged. */
  forget(transactions: number): void;
  /** The channel of this name. @throws Error before it was made */
  channel(name: string): FakeChannel;
}

/**
 * A whole network in memory, with the placement of the article: components on machines, channels with real blocks, nodes
 * that are as far behind as the test wants.
 */
export function fakeNetwork(clock: Clock): FakeNetwork {
  const topology = loadTopology('fixtures/network/article.yaml');
  const fake = new FakeMachines(topology, clock);
  const channels = new Map<string, FakeChannel>();
  const most = new Map<string, number>();
  let forgotten = 0;
  const channel = (name: string): FakeChannel => {
    const found = channels.get(name);
    if (!found) throw new Error(`channel ${name}: expected it to have been made`);
    return found;
  };
  const dropped = new Set<string>();
  const height = (node: string, name: string): number | undefined =>
    fake.answers(node) && !(dropped.has(name) && isOrderer(node))
      ? Math.min(most.get(node) ?? Number.POSITIVE_INFINITY, channel(name).ledger.height)
      : undefined;
  /** Whether what is acknowledged is also ordered. */
  const takes = () => {
    if (forgotten === 0) return true;
    forgotten -= 1;
    return false;
  };
  const nodes = paperNodes();
  const ledgers: Ledgers = {
    members: () => nodes,
    async create(name) {
      channels.set(name, new FakeChannel(name, clock, takes));
      return greatest(await ledgers.heights(name));
    },
    heights: async (name) => new Map([...ORDERERS, ...PEERS].map((n) => [n, height(n, name)])),
    async *blocks(node, name, to) {
      const has = height(node, name) ?? 0;
      if (has <= to)
        throw new Error(`${node}: expected block ${to} of ${name}, seen ${has} blocks`);
      yield* channel(name)
        .ledger.blocksOf(node)
        .slice(0, to + 1);
    },
    async *events(peer, name, signal) {
      for (let next = 0; !signal.aborted; ) {
        const has = height(peer, name) ?? 0;
        const blocks = channel(name)
          .told(next)
          .slice(0, Math.max(0, has - next));
        yield* blocks;
        next += blocks.length;
        await clock.until(clock.now() + LISTEN_MS, signal);
      }
    },
    async *chaincodeEvents(peer, name, chaincode, signal) {
      for (let next = 0; !signal.aborted; ) {
        const has = height(peer, name) ?? 0;
        const events = channel(name)
          .ledger.chaincodeEvents()
          .filter((event) => event.block < has && event.chaincode === chaincode)
          .slice(next);
        for (const event of events) {
          yield { ...event, payload: Buffer.from(event.payload, 'base64') };
        }
        next += events.length;
        await clock.until(clock.now() + LISTEN_MS, signal);
      }
    },
    async ready() {
      const silent = ORDERERS.filter((orderer) => !fake.answers(orderer));
      if (silent.length > 0) throw new Error(`${silent.join(', ')}: no answer`);
    },
    async *documents(peer, name) {
      if (!fake.answers(peer)) throw new Error(`${peer}: its database does not answer`);
      yield* channel(name).documents(peer);
    },
    // As where orderers are told of channels: peers keep what they have.
    remove: async (name) => void dropped.add(name),
    upgrade: async (_channel, chaincode, to) => ({
      version: '2.0',
      sequence: 2,
      packageId: `${to}_2.0:of-${chaincode}`,
    }),
    definition: async () => ({ version: '2.0', sequence: 2 }),
    close: () => {},
  };
  return {
    name: 'fake',
    topology,
    nodes,
    ledgers,
    ordering: {
      ...orderingOf(topology),
      facts: async ({ channel: name }) => {
        const { ordering } = channel(name).ledger.recording();
        if (!ordering)
          throw new Error(`channel ${name}: expected facts of its ordering, seen none`);
        return ordering;
      },
      async *log({ channel: name }) {
        yield* channel(name).ledger.recording().orderingLog(name) ?? [];
      },
    },
    machines: fake.machines,
    engines: fake.engines,
    fake,
    channels,
    behind: (node, blocks) => void most.set(node, blocks),
    forget: (transactions) => {
      forgotten = transactions;
    },
    channel,
    ...finders(topology, fake.machines),
  };
}

/** Orderers and peers by name; nobody connects to them. */
function paperNodes(): Endpoints {
  const node = (name: string) => ({ name, address: '', tlsServerName: name, tlsCaPem: '' });
  const organisations = ['org1', 'org2'].map((org) => {
    const mspId = `Org${org.slice(3)}MSP`;
    const peers = PEERS.filter((name) => name.endsWith(org)).map((name) => ({
      ...node(name),
      mspId,
    }));
    return { mspId, admin: { mspId, certificatePem: '', privateKeyPem: '' }, peers };
  });
  return {
    orderers: ORDERERS.map(node),
    organisations,
    peers: organisations.flatMap(({ peers }) => peers),
  };
}
