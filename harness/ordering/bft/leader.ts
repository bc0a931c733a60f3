import { ordererOf } from '../consenters.ts';
import type { ChannelMetrics } from '../metrics.ts';
import { ordererRoles } from '../orderer-roles.ts';

const LEADER_ID = 'consensus_smartbft_view_leader_id';

/** The id that most orderers take for the leader's: one that has just restarted goes by the view of its last block. */
export function leaderIdAmong(metrics: ReadonlyMap<string, ChannelMetrics>): number | undefined {
  const votes = new Map<number, number>();
  for (const values of metrics.values()) {
    const id = values.get(LEADER_ID);
    if (id !== undefined) votes.set(id, (votes.get(id) ?? 0) + 1);
  }
  return [...votes].sort(([, a], [, b]) => b - a)[0]?.[0];
}

export const bftRoles = ordererRoles({
  leaderOf: (metrics, { topology }) => {
    const id = leaderIdAmong(metrics);
    return id === undefined ? undefined : ordererOf(topology, id);
  },
  // SmartBFT's `computeQuorum`
  quorum: (orderers) => Math.ceil((orderers + Math.floor((orderers - 1) / 3) + 1) / 2),
});
