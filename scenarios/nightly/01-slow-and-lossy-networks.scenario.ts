import {
  delay,
  during,
  loss,
  orderer,
  ordering,
  patient,
  peer,
  rate,
  scenario,
  seconds,
  transfers,
} from 'fabric-swarm-harness';

const load = transfers({ clients: 8, accounts: 80, contention: 0.05 });
const tolerated = {
  recovery: patient(seconds(45)),
  ok: { before: 0.99, during: 0.8, after: 0.95 },
};

scenario('a fifth of the packets of the leader of ordering is lost', {
  load,
  faults: [during(loss(ordering.leader(), 20), { at: seconds(3), for: seconds(12) })],
  expect: { recovery: patient(seconds(45)), ok: { before: 0.99, after: 0.95 } },
});

scenario('everything that an orderer sends is late', {
  load,
  faults: [during(delay(orderer(0), 80, { jitter: 20 }), { at: seconds(3), for: seconds(12) })],
  expect: tolerated,
});

scenario('a peer sends through a narrow line', {
  load,
  faults: [during(rate(peer(2), 1_000), { at: seconds(3), for: seconds(12) })],
  expect: tolerated,
});
