import {
  broadcastConfig,
  configUpdateEnvelope,
  joinedChannels,
} from '../../fabric-client/channels.ts';
import { Connections } from '../../fabric-client/connections.ts';
import { fetchBlock } from '../../fabric-client/fetch.ts';
import { inquire } from '../../fabric-client/proposing.ts';
import { createSigner, type Signer } from '../../fabric-client/signer.ts';
import { UsageError } from '../base/errors.ts';
import type { Progress } from '../base/progress.ts';
import { waitFor } from '../base/wait.ts';
import { signingIdentity } from '../fabric/endpoints.ts';
import { decodeBlock } from '../fabric/ledger/decoder.ts';
import { managerOf } from '../network/components.ts';
import { type MachinesNetwork, type NetworkState, saveState } from '../network/machines/network.ts';
import { transferThroughEach } from '../network/stack/first-transfer.ts';
import { channelMetrics } from '../ordering/metrics.ts';
import { leaderAmong } from '../ordering/raft/leader.ts';
import { scaleComponent } from '../swarm/scale.ts';
import { addressesOf } from '../topology/addresses.ts';
import {
  type Consensus,
  type ConsensusChange,
  consensusUpdate,
  readConsensus,
} from './consensus.ts';
import { RAFT_DEFAULTS, raftMetadata } from './raft-metadata.ts';

/** Milliseconds for an update to be taken, and to be on every orderer. */
const UPDATE_MS = 60_000;
/** Milliseconds for components to end or to come back, and for each channel to have a leader. */
const RESTART_MS = 120_000;

/** Steps of the way from Kafka to Raft, in order; each is passed over where it has been taken already. */
export const RAFT_STEPS = ['check', 'maintenance', 'type', 'restart', 'normal', 'prove'] as const;
export type RaftStep = (typeof RAFT_STEPS)[number];

export interface MigrationOptions {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** The last step to be taken; all unless told. */
  readonly until?: RaftStep | undefined;
}

/** What a migration did and proved. */
export interface Migrated {
  readonly channels: readonly string[];
  /** Milliseconds in which no transaction was taken; absent when it was not driven to its end. */
  readonly downtimeMs?: number;
  /** Sentences. */
  readonly proved: readonly string[];
}

/**
 * Takes a network from Kafka to Raft, in Fabric's order (docs/source/kafka_raft_migration.md): all channels into
 * maintenance, the system channel first; the new type; orderers and Kafka down, orderers up; out of maintenance. What an
 * earlier, interrupted run has done is not done again.
 *
 * @throws UsageError when the network is none that can take it; FabricError or DeadlineError with the step that failed
 */
export async function migrateToRaft(
  network: MachinesNetwork,
  { progress, signal, until = 'prove' }: MigrationOptions,
): Promise<Migrated> {
  const last = RAFT_STEPS.indexOf(until);
  const reaches = (step: RaftStep) => RAFT_STEPS.indexOf(step) <= last;
  await using road = await openRoad(network, signal);
  const { channels, heads } = await progress.step('check every channel on every orderer', () =>
    road.check(),
  );
  const done = { channels, proved: [] };
  if (!reaches('maintenance')) return done;
  const stopped = performance.now();
  await progress.step('put every channel into maintenance', () =>
    road.change(channels, { maintenance: true }, (now) => !now.maintenance),
  );
  if (!reaches('type')) return done;
  await progress.step('change the type to Raft', () =>
    road.change(channels, road.toRaft, ({ type }) => type === 'kafka'),
  );
  if (!reaches('restart')) return done;
  await progress.step('stop orderers, Kafka and ZooKeeper, start the orderers', () =>
    road.restart(channels),
  );
  if (!reaches('normal')) return done;
  await progress.step('take every channel out of maintenance', () =>
    road.change(channels, { maintenance: false }, (now) => now.maintenance),
  );
  const downtimeMs = performance.now() - stopped;
  await road.remember();
  if (!reaches('prove')) return { ...done, downtimeMs };
  const proved = await progress.step('prove it', () => road.prove(heads));
  return { channels, downtimeMs, proved };
}

/**
 * Takes every channel out of maintenance as it was. Possible until the type has changed.
 *
 * @throws UsageError when a channel has changed its type already
 */
