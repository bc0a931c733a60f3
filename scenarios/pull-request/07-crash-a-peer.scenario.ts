import {
  all,
  crash,
  databaseOf,
  during,
  endures,
  patient,
  peer,
  scenario,
  seconds,
  transfers,
} from 'fabric-swarm-harness';

// Both at once while blocks are being committed: the block file may be ahead of the state database or the other way
// round, and the peer must find out by itself.
scenario('crash a peer and its CouchDB in mid-commit', {
  load: transfers({ clients: 10, accounts: 100, contention: 0.1 }),
  faults: [
    during(crash(all(peer(0), databaseOf(peer(0)))), {
      at: seconds(4),
      for: seconds(6),
    }),
  ],
  expect: endures('a peer crashes', { recovery: patient(seconds(30)) }),
});
