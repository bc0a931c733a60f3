import {
  all,
  crash,
  during,
  kafka,
  orderers,
  patient,
  scenario,
  seconds,
  transfers,
  zookeeper,
} from 'fabric-swarm-harness';

const load = transfers({ clients: 8, accounts: 80 });

// Leaders that are there go on; nobody can be elected, and no channel be made.
scenario('two of three ZooKeepers are gone', {
  load,
  faults: [
    during(crash(all(zookeeper.leader(), zookeeper.followers(1))), {
      at: seconds(3),
      for: seconds(12),
    }),
  ],
  expect: { recovery: patient(seconds(60)), ok: { before: 0.99, during: 0.9, after: 0.9 } },
});

scenario('all brokers are gone', {
  load,
  faults: [during(crash(kafka.brokers()), { at: seconds(3), for: seconds(10) })],
  expect: { recovery: patient(seconds(120)), mostOkDuring: 0, ok: { before: 0.99, after: 0.9 } },
});

scenario('both orderers are gone', {
  load,
  faults: [
    during(crash(orderers()), {
      at: seconds(3),
      for: seconds(8),
    }),
  ],
  expect: { recovery: patient(seconds(45)), mostOkDuring: 0, ok: { before: 0.99, after: 0.9 } },
});
