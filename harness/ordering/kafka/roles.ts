import type { OrderedChannel, Part } from '../ordering.ts';
import { openKafkaAdmin, zookeeperMode } from './admin.ts';
import { clusterOf } from './cluster.ts';
import { topicOf } from './topic.ts';

const quoted = (channel?: string) => (channel === undefined ? '' : `'${channel}'`);

const part = (text: string, find: Part['find']): Part => ({ text, find });

const asked = (place: OrderedChannel, other?: string): OrderedChannel => ({
  ...place,
  channel: other ?? place.channel,
});

/** Parts that brokers play; the channel is the scenario's own unless given. */
export const kafka = {
  /** The broker that leads the channel's topic. */
  leader: (channel?: string): Part =>
    part(`kafka.leader(${quoted(channel)})`, async (place) => {
      const { leader } = await topicOf(asked(place, channel));
      return leader ? [leader] : [];
    }),
  /** In-sync replicas of the channel's topic other than the leader; at most `count`. */
  followers: (count = 1, channel?: string): Part =>
    part(
      `kafka.followers(${[count, ...(channel ? [quoted(channel)] : [])].join(', ')})`,
      async (place) => {
        const { leader, inSync } = await topicOf(asked(place, channel));
        return inSync.filter((name) => name !== leader).slice(0, count);
      },
    ),
  /** In-sync replicas of the channel's topic, the leader first; at most `count`. */
  isr: (count = Number.POSITIVE_INFINITY, channel?: string): Part =>
    part(`kafka.isr(${Number.isFinite(count) ? count : ''})`, async (place) => {
      const { leader, inSync } = await topicOf(asked(place, channel));
      return [...inSync]
        .sort((a, b) => Number(b === leader) - Number(a === leader))
        .slice(0, count);
    }),
  /** Every broker. */
  brokers: (): Part =>
    part('kafka.brokers()', async (place) =>
      clusterOf(place.topology).kafka.brokers.map((b) => b.name),
    ),
  /** The cluster's controller. */
  controller: (): Part =>
    part('kafka.controller()', async (place) => {
      const { topology, addresses } = place;
      await using admin = await openKafkaAdmin(topology, addresses);
      const controller = await admin.controller();
      return controller ? [controller] : [];
    }),
  /** A broker that holds no replica of the channel's topic. */
  bystander: (channel?: string): Part =>
    part(`kafka.bystander(${quoted(channel)})`, async (place) => {
      const { replicas } = await topicOf(asked(place, channel));
      const { brokers } = clusterOf(place.topology).kafka;
      return brokers
        .map((b) => b.name)
        .filter((name) => !replicas.includes(name))
        .slice(0, 1);
    }),
} as const;

/** Parts in the ZooKeeper ensemble. */
export const zookeeper = {
  /** Every member of the ensemble. */
  ensemble: (): Part =>
    part('zookeeper.ensemble()', async (place) =>
      clusterOf(place.topology).zookeeper.ensemble.map((z) => z.name),
    ),
  leader: (): Part => part('zookeeper.leader()', (place) => inMode(place, 'leader')),
  followers: (count = 1): Part =>
    part(`zookeeper.followers(${count})`, async (place) =>
      (await inMode(place, 'follower')).slice(0, count),
    ),
} as const;

async function inMode(place: OrderedChannel, mode: string): Promise<string[]> {
  const { topology, addresses } = place;
  const { ensemble } = clusterOf(topology).zookeeper;
  const modes = await Promise.all(ensemble.map((node) => zookeeperMode(node, addresses)));
  return ensemble.filter((_, i) => modes[i] === mode).map((node) => node.name);
}
