import { configuredOrdering } from '../../../fabric-client/configured-nodes.ts';
import { Connections } from '../../../fabric-client/connections.ts';
import type { SigningIdentity } from '../../../fabric-client/types.ts';
import { UsageError } from '../../base/errors.ts';
import type { Endpoints } from '../../fabric/endpoints.ts';
import type { Ordering } from '../../ordering/ordering.ts';
import { orderingOf } from '../../ordering/registry.ts';
import type { Topology } from '../../topology/schema.ts';
import { greatest } from '../fabric-ledgers.ts';
import { ledgersReading } from '../ledgers-reading.ts';
import type { Network } from '../port.ts';
import { documentsOn } from '../state-documents.ts';
import { type IdentityFolder, readIdentity } from './identity.ts';
import { readProfile, withDatabases } from './profile.ts';
import { ForeignReader, noneAnswers } from './reader.ts';

/** Bytes a second while the configuration is read. */
const RATE = 1_000_000;

/** How a network that others run is found; plain data, for a process to tell another. */
export interface ForeignPlace {
  /** File of the connection profile. */
  readonly profile: string;
  /** Members of the channel to send as, in turn; the first is of the profile's organisation unless it says otherwise. */
  readonly identities: readonly IdentityFolder[];
  readonly channel: string;
  /** `peer=url` each, as on the command line. */
  readonly couchdb: readonly string[];
  readonly asLocalhost: boolean;
}

/**
 * A channel of a network that others run, for scenarios to put load on: without machines, so that faults are commands of
 * the author's, and there are no logs and no environment to look at.
 *
 * @throws UsageError when profile, identities, nodes or the ordering service cannot be used
 */
export async function foreignNetwork(place: ForeignPlace): Promise<Network> {
  const { channel, asLocalhost } = place;
  const profile = withDatabases(readProfile(place.profile), place.couchdb);
  const identities = place.identities.map(({ folder, mspId }) =>
    readIdentity(folder, mspId ?? profile.mspId),
  );
  const [identity] = identities;
  if (!identity) throw new UsageError(['--identity: expected at least one, seen none']);
  using reader = new ForeignReader({ profile, identity, rate: RATE, asLocalhost });
  const contacts = await reader.contact(channel);
  const answering = contacts.flatMap((node) => ('height' in node ? [node.name] : []));
  const block = await reader.configuration(channel, answering);
  if (!block) throw new UsageError(noneAnswers(contacts, channel));
  await reader.discover(channel, answering);
  const { type, batchTimeoutMs, calmMs } = configuredOrdering(block);
  if (type !== 'raft' && type !== 'bft') {
    throw new UsageError([
      `channel ${channel}: expected ordering by Raft or BFT, seen ${type}: of others its records are needed, and they are not told`,
    ]);
  }
  const nodes = endpoints(reader, identities);
  const topology = known({
    name: 'foreign',
    machines: [],
    chaincodes: [],
    organisations: nodes.organisations.map(({ mspId, peers }) => ({
      name: mspId,
      mspId,
      peers: peers.map(({ name }) => ({ name })),
    })),
    channels: [],
    ordering: {
      type,
      batch: { timeout: batchTimeoutMs },
      orderers: nodes.orderers.map(({ name }) => ({ name })),
    },
  });
  const ordering: Ordering = {
    ...orderingOf(topology),
    calmMs: () => ({ unacknowledged: calmMs, acknowledged: calmMs }),
    // What they hold besides is not told to others.
    settled: async () => {},
    facts: async (_, startedAt) => ({ type, startedAt, forgetsWithinMs: 0 }),
  };
  const connections = new Connections();
  const reading = ledgersReading(connections, { nodes, topology, ordering, machines: [] });
  const absent = (what: string) => (): never => {
    throw new Error(`${what}: a network that others run has none that the harness knows`);
  };
  return {
    name: 'foreign',
    topology,
    machines: [],
    nodes,
    ledgers: {
      ...reading,
      databases: [...profile.databases.keys()],
      async create(name) {
        if (name === channel) return greatest(await reading.heights(channel));
        throw new Error(
          `channel ${name}: expected scenarios on ${channel} alone, where others run the network`,
        );
      },
      remove: async () => {},
      upgrade: absent('upgrade of a chaincode'),
      documents(peer) {
        const server = profile.databases.get(peer);
        if (!server) throw new Error(`${peer}: expected the address of its database, seen none`);
        return documentsOn(server, channel);
      },
    },
    ordering,
    engines: [],
    members: identities,
    machine: absent('machine'),
    component: absent('component'),
  };
}

/** Peers by organisation; who has no identity among the readers is read as the first. */
function endpoints(reader: ForeignReader, identities: readonly SigningIdentity[]): Endpoints {
  const [first] = identities;
  const byMsp = Map.groupBy(reader.peers, ({ mspId }) => mspId);
  const organisations = [...byMsp].map(([mspId, peers]) => ({
    mspId,
    admin: identities.find((one) => one.mspId === mspId) ?? (first as SigningIdentity),
    peers,
  }));
  return { orderers: reader.orderers, peers: reader.peers, organisations };
}

/** What is known of a network's placement; whoever asks for more is told that it is not. */
function known(facts: object): Topology {
  return new Proxy(facts as Topology, {
    get(target, key, receiver) {
      if (key in target || typeof key === 'symbol' || key === 'then' || key === 'toJSON') {
        return Reflect.get(target, key, receiver) as unknown;
      }
      throw new Error(`topology.${key}: a network that others run does not tell it`);
    },
  });
}
