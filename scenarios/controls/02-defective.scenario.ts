import {
  chaincodeDefect,
  control,
  crash,
  during,
  neverHealed,
  noop,
  orderer,
  patient,
  seconds,
  sound,
  startComponent,
  transfers,
} from 'fabric-swarm-harness';

const quiet = { load: transfers({ clients: 4, accounts: 40 }), duration: seconds(4) };

control('a chaincode that skips the debit', {
  definition: quiet,
  beforeLoad: (session) => chaincodeDefect(session, 'skip-debit'),
  repair: (session) => chaincodeDefect(session, undefined),
  because: /^F1[23] /,
});

control('a chaincode that computes something else beside one of the peers', {
  definition: quiet,
  beforeLoad: (session) => chaincodeDefect(session, 'skip-debit', 'peer0.org2'),
  repair: (session) => chaincodeDefect(session, undefined, 'peer0.org2'),
  because: /^F29 .*not deterministic/,
});

control('a chaincode that tosses a coin', {
  definition: quiet,
  beforeLoad: (session) => chaincodeDefect(session, 'coin'),
  repair: (session) => chaincodeDefect(session, undefined),
  because: /^F29 .*not deterministic/,
});

control('a fault that does nothing', {
  definition: {
    load: transfers({ clients: 4, accounts: 40 }),
    faults: [during(noop(orderer('orderer0')), { at: seconds(2), for: seconds(2) })],
    expect: { recovery: patient(seconds(20)) },
  },
  because: /took effect and was healed.*not-confirmed/,
});

const when = { at: seconds(2), for: seconds(3) };

control('an orderer that stays down after the heal', {
  definition: {
    load: transfers({ clients: 4, accounts: 40 }),
    faults: [during(neverHealed(crash(orderer('orderer1'))), when)],
    expect: { recovery: patient(seconds(15)) },
  },
  repair: (session) => startComponent(session, 'orderer1'),
  because: /recovery through orderer1|orderer1.*(down|not running|not healed)/,
});

sound('an orderer that comes back after the heal', {
  load: transfers({ clients: 4, accounts: 40 }),
  faults: [during(crash(orderer('orderer1')), when)],
  expect: { recovery: patient(seconds(15)) },
});
