import { parse } from 'yaml';
import { loadTopology } from '../../topology/load.ts';
import { createIdentities, type Identities } from '../identities/identities.ts';
import { type ArtefactJob, artefactJob, GENESIS } from './artefacts.ts';

const topology = loadTopology('fixtures/network/article.yaml');
/** Making keys takes 0.2 s of computing; on a machine at work on other things the default of 5 s is not enough. */
const KEYS_BUDGET_MS = 60_000;

let identities: Identities;
let job: ArtefactJob;
beforeAll(async () => {
  identities = await createIdentities(topology, { 1: '10.0.0.1', 2: '10.0.0.2', 3: '10.0.0.3' });
  job = artefactJob(topology, identities, { genesis: true, channels: topology.channels });
}, KEYS_BUDGET_MS);

const profiles = () => parse(job.files['configtx.yaml'] ?? '').Profiles;

describe('artefactJob', () => {
  it('makes the genesis block and a creation transaction for each channel', () => {
    expect(job.outputs).toEqual({
      [GENESIS]: '/tmp/artefacts/out/genesis.block',
      mychannel: '/tmp/artefacts/out/mychannel.tx',
    });
    expect(job.commands.map((command) => command.join(' '))).toEqual([
      'configtxgen -configPath /tmp/artefacts -profile Genesis -channelID system-channel ' +
        '-outputBlock /tmp/artefacts/out/genesis.block',
      'configtxgen -configPath /tmp/artefacts -profile Channel-mychannel -channelID mychannel ' +
        '-channelCreateTxBaseProfile Genesis -outputCreateChannelTx /tmp/artefacts/out/mychannel.tx',
    ]);
  });

  it('ships the public MSP of each organisation and no private key', () => {
    expect(Object.keys(job.files)).toEqual(
      expect.arrayContaining(
        ['OrdererMSP', 'Org1MSP', 'Org2MSP'].map((id) => `organisations/${id}/cacerts/ca.pem`),
      ),
    );
    expect(JSON.stringify(job.files)).not.toContain('PRIVATE KEY');
    expect(profiles().Genesis.Orderer.Organizations[0].MSPDir).toBe('organisations/OrdererMSP');
  });

  it('orders through the topology’s brokers with its batch settings', () => {
    expect(profiles().Genesis.Orderer).toMatchObject({
      OrdererType: 'kafka',
      BatchTimeout: '300ms',
      BatchSize: {
        MaxMessageCount: 50,
        AbsoluteMaxBytes: 102_760_448,
        PreferredMaxBytes: 524_288,
      },
      Kafka: { Brokers: ['kafka0:9092', 'kafka1:9092', 'kafka2:9092', 'kafka3:9092'] },
    });
  });

  it('gives clients both orderers at the port inside the overlay', () => {
    const { Addresses, Organizations } = profiles().Genesis.Orderer;
    expect(Addresses).toEqual(['orderer0:7050', 'orderer1:7050']);
    expect(Organizations[0].OrdererEndpoints).toEqual(Addresses);
  });

  it('states every policy', () => {
    const { Genesis, 'Channel-mychannel': channel } = profiles();
    const names = (policies: object) => Object.keys(policies).sort();
    expect(names(Genesis.Policies)).toEqual(['Admins', 'Readers', 'Writers']);
    expect(names(Genesis.Orderer.Policies)).toEqual([
      'Admins',
      'BlockValidation',
      'Readers',
      'Writers',
    ]);
    expect(names(channel.Application.Policies)).toEqual([
      'Admins',
      'Endorsement',
      'LifecycleEndorsement',
      'Readers',
      'Writers',
    ]);
    for (const organisation of channel.Application.Organizations) {
      expect(names(organisation.Policies)).toEqual(['Admins', 'Endorsement', 'Readers', 'Writers']);
    }
  });

  it('sets anchor peers with the creation of a channel, against an equal orderer section', () => {
    const { Genesis, 'Channel-mychannel': channel } = profiles();
    expect(
      channel.Application.Organizations.map((o: { AnchorPeers: unknown }) => o.AnchorPeers),
    ).toEqual([[{ Host: 'peer0.org1', Port: 7051 }], [{ Host: 'peer0.org2', Port: 7051 }]]);
    expect(channel.Orderer).toEqual(Genesis.Orderer);
    expect(channel.Policies).toEqual(Genesis.Policies);
    expect(channel.Capabilities).toEqual(Genesis.Capabilities);
  });

  it('makes further channels of some organisations without a genesis block', () => {
    const more = artefactJob(topology, identities, {
      genesis: false,
      channels: [{ name: 'scenario-1', organisations: ['Org2'] }],
    });
    expect(Object.keys(more.outputs)).toEqual(['scenario-1']);
    expect(more.commands).toHaveLength(1);
    const profile = parse(more.files['configtx.yaml'] ?? '').Profiles['Channel-scenario-1'];
    expect(profile.Application.Organizations.map((o: { Name: string }) => o.Name)).toEqual([
      'Org2',
    ]);
  });

  it('leaves anchor peers out where one admin shall be able to create the channel, and makes updates for later', () => {
    const { files, outputs, commands } = artefactJob(topology, identities, {
      genesis: false,
      channels: [{ name: 'alone', organisations: ['Org2'], anchorPeers: false }],
    });
    const made = parse(files['configtx.yaml'] ?? '').Profiles;
    expect(made['Channel-alone'].Application.Organizations[0]).not.toHaveProperty('AnchorPeers');
    expect(made['Anchors-alone'].Application.Organizations[0].AnchorPeers).toEqual([
      { Host: 'peer0.org2', Port: 7051 },
    ]);
    expect(outputs).toEqual({
      alone: '/tmp/artefacts/out/alone.tx',
      alone_Org2MSPanchors: '/tmp/artefacts/out/alone_Org2MSPanchors.tx',
    });
    expect(commands[1]?.join(' ')).toBe(
      'configtxgen -configPath /tmp/artefacts -profile Anchors-alone -channelID alone ' +
        '-outputAnchorPeersUpdate /tmp/artefacts/out/alone_Org2MSPanchors.tx -asOrg Org2',
    );
  });

  const channelOf = (name: string, organisation: string) => () =>
    artefactJob(topology, identities, {
      genesis: true,
      channels: [{ name, organisations: [organisation] }],
    });

  it('refuses an organisation that it does not know', () => {
    expect(channelOf('x', 'Org3')).toThrow(
      'channel x: expected organisations among Org1, Org2, saw Org3',
    );
  });

  it('has a channel called genesis beside the genesis block', () => {
    expect(channelOf('genesis', 'Org1')().outputs).toEqual({
      [GENESIS]: '/tmp/artefacts/out/genesis.block',
      genesis: '/tmp/artefacts/out/genesis.tx',
    });
  });
});

