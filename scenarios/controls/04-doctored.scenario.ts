import {
  editChaincodeEvents,
  editEvents,
  flipSignature,
  forged,
  forgetLastBlock,
  forgetRecord,
  markAll,
  markAt,
  seconds,
  sound,
  stripSignature,
  transfers,
} from 'fabric-swarm-harness';

const ENDORSEMENT_POLICY_FAILURE = 10;
const MVCC_READ_CONFLICT = 11;

const of = sound('peers, orderers and listeners that tell the truth', {
  load: transfers({ clients: 4, accounts: 40 }),
  duration: seconds(4),
});

forged("blocks of a peer without the orderer's signature", {
  of,
  edit: (folder, channel) => stripSignature(folder, channel, 'peer1.org2'),
  because: /^F26 .*peer1\.org2.*no signature/,
});

forged("an orderer's block with another signature", {
  of,
  edit: (folder, channel) => flipSignature(folder, channel, 'orderer1'),
  because: /^F26 .*orderer1.*signature of/,
});

forged('peers that agree to refuse what was endorsed as the policy wants it', {
  of,
  edit: (folder, channel) => markAll(folder, channel, ENDORSEMENT_POLICY_FAILURE),
  because: /^F27 .*ENDORSEMENT_POLICY_FAILURE/,
});

forged('a peer that validates by another policy', {
  of,
  edit: (folder, channel) => markAt(folder, channel, 'peer1.org2', ENDORSEMENT_POLICY_FAILURE),
  because: /^F7 .*ENDORSEMENT_POLICY_FAILURE on peer1\.org2/,
});

forged('peers that agree on conflicts that are none', {
  of,
  edit: (folder, channel) => markAll(folder, channel, MVCC_READ_CONFLICT),
  because: /^F(11|27) .*MVCC_READ_CONFLICT/,
});

forged('a listener that misses a block', {
  of,
  edit: (folder, channel) => editEvents(folder, channel, 'peer0.org2', 'dropped'),
  because: /^F16 .*peer0\.org2/,
});

forged('a listener that is told a block twice', {
  of,
  edit: (folder, channel) => editEvents(folder, channel, 'peer1.org1', 'doubled'),
  because: /^F16 .*peer1\.org1/,
});

forged("a listener that misses an event of the chaincode's", {
  of,
  edit: (folder, channel) => editChaincodeEvents(folder, channel, 'peer0.org1', 'dropped'),
  because: /^F34 .*peer0\.org1 told its listener/,
});

forged('a listener that is told another payload', {
  of,
  edit: (folder, channel) => editChaincodeEvents(folder, channel, 'peer1.org2', 'another payload'),
  because: /^F34 .*peer1\.org2 told its listener.*1000000/,
});

forged('a copy of the chain that ends a block early', {
  of,
  edit: (folder, channel) => forgetLastBlock(folder, channel, 'orderer0'),
  because: /^F6 .*orderer0/,
});

forged('a topic from which a record is gone', {
  of,
  edit: forgetRecord,
  because: /^F20 .*goes from offset/,
});
