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

/** Milliseconds for an election to end, or for an orderer on a busy machine to say what it measures. */
const ELECTION_MS = 8_000;
const PAUSE_MS = 250;

/** Roles among the orderers themselves; each channel has a leader of its own. */
export function ordererRoles({ leaderOf, quorum }: LeaderElection): OrderingRoles {
  const all = ({ topology }: OrderedChannel) => topology.ordering.orderers.map(({ name }) => name);
  const leader = (place: OrderedChannel) =>
    untilSome(async () => {
      const name = leaderOf(await channelMetrics(place), place);
      return name === undefined ? [] : [name];
    });
  return {
    leader,
    followers: (place) =>
      untilSome(async () => {
        const metrics = await channelMetrics(place);
        const first = leaderOf(metrics, place);
        return all(place).filter((name) => name !== first && metrics.has(name));
      }),
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

/** Asks again while there is nobody, for as long as an election takes. */
async function untilSome(ask: () => Promise<readonly string[]>): Promise<readonly string[]> {
  const deadline = performance.now() + patient(ELECTION_MS);
  for (;;) {
    const names = await ask();
    if (names.length > 0 || performance.now() > deadline) return names;
    await pause(PAUSE_MS);
  }
}
