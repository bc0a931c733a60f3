import { control, editDocument, seconds, transfers, truncateBlockFile } from 'fabric-swarm-harness';

const quiet = {
  load: transfers({ clients: 4, accounts: 40 }),
  duration: seconds(5),
};

control("a document edited by hand in one peer's CouchDB", {
  definition: quiet,
  beforeEvidence: (session, channel) => editDocument(session, channel, 'peer1.org2'),
  because: /^F(9|10) .*peer1\.org2/,
});

control('a truncated block file of one peer', {
  definition: quiet,
  beforeEvidence: (session, channel) => truncateBlockFile(session, channel, 'peer1.org1'),
  because: /peer1\.org1.*block|block.*peer1\.org1/i,
});
