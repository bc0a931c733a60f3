import {
  crash,
  during,
  endures,
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
  expect: endures('an orderer crashes', { recovery: patient(seconds(30)) }),
});
