import { addressesOf } from '../fabric/identities/identities.ts';
import { openKafkaAdmin, zookeeperMode } from '../fabric/kafka/admin.ts';
import { componentsOf } from '../topology/components.ts';
import { componentHandle, machineOf } from './components.ts';
import type { FaultContext, Role, Target } from './model.ts';

const components = (context: FaultContext, names: readonly string[]): Target[] =>
  names.map((name) => ({ type: 'component', handle: componentHandle(context.network, name) }));

/** A role that names components; resolving to none is an error, because such a fault would be a green no-op. */
function role(text: string, find: (context: FaultContext) => Promise<readonly string[]>): Role {
  return {
    text,
    async resolve(context) {
      const names = await find(context);
      if (names.length === 0) throw new Error(`${text}: nothing has this role now`);
      return components(context, names);
    },
  };
}

/** A component by its name, e.g. `component('couchdb0.org1')`. */
export const component = (name: string): Role => role(name, async () => [name]);

/** An orderer by name, or one chosen by the run's seed. */
export const orderer = (name?: string): Role => named('orderer', name);

/** A peer by name, or one chosen by the run's seed. */
export const peer = (name?: string): Role => named('peer', name);

function named(kind: 'orderer' | 'peer', name: string | undefined): Role {
  if (name !== undefined) return component(name);
  return role(kind, async (context) => {
    const all = componentsOf(context.network.state.topology).filter((c) => c.kind === kind);
    const chosen = all[Math.floor(context.random() * all.length)];
    return chosen ? [chosen.name] : [];
  });
}

/** A whole machine by its number. */
export const machine = (number: number): Role => ({
  text: `machine(${number})`,
  async resolve(context) {
    return [{ type: 'machine', number: machineOf(context.network, number).number }];
  },
});

/** Several roles at once. */
export const all = (...roles: readonly Role[]): Role => ({
  text: roles.map((r) => r.text).join(' + '),
  async resolve(context) {
    const targets = await Promise.all(roles.map((r) => r.resolve(context)));
    return targets.flat();
  },
});

const quoted = (channel?: string) => (channel === undefined ? '' : `'${channel}'`);

const topicOf = async (context: FaultContext, channel?: string) => {
  await using admin = await openKafkaAdmin(
    context.network.state.topology,
    addressesOf(context.network.machines),
  );
  return await admin.topic(channel ?? context.channel);
};

/** Roles among the brokers; the channel is the scenario's own unless given. */
export const kafka = {
  /** The broker that leads the channel's topic. */
  leader: (channel?: string): Role =>
    role(`kafka.leader(${quoted(channel)})`, async (context) => {
      const { leader } = await topicOf(context, channel);
      return leader ? [leader] : [];
    }),
  /** In-sync replicas of the channel's topic other than the leader; at most `count`. */
  followers: (count = 1, channel?: string): Role =>
    role(
      `kafka.followers(${[count, ...(channel ? [quoted(channel)] : [])].join(', ')})`,
      async (context) => {
        const { leader, inSync } = await topicOf(context, channel);
        return inSync.filter((name) => name !== leader).slice(0, count);
      },
    ),
  /** In-sync replicas of the channel's topic, the leader first; at most `count`. */
  isr: (count = Number.POSITIVE_INFINITY, channel?: string): Role =>
    role(`kafka.isr(${Number.isFinite(count) ? count : ''})`, async (context) => {
      const { leader, inSync } = await topicOf(context, channel);
      return [...inSync]
        .sort((a, b) => Number(b === leader) - Number(a === leader))
        .slice(0, count);
    }),
  /** Every broker. */
  brokers: (): Role =>
    role('kafka.brokers()', async (context) =>
      context.network.state.topology.kafka.brokers.map((b) => b.name),
    ),
  /** The cluster's controller. */
  controller: (): Role =>
    role('kafka.controller()', async (context) => {
      await using admin = await openKafkaAdmin(
        context.network.state.topology,
        addressesOf(context.network.machines),
      );
      const controller = await admin.controller();
      return controller ? [controller] : [];
    }),
  /** A broker that holds no replica of the channel's topic. */
  bystander: (channel?: string): Role =>
    role(`kafka.bystander(${quoted(channel)})`, async (context) => {
      const { replicas } = await topicOf(context, channel);
      const { brokers } = context.network.state.topology.kafka;
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
      context.network.state.topology.zookeeper.ensemble.map((z) => z.name),
    ),
  leader: (): Role => role('zookeeper.leader()', (context) => inMode(context, 'leader')),
  followers: (count = 1): Role =>
    role(`zookeeper.followers(${count})`, async (context) =>
      (await inMode(context, 'follower')).slice(0, count),
    ),
} as const;

async function inMode(context: FaultContext, mode: string): Promise<string[]> {
  const { ensemble } = context.network.state.topology.zookeeper;
  const modes = await Promise.all(
    ensemble.map((node) => zookeeperMode(node, addressesOf(context.network.machines))),
  );
  return ensemble.filter((_, i) => modes[i] === mode).map((node) => node.name);
}
