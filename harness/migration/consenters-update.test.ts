import { common, etcdraft, orderer } from '../../fabric-client/protos.ts';
import type { Consensus } from './consensus.ts';
import { consentersUpdate } from './consenters-update.ts';

const { State } = orderer.ConsensusType;

const consensus = (...hosts: readonly string[]): Consensus => {
  const consenters = hosts.map((host) => ({
    host,
    port: 7050,
    server_tls_cert: Buffer.from('PEM'),
  }));
  const metadata = etcdraft.ConfigMetadata.encode({ consenters }).finish();
  const type = { type: 'etcdraft', state: State.STATE_NORMAL, metadata };
  const value = orderer.ConsensusType.encode(type).finish();
  return {
    channel: 'mychannel',
    type: 'etcdraft',
    maintenance: false,
    configBlock: 4,
    newestBlock: 9,
    changesType: false,
    group: { groups: { Orderer: { values: { ConsensusType: { version: 2, value } } } } },
  };
};

const membersIn = (update: Uint8Array | undefined) => {
  const { write_set } = common.ConfigUpdate.decode(update ?? new Uint8Array());
  const value = write_set?.groups?.Orderer?.values?.ConsensusType;
  const { type, metadata } = orderer.ConsensusType.decode(value?.value ?? new Uint8Array());
  const { consenters } = etcdraft.ConfigMetadata.decode(metadata);
  return { type, version: Number(value?.version), hosts: consenters.map(({ host }) => host) };
};

it('takes one consenter out and leaves the others as they are', () => {
  const update = consentersUpdate(
    consensus('orderer0', 'orderer1', 'orderer2'),
    'orderer1',
    undefined,
  );
  expect(membersIn(update)).toEqual({
    type: 'etcdraft',
    version: 3,
    hosts: ['orderer0', 'orderer2'],
  });
});

it('takes one in, known by its certificate', () => {
  const update = consentersUpdate(consensus('orderer0', 'orderer2'), 'orderer1', 'PEM');
  expect(membersIn(update).hosts).toEqual(['orderer0', 'orderer2', 'orderer1']);
  expect(Buffer.from(update ?? []).includes('PEM')).toBe(true);
});

it('changes nothing that is so already', () => {
  expect(consentersUpdate(consensus('orderer0'), 'orderer0', 'PEM')).toBeUndefined();
  expect(consentersUpdate(consensus('orderer0'), 'orderer1', undefined)).toBeUndefined();
});

it('gives one another certificate in its place, which is how Fabric knows a rotation', () => {
  const update = consentersUpdate(consensus('orderer0', 'orderer1', 'orderer2'), 'orderer1', 'NEW');
  expect(membersIn(update).hosts).toEqual(['orderer0', 'orderer1', 'orderer2']);
  expect(Buffer.from(update ?? []).includes('NEW')).toBe(true);
});

it('says after how many bytes a snapshot is taken, besides', () => {
  const update = consentersUpdate(consensus('orderer0', 'orderer1'), 'orderer1', undefined, 65_536);
  const { write_set } = common.ConfigUpdate.decode(update ?? new Uint8Array());
  const value = write_set?.groups?.Orderer?.values?.ConsensusType?.value ?? new Uint8Array();
  const { metadata } = orderer.ConsensusType.decode(value);
  expect(etcdraft.ConfigMetadata.decode(metadata).options?.snapshot_interval_size).toBe(65_536);
});
