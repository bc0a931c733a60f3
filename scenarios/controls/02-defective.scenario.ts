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
  startComponent,
  transfers,
} from 'fabric-swarm-harness';

control('a chaincode that skips the debit', {
  definition: { load: transfers({ clients: 4, accounts: 40 }), duration: seconds(5) },
  beforeLoad: (session) => chaincodeDefect(session, 'skip-debit'),
  repair: (session) => chaincodeDefect(session, undefined),
  because: /^F1[23] /,
});

control('a fault that does nothing', {
  definition: {
    load: transfers({ clients: 4, accounts: 40 }),
    faults: [during(noop(orderer('orderer0')), { at: seconds(2), for: seconds(2) })],
    expect: { recovery: patient(seconds(20)) },
  },
  because: /took effect and was healed.*not-confirmed/,
});

control('an orderer that stays down after the heal', {
  definition: {
    load: transfers({ clients: 4, accounts: 40 }),
    faults: [during(neverHealed(crash(orderer('orderer1'))), { at: seconds(2), for: seconds(3) })],
    expect: { recovery: patient(seconds(15)) },
  },
  repair: (session) => startComponent(session, 'orderer1'),
  because: /recovery through orderer1|orderer1.*(down|not running|not healed)/,
});
