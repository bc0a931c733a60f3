import { FieldReader } from '../../fabric/ledger/wire.ts';
import type { SignedData } from '../validation/block-signatures.ts';
import { decodeConfigGroup, type FlatElement, flatten } from './config-tree.ts';
import type { Configuration } from './configuration.ts';

/** An update of a channel's configuration, as a config block carries it (`common.ConfigUpdateEnvelope`). */
export interface ConfigUpdate {
  readonly channel: string;
  readonly reads: ReadonlyMap<string, FlatElement>;
  readonly writes: ReadonlyMap<string, FlatElement>;
  readonly signatures: readonly SignedData[];
}

const NOTHING = Buffer.alloc(0);

/**
 * Unpacks the update that a config block was made from.
 *
 * @param envelope - serialized `common.Envelope`: `ConfigEnvelope.last_update`
 * @throws {MalformedMessage} when it cannot be read
 */
export function decodeUpdate(envelope: Buffer): ConfigUpdate {
  const data = field(field(envelope, 1), 2);
  const update = field(data, 1);
  const signatures: SignedData[] = [];
  const reader = new FieldReader(data);
  while (reader.next()) {
    if (reader.field !== 2) {
      reader.skip();
      continue;
    }
    const entry = reader.view();
    const header = field(entry, 1);
    signatures.push({
      identity: field(header, 1),
      content: [header, update],
      signature: field(entry, 2),
    });
  }
  return {
    channel: field(update, 1).toString('utf8'),
    reads: flat(field(update, 2)),
    writes: flat(field(update, 3)),
    signatures,
  };
}

const flat = (bytes: Buffer): Map<string, FlatElement> =>
  flatten(decodeConfigGroup(new FieldReader(bytes)));

function field(bytes: Buffer, number: number): Buffer {
  const reader = new FieldReader(bytes);
  let found: Buffer = NOTHING;
  while (reader.next()) {
    if (reader.field === number) found = reader.view();
    else reader.skip();
  }
  return found;
}

/** A change that needs leave, and the path of the policy that gives it. */
export interface NeededLeave {
  readonly element: string;
  readonly policy: string;
}

/**
 * Whether an update follows from the configuration in force and leads to the one that the block has, as
 * common/configtx/update.go decides; all but the signatures.
 *
 * @returns what needs whose leave, or what is wrong
 */
export function leaveNeeded(
  { channel, reads, writes }: ConfigUpdate,
  before: Configuration,
  after: Configuration,
  name: string,
): readonly NeededLeave[] | string {
  if (channel !== name) return `the update is for channel ${channel}`;
  if (after.sequence !== before.sequence + 1) {
    return `sequence ${after.sequence} follows ${before.sequence}`;
  }
  const old = flatten(before.root);
  for (const [path, { version }] of reads) {
    const here = old.get(path);
    if (here?.version !== version) {
      return `it read ${path} at version ${version}, it is at ${here?.version ?? 'none'}`;
    }
  }
  const delta = [...writes].filter(([path, { version }]) => reads.get(path)?.version !== version);
  if (delta.length === 0) return 'it changes nothing';
  const needed: NeededLeave[] = [];
  for (const [path, { version }] of delta) {
    const existing = old.get(path);
    if (!existing) {
      if (version !== 0) return `it adds ${path} at version ${version}`;
      continue;
    }
    if (version !== existing.version + 1) {
      return `it sets ${path} to version ${version}, it is at ${existing.version}`;
    }
    needed.push({ element: path, policy: policyPath(existing) });
  }
  const wrong = unlike(result(old, delta), flatten(after.root));
  return wrong === undefined
    ? needed
    : `it does not lead to the configuration of the block: ${wrong}`;
}

const policyPath = ({ modPolicy, manager }: FlatElement): string =>
  modPolicy.startsWith('/') ? modPolicy : `/${manager.join('/')}/${modPolicy}`;

/** The old configuration with what the update changes; a group that is changed says itself what it has. */
function result(
  old: ReadonlyMap<string, FlatElement>,
  delta: readonly (readonly [string, FlatElement])[],
): Map<string, FlatElement> {
  const all = new Map([...old, ...delta]);
  const kept = new Map<string, FlatElement>();
  const walk = (path: string): void => {
    const group = all.get(`[Group] ${path}`);
    if (!group) return;
    kept.set(`[Group] ${path}`, group);
    const [groups = '', values = '', policies = ''] = group.content.split('|');
    for (const name of names(values)) keep(`[Value] ${path}/${name}`);
    for (const name of names(policies)) keep(`[Policy] ${path}/${name}`);
    for (const name of names(groups)) walk(`${path}/${name}`);
  };
  const keep = (path: string): void => {
    const element = all.get(path);
    if (element) kept.set(path, element);
  };
  walk('/Channel');
  return kept;
}

const names = (text: string): string[] => (text === '' ? [] : text.split(' '));

/** The first element in which two configurations differ. */
function unlike(
  a: ReadonlyMap<string, FlatElement>,
  b: ReadonlyMap<string, FlatElement>,
): string | undefined {
  for (const path of new Set([...a.keys(), ...b.keys()])) {
    const left = a.get(path);
    const right = b.get(path);
    const same =
      left?.version === right?.version &&
      left?.modPolicy === right?.modPolicy &&
      left?.content === right?.content;
    if (!same) return path;
  }
  return undefined;
}
