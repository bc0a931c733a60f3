import {
  allowUncleanElection,
  control,
  keepTopic,
  restoreTopic,
  revokeClients,
  seconds,
  transfers,
} from 'fabric-swarm-harness';

const quiet = { load: transfers({ clients: 4, accounts: 40 }), duration: seconds(4) };

control('clients whose certificate was revoked', {
  definition: quiet,
  beforeLoad: (session, channel) => revokeClients(session, channel, 'Org1MSP'),
  because: /^transfers answered .*(access denied|revoked)/,
});

control('a topic that lets a replica that lags become leader', {
  definition: quiet,
  beforeLoad: (session, channel) => allowUncleanElection(session, channel),
  because: /^F20 .*lets a replica that lags become leader/,
});

// The last one: orderers cannot go on with a channel whose topic has forgotten what they have.
control('a topic that was restored from an older copy', {
  definition: quiet,
  beforeLoad: keepTopic,
  beforeEvidence: restoreTopic,
  because: /^F20 .*(is not in topic|its records are gone)/,
});
