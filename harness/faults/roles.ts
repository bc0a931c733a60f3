import type { OrderedChannel, OrderingRoles, Part } from '../ordering/ordering.ts';
import { addressesOf } from '../topology/addresses.ts';
import { componentsOf } from '../topology/components.ts';

import { type FaultContext, type Role, type Target, targetName } from './model.ts';

const components = (context: FaultContext, names: readonly string[]): Target[] =>
  names.map((name) => ({ type: 'component', handle: context.network.component(name) }));

/** A role that names components; resolving to none is an error, because such a fault would be a green no-op. */
export function role(
  text: string,
  find: (context: FaultContext) => Promise<readonly string[]>,
): Role {
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

/**
 * An orderer by name, by its place in the topology (from 0, counted on from the first where there are not so many), or
 * one chosen by the run's seed.
 */
export const orderer = (which?: string | number): Role => named('orderer', which);

/** A peer, as {@link orderer}: an organisation's peers follow each other. */
export const peer = (which?: string | number): Role => named('peer', which);

/** Every orderer. */
export const orderers = (): Role =>
  role('orderers()', async ({ network }) => network.topology.ordering.orderers.map((o) => o.name));

function named(kind: 'orderer' | 'peer', which: string | number | undefined): Role {
  if (typeof which === 'string') return component(which);
  return role(which === undefined ? kind : `${kind}(${which})`, async (context) => {
    const all = componentsOf(context.network.topology).filter((c) => c.kind === kind);
    const place = which ?? Math.floor(context.random() * all.length);
    const chosen = all[place % all.length];
    return chosen ? [chosen.name] : [];
  });
}

/** The CouchDB of each peer that has a role. */
export const databaseOf = (whose: Role): Role =>
  role(`databaseOf(${whose.text})`, async (context) => {
    const targets = (await whose.resolve(context)).map(targetName);
    const peers = context.network.topology.organisations.flatMap((o) => o.peers);
    return peers.filter(({ name }) => targets.includes(name)).map(({ couchdb }) => couchdb.name);
  });

/** A whole machine by its place in the topology, as {@link orderer}. */
export const machineAt = (place: number): Role => ({
  text: `machineAt(${place})`,
  async resolve({ network }) {
    const all = network.topology.machines;
    const { number } = all[place % all.length] ?? { number: 0 };
    return [{ type: 'machine', number: network.machine(number).number }];
  },
});

/** A whole machine by its number. */
export const machine = (number: number): Role => ({
  text: `machine(${number})`,
  async resolve(context) {
    return [{ type: 'machine', number: context.network.machine(number).number }];
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

/**
 * Roles in the ordering service of the scenario's channel, whichever it is: brokers of the channel's topic where Kafka
 * orders.
 */
export const ordering = {
  /** Whoever decides the order now. */
  leader: (): Role => role('ordering.leader()', (context) => inOrdering(context, 'leader')),
  /** Those that could take over; at most `count`. */
  followers: (count = 1): Role =>
    role(`ordering.followers(${count})`, async (context) =>
      (await inOrdering(context, 'followers')).slice(0, count),
    ),
  /** All that keep the log. */
  consenters: (): Role =>
    role('ordering.consenters()', (context) => inOrdering(context, 'consenters')),
  /** The fewest consenters whose loss stops ordering, the leader among them. */
  blocking: (): Role => role('ordering.blocking()', (context) => inOrdering(context, 'blocking')),
  /** All that a leader must reach to lead, itself included: with Kafka the brokers and ZooKeepers. */
  cluster: (): Role => role('ordering.cluster()', (context) => inOrdering(context, 'cluster')),
} as const;

const placeOf = ({ network, channel }: FaultContext): OrderedChannel => ({
  topology: network.topology,
  addresses: addressesOf(network.machines),
  channel,
});

function inOrdering(context: FaultContext, part: keyof OrderingRoles): Promise<readonly string[]> {
  return context.network.ordering.roles[part](placeOf(context));
}

type Roles<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => Part ? (...args: A) => Role : never;
};

/** Roles of the parts that an ordering service names. */
export function rolesOf<T extends Readonly<Record<string, (...args: never[]) => Part>>>(
  parts: T,
): Roles<T> {
  const roles = Object.entries(parts).map(([name, part]) => [
    name,
    (...args: never[]) => {
      const { text, find } = part(...args);
      return role(text, (context) => find(placeOf(context)));
    },
  ]);
  return Object.fromEntries(roles) as Roles<T>;
}
