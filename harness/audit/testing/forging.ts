import fc from 'fast-check';
import * as protos from '../../../fabric-client/protos.ts';
import type { HistoryRecord } from '../../workload/history.ts';
import { hearings, type TestRecording } from './ledger-builder.ts';

/** One change to a sound recording, as random numbers that are taken for choices. */
export interface Forgery {
  readonly kind: (typeof KINDS)[number];
  readonly choices: readonly number[];
}

const KINDS = [
  'byte',
  'signature',
  'code',
  'state',
  'event',
  'chaincode event',
  'ordering',
  'history',
  'lines',
] as const;

export const forgeries: fc.Arbitrary<Forgery> = fc.record({
  kind: fc.constantFrom(...KINDS),
  choices: fc.array(fc.nat(0x7fffffff), { minLength: 8, maxLength: 8 }),
});

/** What was changed: a label by which it can be looked up among changes that mean nothing, and details for a reader. */
export interface Forged {
  readonly recording: TestRecording;
  /** E.g. `history complete.error`, `state value`. */
  readonly label: string;
  readonly detail: string;
}

/** Draws without bias worth mentioning from lists, in the order in which it is asked. */
class Choices {
  readonly #numbers: readonly number[];
  #next = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  below(limit: number): number {
    const number = this.#numbers[this.#next % this.#numbers.length] as number;
    this.#next += 1;
    return number % limit;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

/** Applies a forgery to a copy; `undefined` where it changes nothing. */
export function forge(sound: TestRecording, { kind, choices }: Forgery): Forged | undefined {
  const pick = new Choices(choices);
  const copy: TestRecording = {
    ...sound,
    history: [...sound.history],
    chain: new Map([...sound.chain].map(([source, blocks]) => [source, [...blocks]])),
    states: new Map([...sound.states].map(([peer, entries]) => [peer, [...entries]])),
    streams: new Map([...sound.streams].map(([peer, events]) => [peer, [...events]])),
    heard: new Map([...sound.heard].map(([peer, events]) => [peer, [...events]])),
    replayed: new Map([...sound.replayed].map(([peer, events]) => [peer, [...events]])),
    chaincodeEvents: () => hearings(copy),
    orderingRecords: new Map([...sound.orderingRecords].map(([name, log]) => [name, [...log]])),
    orderingLog: (name) => copy.orderingRecords.get(name) ?? null,
    blocks: () => [...copy.chain].map(([source, blocks]) => ({ source, blocks })),
    state: () => [...copy.states].map(([peer, entries]) => ({ peer, entries })),
    events: () => [...copy.streams].map(([peer, events]) => ({ peer, events })),
  };
  const made = FORGERS[kind](copy, pick);
  return made && { recording: copy, ...made };
}

type Made = { readonly label: string; readonly detail: string } | undefined;
type Forger = (recording: TestRecording, pick: Choices) => Made;

const FORGERS: Readonly<Record<Forgery['kind'], Forger>> = {
  byte({ chain }, pick) {
    const source = pick.of([...chain.keys()]);
    const blocks = chain.get(source) ?? [];
    const number = pick.below(blocks.length);
    const bytes = Buffer.from(blocks[number] as Buffer);
    const at = pick.below(bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << pick.below(8));
    blocks[number] = bytes;
    return { label: 'byte', detail: `byte ${at} of block ${number} on ${source}` };
  },
  signature({ chain }, pick) {
    const source = pick.of([...chain.keys()]);
    const blocks = chain.get(source) ?? [];
    const number = 1 + pick.below(blocks.length - 1);
    const block = protos.common.Block.decode(blocks[number] as Buffer);
    const slots = block.metadata?.metadata ?? [];
    const metadata = protos.common.Metadata.decode(slots[0] ?? Buffer.alloc(0));
    const [first] = metadata.signatures;
    if (!first) return undefined;
    const how = pick.of(['removed', 'emptied', 'flipped', 'of another block'] as const);
    if (how === 'removed') metadata.signatures = [];
    else if (how === 'emptied') first.signature = Buffer.alloc(0);
    else if (how === 'flipped') {
      const signature = Buffer.from(first.signature ?? []);
      const at = pick.below(signature.length);
      signature[at] = (signature[at] as number) ^ (1 << pick.below(8));
      first.signature = signature;
    } else {
      const other = protos.common.Block.decode(blocks[number === 1 ? 2 : 1] as Buffer);
      const slot = other.metadata?.metadata?.[0] ?? Buffer.alloc(0);
      metadata.signatures = protos.common.Metadata.decode(slot).signatures;
    }
    slots[0] = protos.common.Metadata.encode(metadata).finish();
    blocks[number] = Buffer.from(protos.common.Block.encode(block).finish());
    return { label: 'signature', detail: `signature of block ${number} on ${source} ${how}` };
  },
  code({ chain }, pick) {
    const sources = [...chain.keys()].filter((source) => source.startsWith('peer'));
    const length = chain.get(sources[0] as string)?.length ?? 0;
    const number = pick.below(length);
    const everywhere = pick.below(2) === 0;
    const alone = pick.of(sources);
    const draw = [
      pick.below(1 << 16),
      pick.of([0, 2, 4, 5, 8, 9, 10, 11, 12, 24, 25, 254, 255]),
    ] as const;
    let changed = '';
    for (const source of everywhere ? sources : [alone]) {
      const blocks = chain.get(source) ?? [];
      const block = protos.common.Block.decode(blocks[number] as Buffer);
      const codes = Buffer.from(block.metadata?.metadata?.[2] ?? []);
      const index = draw[0] % codes.length;
      if (codes[index] === draw[1]) return undefined;
      changed = `${codes[index]} → ${draw[1]} of transaction ${index}`;
      codes[index] = draw[1];
      if (block.metadata?.metadata) block.metadata.metadata[2] = codes;
      blocks[number] = Buffer.from(protos.common.Block.encode(block).finish());
    }
    return {
      label: 'code',
      detail: `code ${changed} of block ${number} on ${everywhere ? 'all peers' : alone}`,
    };
  },
  state({ states }, pick) {
    const peer = pick.of([...states.keys()]);
    const entries = states.get(peer) ?? [];
    const index = pick.below(entries.length);
    const entry = entries[index];
    if (!entry) return undefined;
    const part = pick.of(['value', 'version', 'key', 'namespace', 'metadata'] as const);
    const changed = altered(entry[part] ?? '', pick);
    entries[index] = { ...entry, [part]: changed };
    return {
      label: `state ${entry.key === 'statedb_savepoint' ? 'savepoint ' : ''}${part}`,
      detail: `${part} of ${entry.key} on ${peer}: ${entry[part]} → ${String(changed)}`,
    };
  },
  event({ streams }, pick) {
    const peer = pick.of([...streams.keys()]);
    const changed = changeOne(streams.get(peer) ?? [], pick);
    if (!changed) return undefined;
    const { index, path } = changed;
    return { label: `event ${path}`, detail: `${path} of event ${index} on ${peer}` };
  },
  'chaincode event'({ heard, replayed }, pick) {
    const [name, streams] = pick.of([
      ['heard', heard],
      ['replayed', replayed],
    ] as const);
    const peer = pick.of([...streams.keys()]);
    const changed = changeOne(streams.get(peer) ?? [], pick);
    if (!changed) return undefined;
    const { index, path } = changed;
    return { label: `chaincode event ${path}`, detail: `${path} of ${name} ${index} of ${peer}` };
  },
  ordering({ orderingRecords }, pick) {
    const [log = []] = [...orderingRecords.values()];
    const changed = changeOne(log, pick);
    if (!changed) return undefined;
    const { path, before, record } = changed;
    return { label: `ordering ${before.kind}.${path}`, detail: JSON.stringify(record) };
  },
  history(recording, pick) {
    const changed = changeOne(recording.history, pick);
    if (!changed) return undefined;
    const { index, path, before, record } = changed;
    const { type } = before;
    const trace =
      type === 'invoke' && leftNoTrace(recording, record) ? ' of what left no trace' : '';
    return {
      label: `history ${type}.${path}${trace}`,
      detail: `${path} of record ${index}: ${JSON.stringify(record)}`,
    };
  },
  lines({ history, states, streams, heard, replayed, orderingRecords }, pick) {
    const [name, list] = pick.of<[string, unknown[]]>([
      ['history', history],
      ...[...states].map(([peer, entries]): [string, unknown[]] => [`state ${peer}`, entries]),
      ...[...streams].map(([peer, events]): [string, unknown[]] => [`event ${peer}`, events]),
      ...[...orderingRecords].map(([name, log]): [string, unknown[]] => [`ordering ${name}`, log]),
      ...[...heard].map(([peer, told]): [string, unknown[]] => [`heard ${peer}`, told]),
      ...[...replayed].map(([peer, told]): [string, unknown[]] => [`replayed ${peer}`, told]),
    ]);
    const index = pick.below(list.length);
    const how = pick.of(['dropped', 'doubled'] as const);
    const line = list[index];
    if (how === 'dropped') list.splice(index, 1);
    else list.splice(index, 0, line);
    const kind = name === 'history' ? ` ${(line as HistoryRecord).type}` : early(line);
    return {
      label: `line ${name.split(' ')[0]}${kind} ${how}`,
      detail: `line ${index} of ${name} ${how}: ${JSON.stringify(line).slice(0, 160)}`,
    };
  },
};

/** Listeners may begin at any block before the scenario's first. */
const early = (line: unknown): string =>
  (line as { block?: number }).block === 0 ? ' before the scenario' : '';

/** A submit of which no client was told a block. */
const leftNoTrace = ({ history }: TestRecording, invoke: Record<string, unknown>): boolean =>
  invoke['kind'] === 'submit' &&
  !history.some(
    (record) =>
      record.type === 'complete' &&
      record.operation === invoke['operation'] &&
      record.block !== undefined,
  );

/** Puts a changed copy in the place of one record of a list, if it has anything to change. */
function changeOne<T extends object>(list: T[], pick: Choices) {
  const index = pick.below(list.length);
  const before = list[index] as T;
  const record = structuredClone(before) as Record<string, unknown>;
  const path = mutate(record, pick);
  if (path === undefined) return undefined;
  list[index] = record as T;
  return { index, path, before, record };
}

/** Changes one leaf of an object; returns its path without positions in lists. */
function mutate(target: Record<string, unknown>, pick: Choices): string | undefined {
  let place: Record<string, unknown> | unknown[] = target;
  const path: string[] = [];
  for (;;) {
    const keys: string[] = Object.keys(place);
    if (keys.length === 0) return undefined;
    const key: string = pick.of(keys);
    if (!Array.isArray(place)) path.push(key);
    const holder = place as Record<string, unknown>;
    const value: unknown = holder[key];
    if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
      place = value as Record<string, unknown>;
      continue;
    }
    const remove = !Array.isArray(place) && pick.below(8) === 0;
    if (remove) delete holder[key];
    else holder[key] = altered(value, pick);
    return path.join('.');
  }
}

/** Another value of the same type. */
function altered(value: unknown, pick: Choices): unknown {
  if (typeof value === 'number') {
    return pick.of([value + 1, value === 0 ? 1 : value - 1, value + 1 + pick.below(1_000)]);
  }
  if (typeof value === 'boolean') return !value;
  const text = typeof value === 'string' ? value : '';
  const at = pick.below(text.length + 1);
  const character = String.fromCharCode(97 + pick.below(26));
  const replaced = `${text.slice(0, at)}${character}${text.slice(at + 1)}`;
  return replaced === text ? `${text}!` : replaced;
}
