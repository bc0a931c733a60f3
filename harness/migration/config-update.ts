import { common, type FabricProtos } from '../../fabric-client/protos.ts';

export type Group = FabricProtos.common.IConfigGroup;
type Value = FabricProtos.common.IConfigValue;
type Policy = FabricProtos.common.IConfigPolicy;

/**
 * The update that makes one configuration of a channel another, as `configtxlator compute_update` makes it: what did
 * not change is not written, and a group whose members come or go has its next version.
 *
 * @param before as the channel has it now, with its versions
 * @param after versions in it do not matter
 * @returns serialized `common.ConfigUpdate`; undefined when nothing changes
 */
export function configUpdate(channel: string, before: Group, after: Group): Uint8Array | undefined {
  const { read, write, changed } = groupUpdate(before, after);
  if (!changed) return undefined;
  return common.ConfigUpdate.encode({
    channel_id: channel,
    read_set: read,
    write_set: write,
  }).finish();
}

interface Difference<T> {
  /** Those that are as they were, by version alone. */
  readonly same: Record<string, T>;
  readonly written: Record<string, T>;
  /** One has come or gone. */
  readonly membersChanged: boolean;
}

interface GroupUpdate {
  readonly read: Group;
  readonly write: Group;
  readonly changed: boolean;
}

function groupUpdate(before: Group, after: Group): GroupUpdate {
  const values = difference<Value>(before.values ?? {}, after.values ?? {}, sameValue);
  const policies = difference<Policy>(before.policies ?? {}, after.policies ?? {}, samePolicy);
  const groups = groupsUpdate(before.groups ?? {}, after.groups ?? {});
  const version = Number(before.version ?? 0);
  const membersChanged = values.membersChanged || policies.membersChanged || groups.membersChanged;
  const changed =
    membersChanged ||
    [values.written, policies.written, groups.written].some((all) => Object.keys(all).length > 0);
  if (!membersChanged) {
    return {
      read: { version, groups: groups.read },
      write: {
        version,
        values: values.written,
        policies: policies.written,
        groups: groups.written,
      },
      changed,
    };
  }
  return {
    read: {
      version,
      values: values.same,
      policies: policies.same,
      groups: { ...groups.same, ...groups.read },
    },
    write: {
      version: version + 1,
      mod_policy: before.mod_policy ?? '',
      values: { ...values.same, ...values.written },
      policies: { ...policies.same, ...policies.written },
      groups: { ...groups.same, ...groups.written },
    },
    changed,
  };
}

function groupsUpdate(
  before: Record<string, Group>,
  after: Record<string, Group>,
): Difference<Group> & { readonly read: Record<string, Group> } {
  const same: Record<string, Group> = {};
  const read: Record<string, Group> = {};
  const written: Record<string, Group> = {};
  for (const [name, group] of Object.entries(before)) {
    const next = after[name];
    if (!next) continue;
    const update = groupUpdate(group, next);
    if (update.changed) {
      read[name] = update.read;
      written[name] = update.write;
    } else same[name] = { version: Number(group.version ?? 0) };
  }
  const come = Object.entries(after).filter(([name]) => !(name in before));
  for (const [name, group] of come) written[name] = group;
  return { same, read, written, membersChanged: come.length > 0 || gone(before, after) };
}

function difference<T extends Value | Policy>(
  before: Record<string, T>,
  after: Record<string, T>,
  equal: (a: T, b: T) => boolean,
): Difference<T> {
  const same: Record<string, T> = {};
  const written: Record<string, T> = {};
  for (const [name, item] of Object.entries(before)) {
    const next = after[name];
    if (!next) continue;
    const version = Number(item.version ?? 0);
    if (equal(item, next)) same[name] = { version } as T;
    else written[name] = { ...next, version: version + 1 };
  }
  const come = Object.entries(after).filter(([name]) => !(name in before));
  for (const [name, item] of come) written[name] = { ...item, version: 0 };
  return { same, written, membersChanged: come.length > 0 || gone(before, after) };
}

const gone = (before: object, after: object) =>
  Object.keys(before).some((name) => !(name in after));

const bytes = (value: Uint8Array | null | undefined) => Buffer.from(value ?? []);

const sameValue = (a: Value, b: Value) =>
  bytes(a.value).equals(bytes(b.value)) && (a.mod_policy ?? '') === (b.mod_policy ?? '');

const samePolicy = (a: Policy, b: Policy) =>
  (a.policy?.type ?? 0) === (b.policy?.type ?? 0) &&
  bytes(a.policy?.value).equals(bytes(b.policy?.value)) &&
  (a.mod_policy ?? '') === (b.mod_policy ?? '');
