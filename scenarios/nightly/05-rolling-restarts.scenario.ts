import {
  during,
  kafka,
  patient,
  restartInTurn,
  scenario,
  seconds,
  transfers,
  zookeeper,
} from 'fabric-swarm-harness';

const load = transfers({ clients: 8, accounts: 80 });

scenario('restart the brokers in turn', {
  load,
  faults: [during(restartInTurn(kafka.brokers()), { at: seconds(3), for: seconds(2) })],
  expect: { recovery: patient(seconds(60)), ok: { before: 0.99, after: 0.9 } },
});

scenario('restart the ZooKeepers in turn', {
  load,
  faults: [during(restartInTurn(zookeeper.ensemble()), { at: seconds(3), for: seconds(2) })],
  expect: { recovery: patient(seconds(60)), ok: { before: 0.99, during: 0.9, after: 0.9 } },
});
