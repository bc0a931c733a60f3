import { common } from '../../fabric-client/protos.ts';
import { configUpdate, type Group } from './config-update.ts';

const value = (text: string, version = 0) => ({
  version,
  value: Buffer.from(text),
  mod_policy: 'Admins',
});

const before: Group = {
  version: 4,
  mod_policy: 'Admins',
  values: { Addresses: value('a', 1), Capabilities: value('V2_0', 2) },
  groups: {
    Orderer: {
      version: 3,
      values: { BatchSize: value('batch', 5) },
      policies: { Blocks: { version: 1, mod_policy: 'Admins', policy: { type: 3 } } },
    },
    Application: { version: 7, values: { ACLs: value('acls') } },
  },
};

const decoded = (after: Group) => {
  const update = configUpdate('mychannel', before, after);
  if (!update) throw new Error('expected an update, seen none');
  return common.ConfigUpdate.toObject(common.ConfigUpdate.decode(update), {
    bytes: String,
    longs: Number,
  }) as { channel_id: string; read_set: Group; write_set: Group };
};

const base64 = (text: string) => Buffer.from(text).toString('base64');

it('writes nothing for what is the same', () => {
  expect(configUpdate('mychannel', before, structuredClone(before))).toBeUndefined();
});

it('writes a changed value alone, with its next version', () => {
  const after = { ...before, values: { ...before.values, Addresses: value('b') } };
  expect(decoded(after)).toEqual({
    channel_id: 'mychannel',
    read_set: { version: 4 },
    write_set: {
      version: 4,
      values: { Addresses: { version: 2, value: base64('b'), mod_policy: 'Admins' } },
    },
  });
});

it('writes a group whose member is gone with its next version, and the others by theirs', () => {
  const { Addresses: _, ...rest } = before.values ?? {};
  const after = { ...before, values: { ...rest, Capabilities: value('V3_0') } };
  expect(decoded(after)).toMatchObject({
    read_set: { version: 4, groups: { Orderer: { version: 3 }, Application: { version: 7 } } },
    write_set: {
      version: 5,
      mod_policy: 'Admins',
      values: { Capabilities: { version: 3, value: base64('V3_0') } },
      groups: { Orderer: { version: 3 }, Application: { version: 7 } },
    },
  });
});

it('writes a new member and a changed policy below groups that stay', () => {
  const orderer = before.groups?.Orderer;
  const after: Group = {
    ...before,
    groups: {
      ...before.groups,
      Orderer: {
        ...orderer,
        values: { ...orderer?.values, Orderers: value('mapping') },
        policies: { Blocks: { mod_policy: 'Admins', policy: { type: 1 } } },
      },
    },
  };
  const { read_set, write_set } = decoded(after);
  expect(read_set).toEqual({
    version: 4,
    groups: { Orderer: { version: 3, values: { BatchSize: { version: 5 } } } },
  });
  expect(write_set.groups?.Orderer).toMatchObject({
    version: 4,
    values: { BatchSize: { version: 5 }, Orderers: { value: base64('mapping') } },
    policies: { Blocks: { version: 2, policy: { type: 1 } } },
  });
});
