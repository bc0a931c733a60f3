import {
  component,
  during,
  fullDisk,
  orderer,
  ordering,
  outOfMemory,
  patient,
  peer,
  readOnlyDisk,
  scenario,
  seconds,
  starve,
  transfers,
} from 'fabric-swarm-harness';

const load = transfers({ clients: 8, accounts: 80, contention: 0.05 });

scenario('the disk of a follower in ordering is full', {
  load,
  faults: [during(fullDisk(ordering.followers(1)), { at: seconds(3), for: seconds(10) })],
  expect: { recovery: patient(seconds(90)), ok: { before: 0.99, after: 0.9 } },
});

scenario('the disk of a peer is read-only', {
  load,
  faults: [during(readOnlyDisk(peer(1)), { at: seconds(3), for: seconds(10) })],
  expect: {
    recovery: patient(seconds(60)),
    ok: { before: 0.99, after: 0.9 },
    allowedLogs: [
      { pattern: 'read-only file system', reason: 'the fault; the peer may panic and restart' },
      {
        pattern: 'panic|goroutine',
        reason: 'a peer that cannot write its ledger panics on purpose',
      },
    ],
  },
});

scenario("the kernel kills a peer's CouchDB for want of memory", {
  load,
  faults: [during(outOfMemory(component('couchdb1.org2')), { at: seconds(3), for: seconds(3) })],
  expect: { recovery: patient(seconds(45)), ok: { before: 0.99, after: 0.9 } },
});

scenario('an orderer gets a twentieth of a core', {
  load,
  faults: [during(starve(orderer(0), 0.05), { at: seconds(3), for: seconds(12) })],
  expect: { recovery: patient(seconds(45)), ok: { before: 0.99, after: 0.9 } },
});
