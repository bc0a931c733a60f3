import { commonProfile } from './common-profile.ts';

const node = (name: string, mspId: string) => ({
  name,
  mspId,
  address: `10.0.0.1:${name.length}`,
  tlsServerName: `${name}.example.com`,
  tlsCaPem: `CA of ${mspId}`,
});

it('makes a static profile of a channel’s nodes, each with its TLS name and root', () => {
  const profile = {
    peers: [node('peer0.org1', 'Org1MSP'), node('peer0.org2', 'Org2MSP')],
    orderers: [node('orderer0', 'OrdererMSP')],
  };
  const made = commonProfile(profile, 'c');
  expect(made.channels).toEqual({
    c: { orderers: ['orderer0'], peers: { 'peer0.org1': {}, 'peer0.org2': {} } },
  });
  expect(made.organizations).toEqual({
    Org1MSP: { mspid: 'Org1MSP', peers: ['peer0.org1'] },
    Org2MSP: { mspid: 'Org2MSP', peers: ['peer0.org2'] },
  });
  expect(Object.keys(made.orderers)).toEqual(['orderer0']);
  expect(made.peers['peer0.org2']).toEqual({
    url: 'grpcs://10.0.0.1:10',
    tlsCACerts: { pem: 'CA of Org2MSP' },
    grpcOptions: { 'ssl-target-name-override': 'peer0.org2.example.com' },
  });
});
