import {
  during,
  evict,
  ordering,
  rotateCertificate,
  scenario,
  seconds,
  transfers,
} from 'fabric-swarm-harness';

// It is taken out of the channel under load; then what it had of the channel is wiped, it is taken in again, and must
// rebuild everything from the others. It may not have heard that it was taken out; peers that pull from it are behind then.
scenario('evict a consenter, wipe it, and take it in again', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [during(evict(ordering.followers(1)), { at: seconds(3), for: seconds(8) })],
  expect: { recovery: seconds(60), ok: { before: 0.95, after: 0.8 } },
});

// The others have forgotten what was before their snapshot, so that there is nothing else to rebuild it from.
scenario('a consenter that was wiped is rebuilt from a snapshot', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [
    during(evict(ordering.followers(1), { fromSnapshot: true }), {
      at: seconds(3),
      for: seconds(12),
    }),
  ],
  expect: { recovery: seconds(60), ok: { before: 0.95, after: 0.8 } },
});

scenario('rotate the TLS certificate of a consenter', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [during(rotateCertificate(ordering.followers(1)), { at: seconds(3), for: seconds(8) })],
  expect: { recovery: seconds(60), ok: { before: 0.95, after: 0.8 } },
});
