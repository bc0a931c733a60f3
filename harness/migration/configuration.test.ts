import { common, orderer } from '../../fabric-client/protos.ts';
import type { Group } from './config-update.ts';
import { channelCapabilities, groupOf, withBft, withV3 } from './configuration.ts';

const { State } = orderer.ConsensusType;

const consensus = (type: string, metadata: string, state = State.STATE_NORMAL) => ({
  version: 3,
  mod_policy: 'Admins',
  value: orderer.ConsensusType.encode({ type, metadata: Buffer.from(metadata), state }).finish(),
});

const raft: Group = {
  version: 1,
  values: {
    OrdererAddresses: { version: 1, value: Buffer.from('addresses') },
    Capabilities: {
      version: 2,
      mod_policy: 'Admins',
      value: common.Capabilities.encode({ capabilities: { V2_0: {} } }).finish(),
    },
  },
  groups: {
    Orderer: {
      values: {
        ConsensusType: consensus('etcdraft', 'raft', State.STATE_MAINTENANCE),
        BatchSize: { value: Buffer.from('ours') },
      },
      policies: { BlockValidation: { mod_policy: 'Admins', policy: { type: 3 } } },
    },
  },
};

const made: Group = {
  groups: {
    Orderer: {
      values: {
        ConsensusType: consensus('BFT', 'bft'),
        Orderers: { value: Buffer.from('mapping'), mod_policy: 'Admins' },
        BatchSize: { value: Buffer.from('of configtxgen') },
      },
      policies: { BlockValidation: { policy: { type: 1 } } },
    },
  },
};

it('gives a channel V3_0, and takes the addresses that V3_0 refuses', () => {
  const { values } = withV3(raft);
  expect(channelCapabilities({ values: values ?? {} })).toEqual(['V3_0']);
  expect(values).not.toHaveProperty('OrdererAddresses');
  expect(values?.Capabilities?.mod_policy).toBe('Admins');
  expect(channelCapabilities(raft)).toEqual(['V2_0']);
});

it('gives a channel type, options, consenters and the policy for blocks of BFT, still in maintenance', () => {
  const { Orderer } = withBft(raft, made).groups ?? {};
  const value = Orderer?.values?.ConsensusType?.value ?? new Uint8Array();
  const { type, metadata, state } = orderer.ConsensusType.decode(value);
  expect({ type, state }).toEqual({ type: 'BFT', state: State.STATE_MAINTENANCE });
  expect(Buffer.from(metadata).toString()).toBe('bft');
  expect(Orderer?.values?.Orderers).toEqual(made.groups?.Orderer?.values?.Orderers);
  expect(Orderer?.policies?.BlockValidation).toEqual({ mod_policy: 'Admins', policy: { type: 1 } });
});

it('leaves all else of the channel as it is', () => {
  const changed = withBft(raft, made);
  expect(changed.values).toEqual(raft.values);
  expect(changed.groups?.Orderer?.values?.BatchSize).toEqual({ value: Buffer.from('ours') });
});

it('refuses what configtxgen has not made for BFT', () => {
  expect(() => withBft(raft, raft)).toThrow('expected consenters and a policy for blocks');
});

it('reads the channel group of a configuration block', () => {
  const data = common.ConfigEnvelope.encode({ config: { channel_group: raft } }).finish();
  const payload = common.Payload.encode({ data }).finish();
  const envelope = common.Envelope.encode({ payload }).finish();
  const block = common.Block.encode({ data: { data: [envelope] } }).finish();
  expect(Object.keys(groupOf(block).values ?? {})).toEqual(['OrdererAddresses', 'Capabilities']);
  expect(() => groupOf(new Uint8Array())).toThrow('expected a channel group, seen none');
});
