import {
  crash,
  during,
  endures,
  ordering,
  patient,
  scenario,
  seconds,
  transfers,
} from 'fabric-swarm-harness';

scenario('kill the leader of ordering', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [during(crash(ordering.leader()), { at: seconds(3), for: seconds(10) })],
  expect: endures('the leader crashes', { recovery: patient(seconds(45)) }),
});

// Too few are left to agree: nothing may be committed until one comes back, and nothing that was committed, or
// acknowledged where that is a promise, may be missing then.
scenario('kill as many as stop ordering', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [during(crash(ordering.blocking()), { at: seconds(3), for: seconds(10) })],
  expect: endures('too few are left', {
    recovery: patient(seconds(60)),
    // Each change of the view that finds too few waits longer than the one before.
    on: { bft: { recovery: patient(seconds(120)) } },
  }),
});
