/** Names and guarantees of the checks in the sample; the audit has its own catalogue. */
export interface SampleCheck {
  readonly id: string;
  readonly name: string;
  readonly guarantee: string;
  readonly counts: Readonly<Record<string, number>>;
}

function check(
  id: string,
  name: string,
  guarantee: string,
  counts: Readonly<Record<string, number>>,
): SampleCheck {
  return { id, name, guarantee, counts };
}

export const catalogue: readonly SampleCheck[] = [
  check(
    'F1',
    'nothing acknowledged is lost',
    'Every transaction that an orderer acknowledged stands in the chain, on every peer and orderer.',
    { acknowledged: 2104 },
  ),
  check(
    'F2',
    'no transaction from nowhere',
    'Every transaction in the chain was submitted by a client of this run, or is configuration.',
    { transactions: 2119 },
  ),
  check(
    'F3',
    'no transaction valid twice',
    'No transaction id is VALID more than once in the chain.',
    { transactions: 2119 },
  ),
  check(
    'F4',
    'same header at every height',
    'All peers and both orderers have the same header hash at every height.',
    { blocks: 231, sources: 6 },
  ),
  check(
    'F5',
    'chain is well formed',
    'Numbers are contiguous, each block names the hash of the one before and of its own data.',
    { blocks: 231 },
  ),
  check(
    'F6',
    'heights converge',
    'Heights never decrease and are equal on all peers and orderers at the end.',
    { samples: 384 },
  ),
  check(
    'F7',
    'same validation codes',
    'At every height all peers have the same validation codes.',
    { blocks: 231, peers: 4 },
  ),
  check(
    'F8',
    'same commit hash at every height',
    'All peers agree on the commit hash, and so on every state that they ever had.',
    { blocks: 231, peers: 4 },
  ),
  check(
    'F9',
    'same world state',
    "All peers' state databases hold the same keys, values and versions.",
    { keys: 400, peers: 4 },
  ),
  check(
    'F10',
    'state is the replay of the chain',
    'The world state is what the VALID write sets give when applied in order.',
    { keys: 400 },
  ),
  check(
    'F11',
    'conflicts judged correctly',
    'Each validation code is what the read versions demand.',
    { transactions: 2119, conflicts: 118 },
  ),
  check(
    'F12',
    'money is conserved',
    'The sum of all balances is the same at every height, and none is negative.',
    { heights: 231 },
  ),
  check(
    'F13',
    'each transfer moved its amount once',
    'A VALID transfer moved exactly its amount; a refused one moved nothing.',
    { transfers: 1986 },
  ),
  check(
    'F14',
    'reads are real',
    'Each answer is the state at some height that the asked peer had at that time.',
    { reads: 310 },
  ),
  check(
    'F15',
    'reads follow commits',
    'A read after a commit was seen, on the same peer, sees that commit.',
    { pairs: 96 },
  ),
  check(
    'F16',
    'event streams have no gaps',
    "Each client's events are every block, in order, once.",
    { events: 924 },
  ),
  check(
    'F17',
    'clients were told the truth',
    'What was told VALID is VALID in the chain, and the other way round.',
    { operations: 2104 },
  ),
  check(
    'F20',
    'Kafka agrees with the chain',
    'Persisted offsets never decrease and are the same on both orderers.',
    { blocks: 231 },
  ),
  check('F22', 'configuration untouched', 'The configuration sequence did not change.', {
    blocks: 4,
  }),
  check(
    'F23',
    'logs are clean',
    'No panic, no fatal error and no out-of-memory kill in any component.',
    { lines: 48210 },
  ),
  check(
    'F25',
    'environment back at its baseline',
    'No rule, pause or stopped container is left, and all services have their replicas.',
    { probes: 31 },
  ),
];
