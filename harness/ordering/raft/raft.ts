import type { Topology } from '../../topology/schema.ts';
import { raftConsenters } from '../consenters.ts';
import type { Ordering } from '../ordering.ts';
import { raftAgreement } from './agreement.ts';
import { RAFT_BAD_LINES } from './bad-lines.ts';
import { RAFT_FORGETTING } from './forgetting.ts';
import { raftRoles } from './leader.ts';

/** Orderers that agree by Raft among themselves (etcdraft), without a system channel. */
export const raft: Ordering = {
  services: { title: null, kinds: [], definitions: () => [] },
  channelCapability: 'V2_0',
  ordererEnvironment: (topology) => {
    const { tickInterval, electionTick } = optionsOf(topology);
    // A leader does nothing else while it dials an orderer that is gone: the others must not depose it meanwhile.
    const dialMs = Math.min(5_000, (tickInterval * electionTick) / 2);
    return { ORDERER_GENERAL_CLUSTER_DIALTIMEOUT: `${dialMs}ms` };
  },
  ordererSection: (topology) => {
    const { tickInterval, electionTick, heartbeatTick, maxInflightBlocks, snapshotInterval } =
      optionsOf(topology);
    return {
      OrdererType: 'etcdraft',
      EtcdRaft: {
        Consenters: raftConsenters(topology),
        Options: {
          TickInterval: `${tickInterval}ms`,
          ElectionTick: electionTick,
          HeartbeatTick: heartbeatTick,
          MaxInflightBlocks: maxInflightBlocks,
          SnapshotIntervalSize: snapshotInterval,
        },
      },
    };
  },
  needs: '128 MB of disk for each channel on each orderer, until the scenario ends',
  clientsSendTo: 'one',
  badLines: RAFT_BAD_LINES,
  // What a leader has taken is in a block, or gone with its leadership: two elections decide it.
  calmMs: (topology) => {
    const { tickInterval, electionTick } = optionsOf(topology);
    const calm = 1_000 + 2 * 2 * tickInterval * electionTick;
    return { unacknowledged: calm, acknowledged: calm };
  },
  // A leader has what is under way in its log or in its next block, a batch time-out away.
  settled: async () => {},
  sleeps: false,
  roles: raftRoles,
  agreement: raftAgreement,
  forgetting: RAFT_FORGETTING,
  facts: async ({ topology }, startedAt) => {
    const { tickInterval, electionTick } = optionsOf(topology);
    // A follower notices after one to two election time-outs, a leader without followers after one; on top comes what
    // had waited for a block to be cut, and a second for clocks and logs.
    const forgetsWithinMs =
      2 * tickInterval * electionTick + topology.ordering.batch.timeout + 1_000;
    return { type: 'raft', startedAt, forgetsWithinMs };
  },
};

function optionsOf({ ordering }: Topology) {
  if (!ordering.raft) throw new Error('ordering.raft: expected options, seen none');
  return ordering.raft;
}
