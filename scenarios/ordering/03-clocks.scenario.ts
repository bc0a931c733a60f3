import {
  clockSkew,
  during,
  endures,
  orderer,
  scenario,
  seconds,
  transfers,
} from 'fabric-swarm-harness';

// Raft and BFT count by clocks that nobody can set, and blocks carry no time. An orderer compares its clock with others'
// only where somebody asks it for blocks (15 minutes are allowed), and where it looks at a certificate.
scenario('the clock of an orderer is 90 s ahead', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [during(clockSkew(orderer(0), { by: seconds(90) }), { at: seconds(3), for: seconds(8) })],
  expect: endures('the clock of an orderer is wrong', { recovery: seconds(45) }),
});

// More than it allows: it refuses whoever comes anew for blocks, while those that have a stream keep it.
scenario('the clock of another orderer is 20 minutes behind', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [
    during(clockSkew(orderer(1), { by: -seconds(20 * 60) }), { at: seconds(3), for: seconds(8) }),
  ],
  expect: endures('the clock of an orderer is wrong', { recovery: seconds(45) }),
});
