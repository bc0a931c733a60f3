import type { ChannelMetrics } from '../metrics.ts';
import { ordererRoles } from '../orderer-roles.ts';

const IS_LEADER = 'consensus_etcdraft_is_leader';
const ACTIVE = 'consensus_etcdraft_active_nodes';

/**
 * The leader by what orderers measure. One that is cut off goes on calling itself leader until it is deposed: of several
 * the one counts that hears most of the others.
 */
export function leaderAmong(metrics: ReadonlyMap<string, ChannelMetrics>): string | undefined {
  const [first] = [...metrics]
    .filter(([, values]) => values.get(IS_LEADER) === 1)
    .sort(([, a], [, b]) => (b.get(ACTIVE) ?? 0) - (a.get(ACTIVE) ?? 0));
  return first?.[0];
}

export const raftRoles = ordererRoles({
  leaderOf: leaderAmong,
  quorum: (orderers) => Math.floor(orderers / 2) + 1,
});