describe('artefactJob without a system channel', () => {
  const jobOf = async (name: string) => {
    const other = loadTopology(`fixtures/network/${name}.yaml`);
    const addresses = { 1: '10.0.0.1', 2: '10.0.0.2', 3: '10.0.0.3', 4: '10.0.0.4' };
    const keys = await createIdentities(other, addresses);
    const made = artefactJob(other, keys, { genesis: true, channels: other.channels });
    const { Profiles } = parse(made.files['configtx.yaml'] ?? '');
    return { keys, made, channel: Profiles['Channel-mychannel'], profiles: Object.keys(Profiles) };
  };

  it(
    'makes a genesis block a channel, and tells Raft’s consenters by their TLS certificates',
    async () => {
      const { keys, made, channel, profiles } = await jobOf('raft');
      expect(made.outputs).toEqual({ mychannel: '/tmp/artefacts/out/mychannel.block' });
      expect(made.commands).toEqual([
        expect.arrayContaining(['-channelID', 'mychannel', '-outputBlock']),
      ]);
      expect(profiles).toEqual(['Channel-mychannel']);
      expect(channel).not.toHaveProperty('Consortium');
      expect(channel.Capabilities).toEqual({ V2_0: true });
      expect(channel.Orderer).toMatchObject({
        OrdererType: 'etcdraft',
        Addresses: ['orderer0:7050', 'orderer1:7050', 'orderer2:7050'],
      });
      const { Options, Consenters } = channel.Orderer.EtcdRaft;
      expect(Options).toMatchObject({ TickInterval: '100ms', ElectionTick: 10 });
      expect(Consenters).toHaveLength(3);
      expect(made.files[Consenters[1].ServerTLSCert]).toBe(
        keys.orderer.nodes.orderer1?.tls.certificate,
      );
      expect(JSON.stringify(made.files)).not.toContain('PRIVATE KEY');
    },
    KEYS_BUDGET_MS,
  );

  it(
    'tells BFT’s consenters by both certificates, and has no addresses beside the organisation’s',
    async () => {
      const { keys, made, channel } = await jobOf('bft');
      expect(channel.Capabilities).toEqual({ V3_0: true });
      expect(channel.Orderer).not.toHaveProperty('Addresses');
      expect(channel.Orderer.Organizations[0].OrdererEndpoints).toHaveLength(4);
      expect(channel.Orderer).toMatchObject({
        OrdererType: 'BFT',
        SmartBFT: { RequestComplainTimeout: '5000ms', RequestForwardTimeout: '500ms' },
      });
      const last = channel.Orderer.ConsenterMapping[3];
      expect(last).toMatchObject({ ID: 4, Host: 'orderer3', Port: 7050, MSPID: 'OrdererMSP' });
      expect(made.files[last.Identity]).toBe(keys.orderer.nodes.orderer3?.msp.certificate);
      expect(made.files[last.ClientTLSCert]).toBe(keys.orderer.nodes.orderer3?.tls.certificate);
    },
    KEYS_BUDGET_MS,
  );
});
