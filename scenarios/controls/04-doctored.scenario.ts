import {
  allowUncleanElection,
  chaincodeDefect,
  control,
  dropDocument,
  editEvents,
  flipSignature,
  forgetLastBlock,
  inventDocument,
  markAll,
  seconds,
  stripSignature,
  transfers,
} from 'fabric-swarm-harness';

const ENDORSEMENT_POLICY_FAILURE = 10;
const MVCC_READ_CONFLICT = 11;
const quiet = { load: transfers({ clients: 4, accounts: 40 }), duration: seconds(4) };

control("blocks of a peer without the orderer's signature", {
  definition: quiet,
  afterEvidence: (folder, channel) => stripSignature(folder, channel, 'peer1.org2'),
  because: /^F26 .*peer1\.org2.*no signature/,
});

control("an orderer's block with another signature", {
  definition: quiet,
  afterEvidence: (folder, channel) => flipSignature(folder, channel, 'orderer1'),
  because: /^F26 .*orderer1.*signature of/,
});

control('peers that agree to refuse what was endorsed as the policy wants it', {
  definition: quiet,
  afterEvidence: (folder, channel) => markAll(folder, channel, ENDORSEMENT_POLICY_FAILURE),
  because: /^F27 .*ENDORSEMENT_POLICY_FAILURE/,
});

control('peers that agree on conflicts that are none', {
  definition: quiet,
  afterEvidence: (folder, channel) => markAll(folder, channel, MVCC_READ_CONFLICT),
  because: /^F(11|27) .*MVCC_READ_CONFLICT/,
});

control('a listener that misses a block', {
  definition: quiet,
  afterEvidence: (folder, channel) => editEvents(folder, channel, 'peer0.org2', 'dropped'),
  because: /^F16 .*peer0\.org2/,
});

control('a listener that is told a block twice', {
  definition: quiet,
  afterEvidence: (folder, channel) => editEvents(folder, channel, 'peer1.org1', 'doubled'),
  because: /^F16 .*peer1\.org1/,
});

control('a copy of the chain that ends a block early', {
  definition: quiet,
  afterEvidence: (folder, channel) => forgetLastBlock(folder, channel, 'orderer0'),
  because: /^F6 .*orderer0/,
});

control("a document that is missing in one peer's CouchDB", {
  definition: quiet,
  beforeEvidence: (session, channel) => dropDocument(session, channel, 'peer0.org2'),
  because: /^F(9|10) .*peer0\.org2.*no such key|^F(9|10) .*no such key.*peer0\.org2/,
});

control("a document in one peer's CouchDB that no transaction wrote", {
  definition: quiet,
  beforeEvidence: (session, channel) => inventDocument(session, channel, 'peer0.org1'),
  because: /^F(9|10) .*account:nobody/,
});

control('a chaincode that computes something else beside one of the peers', {
  definition: quiet,
  beforeLoad: (session) => chaincodeDefect(session, 'skip-debit', 'peer0.org2'),
  repair: (session) => chaincodeDefect(session, undefined, 'peer0.org2'),
  because: /^F29 .*not deterministic/,
});

control('a topic that lets a replica that lags become leader', {
  definition: quiet,
  beforeLoad: (session, channel) => allowUncleanElection(session, channel),
  because: /^F20 .*lets a replica that lags become leader/,
});
