import { X509Certificate } from 'node:crypto';
import { loadTopology } from '../../topology/load.ts';
import { createIdentities, type Identities } from '../identities/identities.ts';
import { connectionProfile } from './connection-profile.ts';

const topology = loadTopology('fixtures/network/article.yaml');
const addresses = { 1: '10.0.0.1', 2: '10.0.0.2', 3: '10.0.0.3' };
/** Making keys takes 0.2 s of computing; on a machine at work on other things the default of 5 s is not enough. */
const KEYS_BUDGET_MS = 60_000;

let identities: Identities;
beforeAll(async () => {
  identities = await createIdentities(topology, addresses);
}, KEYS_BUDGET_MS);

describe('connectionProfile', () => {
  it('gives clients outside the machines’ addresses and published ports', () => {
    const { orderers, peers, certificateAuthorities } = connectionProfile(
      topology,
      identities,
      addresses,
    );
    const urls = (nodes: Readonly<Record<string, { readonly url: string }>>) =>
      Object.fromEntries(Object.entries(nodes).map(([name, { url }]) => [name, url]));
    expect(urls(orderers)).toEqual({
      orderer0: 'grpcs://10.0.0.1:7050',
      orderer1: 'grpcs://10.0.0.3:7049',
    });
    expect(urls(peers)).toEqual({
      'peer0.org1': 'grpcs://10.0.0.1:7051',
      'peer1.org1': 'grpcs://10.0.0.1:7056',
      'peer0.org2': 'grpcs://10.0.0.2:8051',
      'peer1.org2': 'grpcs://10.0.0.2:8056',
    });
    expect(urls(certificateAuthorities)).toEqual({
      'ca.org1': 'https://10.0.0.1:7054',
      'ca.org2': 'https://10.0.0.2:8054',
    });
  });

  it('gives clients inside the overlay component names and container ports', () => {
    const { orderers, peers, certificateAuthorities } = connectionProfile(topology, identities);
    expect(orderers.orderer1?.url).toBe('grpcs://orderer1:7050');
    expect(peers['peer1.org2']?.url).toBe('grpcs://peer1.org2:7051');
    expect(certificateAuthorities['ca.org2']?.url).toBe('https://ca.org2:7054');
  });

  it('pairs each node with the root of its certificate, under a name in that certificate', () => {
    const { orderers, peers } = connectionProfile(topology, identities, addresses);
    const organisations = [identities.orderer, ...Object.values(identities.organisations)];
    for (const [name, node] of Object.entries({ ...orderers, ...peers })) {
      const tls = organisations.flatMap(({ nodes }) => nodes[name]?.tls ?? [])[0];
      const certificate = new X509Certificate(tls?.certificate ?? '');
      const root = new X509Certificate(node.tlsCACerts.pem);
      expect(certificate.verify(root.publicKey)).toBe(true);
      const override = String(node.grpcOptions['ssl-target-name-override']);
      expect(certificate.checkHost(override)).toBe(override);
    }
  });

  it('lists the members of channels and organisations, the MSP of orderers, and no private key', () => {
    const profile = connectionProfile(topology, identities, addresses);
    const channel = profile.channels.mychannel;
    expect(channel?.orderers).toEqual(['orderer0', 'orderer1']);
    expect(Object.keys(channel?.peers ?? {})).toHaveLength(4);
    expect(profile.organizations.Org2).toEqual({
      mspid: 'Org2MSP',
      domain: 'org2.example.com',
      peers: ['peer0.org2', 'peer1.org2'],
      certificateAuthorities: ['ca.org2'],
    });
    expect(profile.orderers.orderer0?.mspid).toBe('OrdererMSP');
    expect(JSON.stringify(profile)).not.toContain('PRIVATE KEY');
  });

  it('leaves peers of other organisations out of a channel', () => {
    const channels = [{ name: 'c', organisations: ['Org2'], chaincodes: [] }];
    const profile = connectionProfile({ ...topology, channels }, identities, addresses);
    expect(Object.keys(profile.channels.c?.peers ?? {})).toEqual(['peer0.org2', 'peer1.org2']);
  });

  it('says which machine lacks an address', () => {
    expect(() => connectionProfile(topology, identities, { 1: '10.0.0.1' })).toThrow(
      'connection profile, orderer1: expected an address of machine 3',
    );
  });
});
