import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { readProfile, stateServer } from './profile.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'profile-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** As fabric-samples' test network writes it, but for the certificate authorities. */
const SAMPLE = {
  name: 'test-network-org1',
  version: '1.0.0',
  client: { organization: 'Org1', connection: { timeout: { peer: { endorser: '300' } } } },
  organizations: { Org1: { mspid: 'Org1MSP', peers: ['peer0.org1.example.com'] } },
  peers: {
    'peer0.org1.example.com': {
      url: 'grpcs://localhost:7051',
      tlsCACerts: { pem: 'PEM' },
      grpcOptions: {
        'ssl-target-name-override': 'peer0.org1.example.com',
        hostnameOverride: 'peer0.org1.example.com',
      },
    },
  },
};
const written = (content: unknown): string => {
  const file = path.join(folder, 'connection');
  writeFileSync(file, typeof content === 'string' ? content : stringify(content));
  return file;
};
const refusal = (content: unknown): string => {
  try {
    readProfile(written(content));
  } catch (error) {
    return (error as Error).message.replaceAll(`connection profile ${folder}/connection: `, '');
  }
  return 'accepted';
};

describe('a connection profile', () => {
  it('of the samples knows the peers of one organisation', () => {
    const expected = {
      mspId: 'Org1MSP',
      peers: [
        {
          name: 'peer0.org1.example.com',
          mspId: 'Org1MSP',
          address: 'localhost:7051',
          tlsCaPem: 'PEM',
          tlsServerName: 'peer0.org1.example.com',
        },
      ],
      orderers: [],
      databases: new Map(),
      channels: [],
    };
    expect(readProfile(written(SAMPLE))).toEqual(expected);
    expect(readProfile(written(JSON.stringify(SAMPLE)))).toEqual(expected);
  });

  it('may know orderers, channels, databases, authorities in files and in lists, and nodes without TLS', () => {
    writeFileSync(path.join(folder, 'ca.pem'), 'FILE');
    const profile = readProfile(
      written({
        organizations: {
          OrdererOrg: { mspid: 'OrdererMSP', peers: [] },
          Org2: { mspid: 'Org2MSP', peers: ['peer0.org2'] },
        },
        peers: {
          'peer0.org2': {
            url: 'grpcs://host2:7051/',
            tlsCACerts: { pem: ['A', 'B'] },
            'x-couchdb': 'http://reader:p%40ss@host2:5984/',
          },
        },
        orderers: {
          orderer0: { url: 'grpcs://host1:7050', tlsCACerts: { path: 'ca.pem' } },
          orderer1: { url: 'grpc://host1:8050' },
        },
        channels: { _default: {}, trade: {} },
      }),
    );
    expect(profile.mspId).toBe('Org2MSP');
    expect(profile.peers[0]?.tlsCaPem).toBe('A\nB');
    expect(profile.orderers).toEqual([
      { name: 'orderer0', address: 'host1:7050', tlsCaPem: 'FILE' },
      { name: 'orderer1', address: 'host1:8050' },
    ]);
    expect(profile.channels).toEqual(['trade']);
    expect(profile.databases.get('peer0.org2')).toEqual({
      url: 'http://host2:5984',
      user: 'reader',
      password: 'p@ss',
    });
  });

  it('is refused with the part that is wrong', () => {
    expect(refusal('{')).toMatch(/^expected JSON or YAML, seen: /);
    expect(refusal('peers: 7')).toMatch(/organizations: .*\npeers: /);
    expect(refusal({ ...SAMPLE, peers: {} })).toBe('peers: expected at least one, seen none');
    expect(refusal({ ...SAMPLE, client: { organization: 'Org3' } })).toBe(
      'client.organization: expected one of Org1, seen Org3',
    );
    const peer = SAMPLE.peers['peer0.org1.example.com'];
    const changed = (change: object, name = 'peer0.org1.example.com') =>
      refusal({ ...SAMPLE, peers: { [name]: { ...peer, ...change } } });
    expect(changed({ url: 'localhost:7051' })).toBe(
      'peer0.org1.example.com: url: expected grpcs://host:port, seen localhost:7051',
    );
    expect(changed({ tlsCACerts: {} })).toBe(
      'peer0.org1.example.com: tlsCACerts: expected pem or path, seen neither',
    );
    expect(changed({ tlsCACerts: { path: 'nothing' } })).toMatch(/ENOENT/);
    expect(changed({}, 'stray')).toBe(
      'peers.stray: expected an organisation that lists it, seen none',
    );
  });

  it('never shows the password of a database that it refuses', () => {
    expect(() => stateServer('--couchdb peer0', 'ftp://admin:secret@host')).toThrow(
      '--couchdb peer0: expected http://user:password@host:port, seen no such address',
    );
  });
});
