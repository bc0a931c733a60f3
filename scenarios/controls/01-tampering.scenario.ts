import {
  control,
  dropDocument,
  editDocument,
  inventDocument,
  seconds,
  transfers,
  truncateBlockFile,
} from 'fabric-swarm-harness';

const quiet = {
  load: transfers({ clients: 4, accounts: 40 }),
  duration: seconds(4),
};

control("a document edited by hand in one peer's CouchDB", {
  definition: quiet,
  beforeEvidence: (session, channel) => editDocument(session, channel, 'peer1.org2'),
  because: /^F(9|10) .*peer1\.org2/,
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

control('a truncated block file of one peer', {
  definition: quiet,
  beforeEvidence: (session, channel) => truncateBlockFile(session, channel, 'peer1.org1'),
  because: /peer1\.org1.*block|block.*peer1\.org1/i,
});
