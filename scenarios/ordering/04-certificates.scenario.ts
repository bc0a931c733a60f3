import {
  during,
  endures,
  expireCertificate,
  orderer,
  scenario,
  seconds,
  transfers,
} from 'fabric-swarm-harness';

// It runs, and nobody talks to it: clients and peers refuse it, and so do the other orderers. Renewed for the same key, it
// is a consenter again without a change of any channel.
scenario('the TLS certificate of an orderer has expired, and is renewed', {
  load: transfers({ clients: 8, accounts: 80 }),
  faults: [during(expireCertificate(orderer(1)), { at: seconds(3), for: seconds(8) })],
  expect: endures('the certificate of an orderer expires', { recovery: seconds(60) }),
});
