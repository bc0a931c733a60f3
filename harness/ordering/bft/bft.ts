import type { Topology } from '../../topology/schema.ts';
import { bftConsenters } from '../consenters.ts';
import type { Ordering } from '../ordering.ts';
import { bftAgreement } from './agreement.ts';
import { BFT_FORGETTING } from './forgetting.ts';
import { bftRoles } from './leader.ts';
import { poolsEmpty } from './pools.ts';

/** Orderers of which a third may lie (SmartBFT), from Fabric 3 on. */
export const bft: Ordering = {
  services: { title: null, kinds: [], definitions: () => [] },
  channelCapability: 'V3_0',
  ordererEnvironment: () => ({
    // Two minutes by default: an orderer that has come back would not be dialled for as long.
    ORDERER_GENERAL_BACKOFF_MAXDELAY: '3s',
  }),
  ordererSection: (topology) => {
    const options = optionsOf(topology);
    return {
      OrdererType: 'BFT',
      SmartBFT: {
        // The channel's batch size counts; an orderer that is to change from Raft wants to see them all the same.
        RequestBatchMaxCount: topology.ordering.batch.maxMessageCount,
        RequestBatchMaxBytes: topology.ordering.batch.absoluteMaxBytes,
        RequestBatchMaxInterval: `${options.batchInterval}ms`,
        RequestPoolSize: options.requestPoolSize,
        RequestForwardTimeout: `${options.requestForwardTimeout}ms`,
        RequestComplainTimeout: `${options.requestComplainTimeout}ms`,
        RequestAutoRemoveTimeout: `${options.requestAutoRemoveTimeout}ms`,
        LeaderHeartbeatTimeout: `${options.leaderHeartbeatTimeout}ms`,
        ViewChangeTimeout: `${options.viewChangeTimeout}ms`,
        ViewChangeResendInterval: `${options.viewChangeResendInterval}ms`,
        // Without these the orderers refuse the configuration.
        IncomingMessageBufferSize: 200,
        LeaderHeartbeatCount: 10,
        CollectTimeout: '1s',
      },
      ConsenterMapping: bftConsenters(topology),
    };
  },
  needs: 'Fabric 3, compiled in two minutes when first wanted; four orderers for one that may fail',
  clientsSendTo: 'all',
  badLines: [],
  // An orderer that has come back stays a few blocks behind until ten of the leader's heartbeats tell it so.
  calmMs: (topology) => {
    const calm = 3 * optionsOf(topology).leaderHeartbeatTimeout;
    return { unacknowledged: calm, acknowledged: calm };
  },
  settled: poolsEmpty,
  // One that called for another view alone has its clocks stopped, and what it holds waits for the next request of others.
  sleeps: true,
  roles: bftRoles,
  agreement: bftAgreement,
  forgetting: BFT_FORGETTING,
  // A restart loses what is in memory however long it has been there.
  facts: async (_, startedAt) => ({
    type: 'bft',
    startedAt,
    forgetsWithinMs: Number.MAX_SAFE_INTEGER,
  }),
};

function optionsOf({ ordering }: Topology) {
  if (!ordering.bft) throw new Error('ordering.bft: expected options, seen none');
  return ordering.bft;
}
