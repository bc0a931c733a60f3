import type { FaultContext, Role } from '../../faults/model.ts';
import { role } from '../../faults/roles.ts';
import { addressesOf } from '../../topology/addresses.ts';
import { openKafkaAdmin, zookeeperMode } from './admin.ts';
import { clusterOf } from './cluster.ts';
import { topicOf } from './topic.ts';

const quoted = (channel?: string) => (channel === undefined ? '' : `'${channel}'`);

const asked = ({ network, channel }: FaultContext, other?: string) => ({
  topology: network.topology,
  addresses: addressesOf(network.machines),
  channel: other ?? channel,
});

/** Roles among the brokers; the channel is the scenario's own unless given. */
export const kafka = {
  /** The broker that leads the channel's topic. */
  leader: (channel?: string): Role =>
    role(`kafka.leader(${quoted(channel)})`, async (context) => {
      const { leader } = await topicOf(asked(context, channel));
      return leader ? [leader] : [];
    }),
  /** In-sync replicas of the channel's topic other than the leader; at most `count`. */
  followers: (count = 1, channel?: string): Role =>
    role(
      `kafka.followers(${[count, ...(channel ? [quoted(channel)] : [])].join(', ')})`,
      async (context) => {
        const { leader, inSync } = await topicOf(asked(context, channel));
        return inSync.filter((name) => name !== leader).slice(0, count);
      },
    ),
  /** In-sync replicas of the channel's topic, the leader first; at most `count`. */
  isr: (count = Number.POSITIVE_INFINITY, channel?: string): Role =>
    role(`kafka.isr(${Number.isFinite(count) ? count : ''})`, async (context) => {
      const { leader, inSync } = await topicOf(asked(context, channel));
      return [...inSync]
        .sort((a, b) => Number(b === leader) - Number(a === leader))
        .slice(0, count);
    }),
  /** Every broker. */
  brokers: (): Role =>
    role('kafka.brokers()', async (context) =>
      clusterOf(context.network.topology).kafka.brokers.map((b) => b.name),
    ),
  /** The cluster's controller. */
  controller: (): Role =>
    role('kafka.controller()', async (context) => {
      const { topology, addresses } = asked(context);
      await using admin = await openKafkaAdmin(topology, addresses);
      const controller = await admin.controller();
      return controller ? [controller] : [];
    }),
  /** A broker that holds no replica of the channel's topic. */
  bystander: (channel?: string): Role =>
    role(`kafka.bystander(${quoted(channel)})`, async (context) => {
      const { replicas } = await topicOf(asked(context, channel));
      const { brokers } = clusterOf(context.network.topology).kafka;
      return brokers
        .map((b) => b.name)
        .filter((name) => !replicas.includes(name))
        .slice(0, 1);
    }),
} as const;

/** Roles in the ZooKeeper ensemble. */
export const zookeeper = {
  /** Every member of the ensemble. */
  ensemble: (): Role =>
    role('zookeeper.ensemble()', async (context) =>
      clusterOf(context.network.topology).zookeeper.ensemble.map((z) => z.name),
    ),
  leader: (): Role => role('zookeeper.leader()', (context) => inMode(context, 'leader')),
  followers: (count = 1): Role =>
    role(`zookeeper.followers(${count})`, async (context) =>
      (await inMode(context, 'follower')).slice(0, count),
    ),
} as const;

async function inMode(context: FaultContext, mode: string): Promise<string[]> {
  const { topology, addresses } = asked(context);
  const { ensemble } = clusterOf(topology).zookeeper;
  const modes = await Promise.all(ensemble.map((node) => zookeeperMode(node, addresses)));
  return ensemble.filter((_, i) => modes[i] === mode).map((node) => node.name);
}
