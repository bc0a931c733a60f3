import { during, loseMachine, machine, scenario, seconds, transfers } from 'fabric-swarm-harness';

// Machine 3 takes orderer1, two brokers and, in the article's placement, the quorum of ZooKeeper with it.
scenario('lose a machine and get it back', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [during(loseMachine(machine(3)), { at: seconds(3), for: seconds(10) })],
  expect: { recovery: seconds(90), ok: { before: 0.95, after: 0.8 } },
});