export async function abortMigration(
  network: MachinesNetwork,
  { progress, signal }: Pick<MigrationOptions, 'progress' | 'signal'>,
): Promise<readonly string[]> {
  await using road = await openRoad(network, signal);
  const { channels } = await road.check();
  const states = await Promise.all(channels.map((channel) => road.read(channel)));
  const changed = states.filter(({ type }) => type !== 'kafka').map(({ channel }) => channel);
  if (changed.length > 0) {
    throw new UsageError([
      `migrate raft --abort: the type of ${changed.join(', ')} has been changed; go on with: harness migrate raft`,
    ]);
  }
  await progress.step('take every channel out of maintenance', () =>
    road.change(channels, { maintenance: false }, (now) => now.maintenance),
  );
  return channels;
}

/** Newest block of a channel before the migration. */
interface Head {
  readonly channel: string;
  readonly number: number;
  readonly hash: string;
}

interface Road extends AsyncDisposable {
  readonly toRaft: ConsensusChange;
  check(): Promise<{ readonly channels: readonly string[]; readonly heads: readonly Head[] }>;
  read(channel: string): Promise<Consensus>;
  /** Changes the channels that need it, one after the other, and waits until every orderer has it. */
  change(
    channels: readonly string[],
    change: ConsensusChange,
    needed: (now: Consensus) => boolean,
  ): Promise<void>;
  restart(channels: readonly string[]): Promise<void>;
  /** Writes down that the network is ordered by Raft now. */
  remember(): Promise<void>;
  prove(heads: readonly Head[]): Promise<readonly string[]>;
}

async function openRoad(network: MachinesNetwork, signal: AbortSignal): Promise<Road> {
  const { topology, nodes, state } = network;
  const { systemChannel, type } = topology.ordering;
  const { kafka, zookeeper } = topology;
  if (type !== 'kafka' || !systemChannel || !kafka || !zookeeper) {
    throw new UsageError([
      `migrate raft: expected a network that Kafka orders, "${network.name}" is ordered by ${type}`,
    ]);
  }
  const connections = new Connections();
  const [first] = nodes.orderers;
  if (!first) throw new Error('migrate raft: expected an orderer, seen none');
  const { identities } = state;
  const admin = createSigner(signingIdentity(identities.orderer, identities.orderer.admin));
  const read = (channel: string, orderer = first) =>
    readConsensus(connections, orderer, admin, channel);
  const onAll = <T>(work: (orderer: (typeof nodes.orderers)[number]) => Promise<T>) =>
    Promise.all(nodes.orderers.map(work));
  const scale = async (names: readonly string[], replicas: 0 | 1) => {
    const manager = await managerOf(network);
    await Promise.all(names.map((name) => scaleComponent(manager.docker, name, replicas)));
    await Promise.all(names.map((name) => untilRuns(network, name, replicas === 1, signal)));
  };
  return {
    read,
    toRaft: { type: 'etcdraft', metadata: raftMetadata(topology, identities) },
    async check() {
      const channels = [systemChannel, ...(await applicationChannels(network, connections))];
      const seen = await Promise.all(
        channels.map((channel) => onAll((orderer) => read(channel, orderer))),
      );
      const odd = seen.flat().filter(({ type: found }) => !['kafka', 'etcdraft'].includes(found));
      if (odd.length > 0) {
        throw new UsageError(odd.map((one) => `channel ${one.channel}: ordered by ${one.type}`));
      }
      const heads = await Promise.all(
        channels.map((channel) => headOf(connections, first, admin, channel)),
      );
      return { channels, heads };
    },
    async change(channels, change, needed) {
      for (const channel of channels) {
        const now = await read(channel);
        if (!needed(now)) continue;
        const update = consensusUpdate(now, change);
        await broadcastConfig({
          connections,
          orderers: nodes.orderers,
          channel,
          envelope: () => configUpdateEnvelope(channel, update, [admin]),
          budgetMs: UPDATE_MS,
        });
        await onAll((orderer) =>
          waitFor(
            {
              subject: `channel ${channel} on ${orderer.name}`,
              expected: 'the changed configuration',
              budgetMs: UPDATE_MS,
              lookAt: `harness logs ${orderer.name}`,
              signal,
            },
            async () => (needed(await read(channel, orderer)) ? undefined : true),
          ),
        );
      }
    },
    async restart(channels) {
      const orderers = topology.ordering.orderers.map(({ name }) => name);
      await scale(orderers, 0);
      await scale(
        kafka.brokers.map(({ name }) => name),
        0,
      );
      await scale(
        zookeeper.ensemble.map(({ name }) => name),
        0,
      );
      await scale(orderers, 1);
      const addresses = addressesOf(network.machines);
      for (const channel of channels) {
        await waitFor(
          {
            subject: `channel ${channel}`,
            expected: 'a Raft leader',
            budgetMs: RESTART_MS,
            lookAt: `harness logs ${first.name}`,
            signal,
          },
          async () => leaderAmong(await channelMetrics({ topology, addresses, channel })),
        );
      }
    },
    async remember() {
      const [manager] = network.machines.filter((machine) =>
        topology.machines.some(
          ({ number, role }) => number === machine.number && role === 'manager',
        ),
      );
      if (!manager) throw new Error('migrate raft: expected a manager, seen none');
      await saveState(manager, orderedByRaft(state));
    },
    async prove(heads) {
      const { topology: after } = orderedByRaft(state);
      await transferThroughEach(connections, nodes, identities, after, UPDATE_MS);
      const kept = heads.map(async ({ channel, number, hash }) => {
        const copies = await onAll((orderer) =>
          blockHash(connections, orderer, admin, channel, number),
        );
        if (copies.some((copy) => copy !== hash)) {
          throw new Error(
            `channel ${channel}: expected block ${number} with hash ${hash} on every orderer, seen ${copies.join(', ')}`,
          );
        }
      });
      await Promise.all(kept);
      return [
        `a transfer committed on every peer through each of ${nodes.orderers.map(({ name }) => name).join(', ')}`,
        `${heads.map(({ channel, number }) => `${channel} is the same up to block ${number}`).join(', ')} on every orderer`,
      ];
    },
    async [Symbol.asyncDispose]() {
      connections.close();
    },
  };
}

