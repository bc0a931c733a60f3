import { during, freeze, orderer, scenario, seconds, transfers } from 'fabric-swarm-harness';

// A client gives an orderer 3 s before it turns to the other one; this orderer answers nobody for four times as long,
// and its connections stay open.
scenario('freeze an orderer longer than the patience of its clients', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [during(freeze(orderer('orderer0')), { at: seconds(3), for: seconds(12) })],
  expect: { recovery: seconds(30), ok: { before: 0.99, during: 0.9, after: 0.95 } },
});
