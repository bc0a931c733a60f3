import { setTimeout as pause } from 'node:timers/promises';
import { patient } from '../base/patience.ts';
import { type ChannelMetrics, channelMetrics } from './metrics.ts';
import type { OrderedChannel, OrderingRoles } from './ordering.ts';

/** How a service whose orderers agree among themselves knows its leader, and how many of them must agree. */
export interface LeaderElection {
  /** The name of the leader, by what the orderers that answer measure. */
  leaderOf(metrics: ReadonlyMap<string, ChannelMetrics>, place: OrderedChannel): string | undefined;
  /** How many of so many orderers must be there to order. */
  quorum(orderers: number): number;
}

/** Milliseconds to ask again while nobody leads: for an election to end, or for orderers on a busy machine to answer. */
const ELECTION_MS = 8_000;
const PAUSE_MS = 250;

/** Roles among the orderers themselves; each channel has a leader of its own. */
export function ordererRoles({ leaderOf, quorum }: LeaderElection): OrderingRoles {
  const all = ({ topology }: OrderedChannel) => topology.ordering.orderers.map(({ name }) => name);
  const led = async (place: OrderedChannel) => {
    const deadline = performance.now() + patient(ELECTION_MS);
    for (;;) {
      const metrics = await channelMetrics(place);
      const first = leaderOf(metrics, place);
      if (first !== undefined || performance.now() > deadline) return { first, metrics };
      await pause(PAUSE_MS);
    }
  };
  const leader = async (place: OrderedChannel) => {
    const { first } = await led(place);
    return first === undefined ? [] : [first];
  };
  return {
    leader,
    followers: async (place) => {
      const { first, metrics } = await led(place);
      return all(place).filter((name) => name !== first && metrics.has(name));
    },
    consenters: async (place) => all(place),
    blocking: async (place) => {
      const names = all(place);
      const [first] = await leader(place);
      const leaderFirst = names.sort((a, b) => Number(b === first) - Number(a === first));
      return leaderFirst.slice(0, names.length - quorum(names.length) + 1);
    },
    cluster: async (place) => all(place),
  };
}