/** All channels that a peer has joined; others have no transactions to lose. */
async function applicationChannels(
  { nodes }: MachinesNetwork,
  connections: Connections,
): Promise<readonly string[]> {
  const joined = await Promise.all(
    nodes.organisations.flatMap(({ admin, peers }) =>
      peers.map((peer) => inquire(connections, peer, createSigner(admin), joinedChannels, 5_000)),
    ),
  );
  return [...new Set(joined.flat())].sort();
}

async function headOf(
  connections: Connections,
  orderer: MachinesNetwork['nodes']['orderers'][number],
  signer: Signer,
  channel: string,
): Promise<Head> {
  const seek = { kind: 'orderer', channel, start: 'newest' } as const;
  const { number, hash } = decodeBlock(await fetchBlock(connections, orderer, signer, seek, 5_000));
  return { channel, number, hash };
}

async function blockHash(
  connections: Connections,
  orderer: MachinesNetwork['nodes']['orderers'][number],
  signer: Signer,
  channel: string,
  start: number,
): Promise<string> {
  const seek = { kind: 'orderer', channel, start } as const;
  return decodeBlock(await fetchBlock(connections, orderer, signer, seek, 5_000)).hash;
}

/** The state of a network once Raft orders it: its brokers and ZooKeepers are no part of it any more. */
export function orderedByRaft(state: NetworkState): NetworkState {
  const { kafka: _, zookeeper: __, ...rest } = state.topology;
  const ordering = { ...rest.ordering, type: 'raft' as const, raft: RAFT_DEFAULTS };
  return { ...state, topology: { ...rest, ordering } };
}

/** Waits until a component's container runs, or until it has none that does. */
async function untilRuns(
  network: MachinesNetwork,
  name: string,
  running: boolean,
  signal: AbortSignal,
): Promise<void> {
  await waitFor(
    {
      subject: name,
      expected: running ? 'to run' : 'to have ended',
      budgetMs: RESTART_MS,
      lookAt: `harness logs ${name}`,
      signal,
    },
    async () => {
      const facts = await network.component(name).container();
      return (facts?.running ?? false) === running ? true : undefined;
    },
  );
}
