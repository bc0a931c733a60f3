import { z } from 'zod';
import { count, duration, size } from '../values.ts';
import type { OrderingNeeds } from './needs.ts';
import { FABRIC_RELEASES } from './needs.ts';

/** What of a topology file is Raft's own. */

/** Fabric's defaults (`sampleconfig/configtx.yaml`), unless the file says otherwise. */
export const raft = z.strictObject({
  tickInterval: duration.default(500),
  /** Ticks without a word from the leader after which a follower stands for election. */
  electionTick: count.default(10),
  heartbeatTick: count.default(1),
  maxInflightBlocks: count.default(5),
  snapshotInterval: size.default(16 * 1024 * 1024),
});

export const raftNeeds: OrderingNeeds = {
  releases: FABRIC_RELEASES,
  because: '',
  sections: [{ path: ['ordering', 'raft'], none: 'no Raft options' }],
  leastOrderers: 1,
  atLeast: '',
  adminPort: true,
  check: () => [],
};
