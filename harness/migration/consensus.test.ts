import { common, etcdraft, orderer } from '../../fabric-client/protos.ts';
import { createIdentities } from '../fabric/identities/identities.ts';
import { loadTopology } from '../topology/load.ts';
import { type Consensus, consensusUpdate } from './consensus.ts';
import { raftMetadata } from './raft-metadata.ts';

const { State } = orderer.ConsensusType;

/** A channel on Kafka whose configuration has been changed twice. */
function consensus(state = State.STATE_NORMAL): Consensus {
  const value = orderer.ConsensusType.encode({ type: 'kafka', state }).finish();
  return {
    channel: 'mychannel',
    type: 'kafka',
    maintenance: state === State.STATE_MAINTENANCE,
    configBlock: 4,
    newestBlock: 9,
    changesType: false,
    group: {
      version: 1,
      groups: {
        Orderer: {
          version: 2,
          values: {
            ConsensusType: { version: 3, value, mod_policy: 'Admins' },
            BatchSize: { version: 0, value: Buffer.from('batch') },
          },
        },
      },
    },
  };
}

const written = (update: Uint8Array) => {
  const decoded = common.ConfigUpdate.decode(update);
  const group = decoded.write_set?.groups?.Orderer;
  const value = group?.values?.ConsensusType;
  return {
    decoded,
    group,
    version: Number(value?.version),
    type: orderer.ConsensusType.decode(value?.value ?? Buffer.alloc(0)),
  };
};

describe('consensusUpdate', () => {
  it('writes the next version of the consensus and touches nothing else', () => {
    const { decoded, group, version, type } = written(
      consensusUpdate(consensus(), { maintenance: true }),
    );
    expect(decoded.channel_id).toBe('mychannel');
    expect(Number(decoded.read_set?.version)).toBe(1);
    expect(Number(decoded.read_set?.groups?.Orderer?.version)).toBe(2);
    expect(Number(group?.version)).toBe(2);
    expect(Object.keys(group?.values ?? {})).toEqual(['ConsensusType']);
    expect(group?.values?.ConsensusType?.mod_policy).toBe('Admins');
    expect(version).toBe(4);
    expect(type).toMatchObject({ type: 'kafka', state: State.STATE_MAINTENANCE });
  });

  it('keeps the maintenance that it finds when only the type changes', () => {
    const metadata = Buffer.from([1, 2, 3]);
    const change = { type: 'etcdraft', metadata };
    const { type } = written(consensusUpdate(consensus(State.STATE_MAINTENANCE), change));
    expect(type).toMatchObject({ type: 'etcdraft', state: State.STATE_MAINTENANCE });
    expect(Buffer.from(type.metadata)).toEqual(metadata);
  });

  it('leaves type and metadata as they are when it ends the maintenance', () => {
    const { type } = written(
      consensusUpdate(consensus(State.STATE_MAINTENANCE), { maintenance: false }),
    );
    expect(type).toMatchObject({ type: 'kafka', state: State.STATE_NORMAL });
  });
});

it('makes every orderer a consenter, known by its TLS certificate', async () => {
  const topology = loadTopology('fixtures/network/article.yaml');
  const identities = await createIdentities(topology, {
    1: '10.0.0.1',
    2: '10.0.0.2',
    3: '10.0.0.3',
  });
  const { consenters, options } = etcdraft.ConfigMetadata.decode(
    raftMetadata(topology, identities),
  );
  expect(consenters.map(({ host, port }) => [host, port])).toEqual([
    ['orderer0', 7050],
    ['orderer1', 7050],
  ]);
  const certificate = identities.orderer.nodes.orderer1?.tls.certificate;
  expect(Buffer.from(consenters[1]?.server_tls_cert ?? []).toString()).toBe(certificate);
  expect(options).toMatchObject({ tick_interval: '500ms', election_tick: 10, heartbeat_tick: 1 });
}, 60_000);
