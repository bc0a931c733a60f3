import type { BadLine } from '../bad-line.ts';

/** Sources: etcd/raft's log.go and wal, orderer/consensus/etcdraft/chain.go (Fabric 2.5 and 3.1). */
export const RAFT_BAD_LINES: readonly BadLine[] = [
  { pattern: /tocommit\(\d+\) is out of range/, meaning: 'an orderer lost its Raft log' },
  { pattern: /Suspecting our own eviction/, meaning: 'an orderer takes itself for evicted' },
  { pattern: /wal: max entry size limit exceeded/, meaning: 'an unreadable Raft log' },
];
