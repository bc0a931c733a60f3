import { FieldReader } from '../../fabric/ledger/wire.ts';

/** A channel's configuration as it is stored: `common.ConfigGroup`, whose maps have no order. */
export interface ConfigGroup {
  readonly version: number;
  readonly modPolicy: string;
  readonly groups: ReadonlyMap<string, ConfigGroup>;
  readonly values: ReadonlyMap<string, ConfigItem>;
  readonly policies: ReadonlyMap<string, ConfigPolicy>;
}

export interface ConfigItem {
  readonly version: number;
  readonly modPolicy: string;
  /** Serialized; what message it is follows from the item's name. */
  readonly value: Buffer;
}

export interface ConfigPolicy extends ConfigItem {
  /** `common.Policy.PolicyType`; `value` is that policy. */
  readonly type: number;
}

const NOTHING = Buffer.alloc(0);

/**
 * Reads `common.ConfigGroup`.
 *
 * @throws {MalformedMessage} when the bytes are none
 */
export function decodeConfigGroup(reader: FieldReader): ConfigGroup {
  let version = 0;
  let modPolicy = '';
  const groups = new Map<string, ConfigGroup>();
  const values = new Map<string, ConfigItem>();
  const policies = new Map<string, ConfigPolicy>();
  while (reader.next()) {
    if (reader.field === 1) version = reader.varint();
    else if (reader.field === 2) groups.set(...entry(reader.message(), decodeConfigGroup));
    else if (reader.field === 3) values.set(...entry(reader.message(), decodeItem));
    else if (reader.field === 4) policies.set(...entry(reader.message(), decodePolicy));
    else if (reader.field === 5) modPolicy = reader.text();
    else reader.skip();
  }
  return { version, modPolicy, groups, values, policies };
}

/** An entry of a map: its key is field 1, its value field 2. */
function entry<T>(reader: FieldReader, decode: (value: FieldReader) => T): [string, T] {
  let key = '';
  let value = new FieldReader(NOTHING);
  while (reader.next()) {
    if (reader.field === 1) key = reader.text();
    else if (reader.field === 2) value = reader.message();
    else reader.skip();
  }
  return [key, decode(value)];
}

function decodeItem(reader: FieldReader): ConfigItem {
  let version = 0;
  let modPolicy = '';
  let value: Buffer = NOTHING;
  while (reader.next()) {
    if (reader.field === 1) version = reader.varint();
    else if (reader.field === 2) value = Buffer.from(reader.view());
    else if (reader.field === 3) modPolicy = reader.text();
    else reader.skip();
  }
  return { version, modPolicy, value };
}

function decodePolicy(reader: FieldReader): ConfigPolicy {
  const { value: bytes, ...item } = decodeItem(reader);
  let type = 0;
  let value: Buffer = NOTHING;
  const policy = new FieldReader(bytes);
  while (policy.next()) {
    if (policy.field === 1) type = policy.varint();
    else if (policy.field === 2) value = policy.view();
    else policy.skip();
  }
  return { ...item, type, value };
}

/** All elements of a configuration by their paths, e.g. `[Value] /Channel/Orderer/BatchSize`, as Fabric names them. */
export function flatten(root: ConfigGroup): Map<string, FlatElement> {
  const flat = new Map<string, FlatElement>();
  const walk = (group: ConfigGroup, path: readonly string[]): void => {
    const here = path.join('/');
    const { version, modPolicy, groups, values, policies } = group;
    flat.set(`[Group] /${here}`, {
      version,
      modPolicy,
      manager: path,
      content: [groups, values, policies].map((map) => [...map.keys()].sort().join(' ')).join('|'),
    });
    for (const [name, item] of values) flat.set(`[Value] /${here}/${name}`, leaf(item, path));
    for (const [name, item] of policies) {
      flat.set(`[Policy] /${here}/${name}`, leaf(item, path, item.type));
    }
    for (const [name, below] of groups) walk(below, [...path, name]);
  };
  walk(root, ['Channel']);
  return flat;
}

/** An element without what is below it. */
export interface FlatElement {
  readonly version: number;
  readonly modPolicy: string;
  /** Path of the group in which a relative mod_policy is looked up. */
  readonly manager: readonly string[];
  /** Equal for equal contents. */
  readonly content: string;
}

const leaf = (
  { version, modPolicy, value }: ConfigItem,
  manager: readonly string[],
  type = 0,
): FlatElement => ({
  version,
  modPolicy,
  manager,
  content: `${type}:${value.toString('latin1')}`,
});
