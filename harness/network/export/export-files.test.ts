import { createPrivateKey, X509Certificate } from 'node:crypto';
import { parse } from 'yaml';
import { createIdentities } from '../../fabric/identities/identities.ts';
import { loadTopology } from '../../topology/load.ts';
import { type ExportedFile, exportFiles } from './export-files.ts';
import { type InspectedService, stackFile } from './stack-file.ts';

const topology = loadTopology('fixtures/network/article.yaml');
const machines = [1, 2, 3].map((number) => ({ number, address: `10.0.0.${number}` }));

let files: ExportedFile[];
beforeAll(async () => {
  const addresses = Object.fromEntries(machines.map((m) => [m.number, m.address]));
  const identities = await createIdentities(topology, addresses);
  files = exportFiles({ topology, machines, identities, packageIds: {} }, "/tmp/it's here");
}, 60_000);

const content = (path: string): string => {
  const found = files.find((file) => file.path === path);
  if (!found) throw new Error(`no ${path} among ${files.map((file) => file.path).join(', ')}`);
  return found.content;
};

describe('exportFiles', () => {
  it('keeps every private key, and nothing else, to its owner', () => {
    const isKey = ({ content: text }: ExportedFile) => text.includes('PRIVATE KEY');
    expect(files.filter(isKey).length).toBe(10);
    expect(files.filter(({ secret }) => secret)).toEqual(files.filter(isKey));
  });

  it('gives fabric-gateway a certificate and its key, by paths that are in the export', () => {
    const { organisations } = JSON.parse(content('gateway.json'));
    const { mspId, certificate, privateKey, tlsRoot, peers } = organisations.Org2;
    expect(mspId).toBe('Org2MSP');
    expect(peers[0]).toEqual({ name: 'peer0.org2', address: '10.0.0.2:8051' });
    const key = createPrivateKey(content(privateKey));
    expect(new X509Certificate(content(certificate)).checkPrivateKey(key)).toBe(true);
    expect(content(tlsRoot)).toContain('BEGIN CERTIFICATE');
  });

  it('gives fabric-network a profile of each organisation and a wallet', () => {
    expect(JSON.parse(content('profiles/Org1.json'))).toMatchObject({
      client: { organization: 'Org1' },
      peers: { 'peer0.org1': { url: 'grpcs://10.0.0.1:7051' } },
    });
    expect(JSON.parse(content('wallet/Org1-User1.id'))).toMatchObject({
      mspId: 'Org1MSP',
      type: 'X.509',
      version: 1,
    });
  });

  it('gives the stock peer its variables, whatever the folder is called', () => {
    const lines = content('env').trim().split('\n');
    expect(lines).toContain("export CORE_PEER_ADDRESS='10.0.0.1:7051'");
    expect(lines).toContain("export ORDERER_CA='/tmp/it'\\''s here/orderer-tls-ca.pem'");
    expect(content('env.Org2')).toContain("CORE_PEER_LOCALMSPID='Org2MSP'");
    expect(content('organisations/Org2/Admin/msp/config.yaml')).toContain('NodeOUs');
  });

  it('gives osnadmin the first orderer that has an admin listener, and the certificate to come with', async () => {
    const raft = loadTopology('fixtures/network/raft.yaml');
    const there = raft.machines.map(({ number }) => ({ number, address: `10.0.0.${number}` }));
    const addresses = Object.fromEntries(there.map((m) => [m.number, m.address]));
    const identities = await createIdentities(raft, addresses);
    const made = exportFiles({ topology: raft, machines: there, identities, packageIds: {} }, '/x');
    const text = (path: string) => made.find((file) => file.path === path)?.content ?? '';
    const [orderer] = raft.ordering.orderers;
    const admin = `10.0.0.${orderer?.machine}:${orderer?.ports.admin}`;
    expect(text('env')).toContain(`export ORDERER_ADMIN_LISTENADDRESS='${admin}'`);
    const [, certificate = ''] = /ADMIN_TLS_SIGN_CERT='\/x\/([^']*)'/.exec(text('env')) ?? [];
    const [, key = ''] = /ADMIN_TLS_PRIVATE_KEY='\/x\/([^']*)'/.exec(text('env')) ?? [];
    const own = new X509Certificate(text(certificate));
    expect(own.checkPrivateKey(createPrivateKey(text(key)))).toBe(true);
    expect(own.verify(new X509Certificate(text('orderer-tls-ca.pem')).publicKey)).toBe(true);
  }, 60_000);

  it('gives Caliper a network of version 2', () => {
    const network = parse(content('caliper-network.yaml'));
    expect(network.version).toBe('2.0.0');
    expect(network.channels).toEqual([{ channelName: 'mychannel', contracts: [{ id: 'bank' }] }]);
    expect(network.organizations[1].connectionProfile).toEqual({
      path: "/tmp/it's here/profiles/Org2.json",
      discover: false,
    });
  });
});

describe('stackFile', () => {
  it('says what docker stack deploy would have to know', () => {
    const service: InspectedService = {
      Spec: {
        Name: 'peer0-org1',
        TaskTemplate: {
          ContainerSpec: {
            Image: 'fabric:1@sha256:0123',
            Env: ['PRICE=$5'],
            StopGracePeriod: 5_000_000_000,
            HealthCheck: { Test: ['CMD', 'true'], Interval: 30_000_000_000, Retries: 3 },
            Mounts: [{ Source: 'ledger', Target: '/var/ledger' }],
            Configs: [{ ConfigName: 'config-a', File: { Name: '/etc/a', Mode: 0o444 } }],
            Secrets: [{ SecretName: 'secret-b', File: { Name: '/etc/b', Mode: 0o400 } }],
          },
          Networks: [{ Aliases: ['peer0.org1'] }],
          Placement: { Constraints: ['node.labels.machine==1'] },
        },
        EndpointSpec: {
          Ports: [{ TargetPort: 7051, PublishedPort: 7051, PublishMode: 'host' }],
        },
      },
    };
    expect(parse(stackFile([service], 'fabric_net'))).toEqual({
      services: {
        'peer0-org1': {
          image: 'fabric:1',
          environment: ['PRICE=$$5'],
          stop_grace_period: '5000ms',
          healthcheck: { test: ['CMD', 'true'], interval: '30000ms', retries: 3 },
          volumes: ['ledger:/var/ledger'],
          configs: [{ source: 'config-a', target: '/etc/a', mode: 0o444 }],
          secrets: [{ source: 'secret-b', target: '/etc/b', mode: 0o400 }],
          ports: [{ target: 7051, published: 7051, mode: 'host' }],
          networks: { fabric_net: { aliases: ['peer0.org1'] } },
          deploy: {
            endpoint_mode: 'dnsrr',
            replicas: 1,
            placement: { constraints: ['node.labels.machine==1'] },
          },
        },
      },
      networks: { fabric_net: { external: true } },
      volumes: { ledger: { external: true } },
      configs: { 'config-a': { file: 'configs/config-a' } },
      secrets: { 'secret-b': { external: true } },
    });
  });
});
