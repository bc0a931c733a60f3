import { conserved, neverNegative, scenario, seconds, transfers } from 'fabric-swarm-harness';

scenario('transfer balances', {
  load: transfers({
    clients: 12,
    accounts: 120,
    contention: 0.2,
    overdrafts: 0.05,
    doubleSpends: 0.05,
    moves: 0.05,
    reads: { share: 0.15 },
  }),
  duration: seconds(12),
  expect: { ok: { before: 0.95 }, conflicts: 1, operations: 100 },
  invariants: [conserved('balance'), neverNegative('balance')],
});
