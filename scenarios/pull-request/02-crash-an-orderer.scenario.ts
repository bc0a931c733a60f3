import {
  crash,
  during,
  orderer,
  patient,
  scenario,
  seconds,
  transfers,
} from 'fabric-swarm-harness';

scenario('crash an orderer', {
  load: transfers({ clients: 8, accounts: 80, contention: 0.05 }),
  faults: [
    during(crash(orderer(0)), { at: seconds(3), for: seconds(5) }),
    during(crash(orderer(1)), { at: seconds(16), for: seconds(5) }),
  ],
  expect: {
    recovery: patient(seconds(30)),
    ok: { before: 0.95, during: 0.8, after: 0.8 },
    // A leader that dies takes with it what it had acknowledged, and clients wait their time for the commit.
    on: { raft: { ok: { before: 0.95, after: 0.8 } } },
  },
});
