import { createHash } from 'node:crypto';
import * as protos from '../../../fabric-client/protos.ts';
import type { OrderingFacts, OrderingRecord } from '../../ordering/facts.ts';
import { envelopeMark } from '../../ordering/kafka/model.ts';
import type { Completion, HistoryRecord } from '../../workload/history.ts';
import { canonicalValue } from '../canonical.ts';
import type {
  BlockEvent,
  ChaincodeEventTold,
  EnvironmentFacts,
  EnvironmentProbe,
  Recording,
  ScenarioFacts,
  StateEntry,
} from '../recording.ts';
import { type BankStub, callBank } from './bank.ts';
import {
  encodeBlock,
  encodeConfig,
  encodeSimulation,
  encodeTransaction,
  type PaperTransaction,
  paperId,
  type Simulation,
} from './encoding.ts';
import {
  type ChannelOptions,
  channelGroup,
  definitionState,
  ordererUpdate,
} from './paper-channel.ts';

export const PEERS = ['peer0.org1', 'peer0.org2', 'peer1.org1', 'peer1.org2'] as const;
export const ORDERERS = ['orderer0', 'orderer1'] as const;
const VALID = 0;
const DUPLICATE = 9;
const POLICY = 10;
const MVCC = 11;
const PHANTOM = 12;

type Version = { readonly block: number; readonly transaction: number };
type Stored = Version & { readonly value: string };

/** A transaction as it leaves the endorsers. */
export interface Endorsed {
  readonly id: string;
  readonly operation: number;
  readonly envelope: Buffer;
  readonly simulation: Simulation;
  /** Who endorsed. */
  readonly peers: readonly string[];
  /** Chain height that they simulated at. */
  readonly height: number;
  readonly orderer: string;
}

type DistributiveOmit<T> = T extends unknown ? Omit<T, 'offset'> : never;
/** A record before it has its offset. */
export type Unplaced = DistributiveOmit<OrderingRecord>;

type Group = ReturnType<typeof channelGroup>;

interface Pending {
  readonly endorsed: Endorsed;
  readonly told: Partial<Completion> | 'nothing' | 'truth';
}

/** What a test may bend. Everything else follows from it, as in a real network. */
export interface EndorseOptions {
  readonly client?: string;
  readonly peers?: readonly string[];
  /** Changes what the endorsers sign, before it is encoded. */
  readonly tamper?: (simulation: Simulation) => void;
  readonly id?: string;
  /** Who signs as the client, e.g. `User1@org2`. */
  readonly creator?: string;
  /** Not recorded in the history: a transaction from nowhere, or set-up. */
  readonly silent?: boolean;
  /** What is written otherwise than it was asked for. */
  readonly written?: Partial<PaperTransaction>;
}

/** A recording whose parts can be edited. */
export interface TestRecording extends Recording {
  scenario: ScenarioFacts;
  history: HistoryRecord[];
  channels: string[];
  /** Serialized blocks by source. */
  readonly chain: Map<string, Buffer[]>;
  readonly states: Map<string, StateEntry[]>;
  readonly streams: Map<string, BlockEvent[]>;
  /** What listeners for the chaincode's events heard, and what they hear again, by peer. */
  readonly heard: Map<string, ChaincodeEventTold[]>;
  readonly replayed: Map<string, ChaincodeEventTold[]>;
  /** What the topic holds, by channel. */
  readonly orderingRecords: Map<string, OrderingRecord[]>;
  environment: EnvironmentFacts | null;
  ordering: OrderingFacts | null;
  logs: { component: string; lines: string[]; size?: number }[];
}

/**
 * A whole network on paper: clients, endorsers with the bank chaincode, Kafka, two orderers, four peers. It makes real
 * serialized blocks with fabric-protos, and validates and hashes them with plain code of its own, so that the decoder
 * and the replay of the audit are held against something that shares nothing with them.
 */
export class LedgerBuilder {
  readonly channel: string;
  readonly history: HistoryRecord[] = [];
  /** Milliseconds since the run started. */
  now = 1_000;
  height = 0;
  readonly state = new Map<string, Stored>();
  /** Databases other than the chaincode's: namespace → key → value in base64, version, metadata. */
  readonly #databases = new Map<string, Map<string, Omit<StateEntry, 'key'>>>();
  /** Metadata of the chaincode's keys, in base64. */
  readonly #metadata = new Map<string, string>();
  /** Overrides a validation code: `block:position` → code. State follows it. */
  readonly forcedCodes = new Map<string, number>();
  readonly #chain = new Map<string, Buffer[]>();
  readonly #streams = new Map<string, BlockEvent[]>();
  readonly #heard: ChaincodeEventTold[] = [];
  readonly #known = new Set<string>();
  #pending: Pending[] = [];
  #operations = 0;
  #ids = -1;
  /** What the topic holds: two orderers began to listen. */
  readonly #records: OrderingRecord[] = [
    { offset: 0, kind: 'connect' },
    { offset: 1, kind: 'connect' },
  ];
  #lastConfig = 0;
  #sequence = 0;
  #group = channelGroup();
  #previousHash: Buffer = Buffer.alloc(0);
  #commitHash: Buffer = Buffer.alloc(0);
  #startHeight = 0;

  /** @param isDefined - whether the channel has its chaincode already, as the first block of a real one never does */
  constructor(channel = 'mychannel', isDefined = true) {
    this.channel = channel;
    for (const source of [...PEERS, ...ORDERERS]) this.#chain.set(source, []);
    for (const peer of PEERS) this.#streams.set(peer, []);
    // A real network defines its chaincode in blocks of their own; here it is in the first one, so that the blocks of a
    // test are those that it makes.
    const definition = this.endorse('define', [], {
      silent: true,
      tamper: (simulation) => {
        simulation.definitions = definitionState('bank');
      },
    });
    const config = encodeConfig(channel, 0, this.#group, Buffer.alloc(0));
    this.#keepConfiguration(config);
    if (isDefined) {
      this.#commit(definition.simulation, 0, 1, new Map());
      this.#write([config, definition.envelope], ['', definition.id], [VALID, VALID], new Map());
    } else this.#write([config], [''], [VALID], new Map());
    this.now = 1_000;
    this.begin();
  }

  /** From here on the scenario runs. */
  begin(): void {
    this.#startHeight = this.height;
  }

  /** A config block: another batch size, or what the test wants instead. */
  configure(
    options: ChannelOptions & {
      readonly signers?: readonly string[];
      /** In place of the update that leads there: serialized `common.Envelope`. */
      readonly update?: (before: Group, after: Group) => Buffer;
    } = {},
  ): void {
    const before = this.#group;
    this.#sequence += 1;
    const after = channelGroup({ batchSize: 10 + this.#sequence, ...options });
    const size = after.groups?.['Orderer']?.values?.['BatchSize'];
    if (size) size.version = this.#sequence;
    const update =
      options.update?.(before, after) ??
      ordererUpdate(this.channel, 'BatchSize', before, after, options.signers ?? ['Admin@orderer']);
    this.#group = after;
    this.#lastConfig = this.height;
    const config = encodeConfig(this.channel, this.#sequence, after, update);
    this.#append({ ...taken(config, this.#sequence - 1), kind: 'configuration' });
    this.#keepConfiguration(config);
    this.#write([config], [''], [VALID], new Map());
  }

  /** Endorses a call at the current state. Throws what the chaincode would refuse. */
  endorse(name: string, args: readonly string[], options: EndorseOptions = {}): Endorsed {
    const { client = 'org1-1', peers = ['peer0.org1', 'peer0.org2'] } = options;
    this.#ids += 1;
    const creator = options.creator ?? (client.startsWith('org2') ? 'User1@org2' : 'User1@org1');
    const seed = `${this.channel} ${this.#ids}`;
    const id = options.id ?? paperId(seed, creator);
    const simulation = this.#simulate(name, args);
    options.tamper?.(simulation);
    const endorsed: Endorsed = {
      id,
      operation: options.silent ? 0 : this.#invoke('submit', client, name, args, peers, id),
      envelope: encodeTransaction({
        channel: this.channel,
        seed,
        id,
        creator,
        endorsers: peers,
        args: [name, ...args],
        simulation,
        ...options.written,
      }),
      simulation,
      peers,
      height: this.height,
      orderer: this.#ids % 2 === 0 ? 'orderer0' : 'orderer1',
    };
    this.now += 3;
    return endorsed;
  }

  /** Puts an envelope into Kafka; the client is told the truth when the block comes, or what the test says. */
  order(endorsed: Endorsed, told: Pending['told'] = 'truth'): void {
    this.#append(taken(endorsed.envelope, this.#sequence));
    this.#pending.push({ endorsed, told: endorsed.operation === 0 ? 'nothing' : told });
  }

  /** Endorses and orders. */
  submit(name: string, args: readonly string[], options: EndorseOptions = {}): Endorsed {
    const endorsed = this.endorse(name, args, options);
    this.order(endorsed);
    return endorsed;
  }

  /** Completion without a block: refused, timed out. */
  complete(operation: number, completion: Partial<Completion>): void {
    this.now += 2;
    this.history.push({
      type: 'complete',
      operation,
      outcome: 'unknown',
      at: this.now,
      ...completion,
    });
  }

  /** Cuts what is pending into a block, or an empty nothing if there is none. */
  cut(): void {
    if (this.#pending.length === 0) return;
    const pending = this.#pending;
    this.#pending = [];
    this.#append({ kind: 'time to cut', block: this.height });
    const updates = new Map<string, { value: string | null; transaction: number }>();
    const number = this.height;
    const codes = pending.map(({ endorsed }, index) => {
      const forced = this.forcedCodes.get(`${number}:${index}`);
      const code = forced ?? this.#validate(endorsed, updates);
      this.#known.add(endorsed.id);
      if (code === VALID) this.#commit(endorsed.simulation, number, index, updates);
      if (code === VALID) this.#tell(endorsed, number);
      return code;
    });
    this.now += 20;
    this.#write(
      pending.map(({ endorsed }) => endorsed.envelope),
      pending.map(({ endorsed }) => endorsed.id),
      codes,
      updates,
    );
    for (const [index, { endorsed, told }] of pending.entries()) {
      if (told === 'nothing') continue;
      const code = codes[index] as number;
      const truth: Partial<Completion> =
        code === VALID
          ? { outcome: 'ok', block: number, code: 'VALID', stage: 'commit' }
          : { outcome: 'fail', block: number, code: nameOf(code), stage: 'commit' };
      const acknowledged = { orderer: endorsed.orderer, acknowledgedAt: this.now - 15 };
      const responses = answersTo(endorsed);
      if (told === 'truth') {
        this.complete(endorsed.operation, { ...acknowledged, ...truth, responses });
      } else this.complete(endorsed.operation, told);
    }
  }

  /** What the chaincode answers to a call at the current state. Throws what it would refuse. */
  read(name: string, args: readonly string[]): string {
    return callBank(this.#stub(), name, args);
  }

  /** A client asks one peer. */
  evaluate(
    name: string,
    args: readonly string[],
    options: {
      readonly peer?: string;
      readonly result?: string;
      readonly heights?: readonly [number, number];
    } = {},
  ): number {
    const { peer = 'peer0.org1', heights = [this.height, this.height] } = options;
    const operation = this.#invoke('evaluate', 'org1-reader', name, args, [peer]);
    const result = options.result ?? this.read(name, args);
    this.complete(operation, {
      outcome: 'ok',
      result,
      heightBefore: heights[0],
      heightAfter: heights[1],
      stage: 'evaluate',
    });
    return operation;
  }

  /** The serialized blocks of one source. */
  blocksOf(source: string): readonly Buffer[] {
    return this.#chain.get(source) ?? [];
  }

  /** The blocks as the listeners of a peer are told of them. */
  eventsOf(peer: string): readonly BlockEvent[] {
    return this.#streams.get(peer) ?? [];
  }

  /** Hands over the blocks and events made since the last call and forgets them: for ledgers larger than memory. */
  drain(
    take: (
      parts: Pick<TestRecording, 'chain' | 'streams'> & {
        readonly told: readonly ChaincodeEventTold[];
      },
    ) => void,
  ): void {
    take({ chain: this.#chain, streams: this.#streams, told: this.#heard });
    const lists = [...this.#chain.values(), ...this.#streams.values(), this.#heard];
    for (const list of lists) list.length = 0;
  }

  /**
   * As {@link recording}, with all databases of the channel, as today's collectors save them.
   *
   * @param holders - MSP ids of the members by collection; all organisations if absent
   */
  recordingOfAll(holders: Readonly<Record<string, readonly string[]>> = {}): TestRecording {
    const recording = this.recording();
    const facts = recording.scenario.channels[this.channel];
    if (!facts) throw new Error('no facts');
    const organisations = Object.fromEntries(
      PEERS.map((peer) => [peer, peer.endsWith('org1') ? 'Org1MSP' : 'Org2MSP']),
    );
    recording.scenario = {
      ...recording.scenario,
      namespaces: 'all',
      channels: { [this.channel]: { ...facts, organisations } },
    };
    for (const peer of PEERS) {
      const entries = recording.states.get(peer) ?? [];
      for (const [index, entry] of entries.entries()) {
        const metadata = this.#metadata.get(entry.key);
        if (metadata !== undefined) entries[index] = { ...entry, metadata };
      }
      for (const [namespace, keys] of this.#databases) {
        const collection = /\$\$p(.*)$/.exec(namespace)?.[1];
        const members = collection === undefined ? undefined : holders[collection];
        if (members && !members.includes(organisations[peer] as string)) continue;
        for (const [key, entry] of keys) entries.push({ namespace, key, ...entry });
      }
      const value = `{"BlockNum":${this.height - 1},"TxNum":0}`;
      entries.push({ namespace: '', key: 'statedb_savepoint', value, version: '' });
    }
    return recording;
  }

  get #offset(): number {
    return this.#records.length - 1;
  }

  /** Puts a record into the topic that has nothing to do with what the paper network does. */
  append(record: Unplaced): void {
    this.#append(record);
  }

  #append(record: Unplaced): void {
    this.#records.push({ offset: this.#records.length, ...record } as OrderingRecord);
  }

  #tell({ id, simulation: { event } }: Endorsed, block: number): void {
    if (!event) return;
    const { name, payload, chaincode = 'bank' } = event;
    if (chaincode !== 'bank') return;
    const told = { transactionId: id, chaincode, name };
    this.#heard.push({ block, ...told, payload: Buffer.from(payload).toString('base64') });
  }

  /** The chaincode's events from the first of a block on, as listeners of every peer are told of them. */
  chaincodeEvents(): readonly ChaincodeEventTold[] {
    return this.#heard;
  }

  #database(namespace: string): Map<string, Omit<StateEntry, 'key'>> {
    const found = this.#databases.get(namespace) ?? new Map<string, Omit<StateEntry, 'key'>>();
    this.#databases.set(namespace, found);
    return found;
  }

  #keepConfiguration(envelope: Buffer): void {
    const { data } = protos.common.Payload.decode(protos.common.Envelope.decode(envelope).payload);
    this.#database('').set('CHANNEL_CONFIG_ENV_BYTES', {
      value: Buffer.from(data).toString('base64'),
      version: `${this.height}:0`,
    });
  }

  /** Everything recorded so far, as the audit takes it. */
  recording(): TestRecording {
    const entries = [...this.state].map(([key, { value, block, transaction }]) => ({
      key,
      value: canonicalValue(value),
      version: `${block}:${transaction}`,
    }));
    const { channel } = this;
    const recording: TestRecording = {
      scenario: {
        schema: 2,
        name: 'paper',
        chaincode: 'bank',
        workload: 'bank',
        patience: 20_000,
        channels: {
          [channel]: { peers: PEERS, orderers: ORDERERS, startHeight: this.#startHeight },
        },
      },
      history: structuredClone(this.history),
      channels: [channel],
      chain: new Map([...this.#chain].map(([source, blocks]) => [source, [...blocks]])),
      states: new Map(PEERS.map((peer) => [peer, entries.map((entry) => ({ ...entry }))])),
      streams: new Map([...this.#streams].map(([peer, list]) => [peer, structuredClone(list)])),
      heard: new Map(PEERS.map((peer) => [peer, structuredClone(this.#heard)])),
      replayed: new Map(PEERS.map((peer) => [peer, structuredClone(this.#heard)])),
      environment: { before: healthy(), after: healthy() },
      ordering: {
        type: 'kafka',
        logged: this.#records.length,
        topics: {
          [channel]: { endOffset: this.#offset + 1, replicas: [0, 1, 2], inSync: [2, 0, 1] },
        },
      },
      logs: [{ component: 'orderer0', lines: ['2026-11-24 10:00:00 INFO 001 Beginning to serve'] }],
      orderingRecords: new Map([[channel, structuredClone(this.#records)]]),
      orderingLog: (name) => recording.orderingRecords.get(name) ?? null,
      savedLogs: null,
      engineEvents: [],
      blocks: () => [...recording.chain].map(([source, blocks]) => ({ source, blocks })),
      state: () => [...recording.states].map(([peer, list]) => ({ peer, entries: list })),
      chaincodeEvents: () => hearings(recording),
      answers: () => [],
      events: () => [...recording.streams].map(([peer, events]) => ({ peer, events })),
    };
    return recording;
  }

  #invoke(
    kind: 'submit' | 'evaluate',
    client: string,
    name: string,
    args: readonly string[],
    peers: readonly string[],
    transactionId?: string,
  ): number {
    this.now += 2;
    this.#operations += 1;
    this.history.push({
      type: 'invoke',
      operation: this.#operations,
      // A client has one operation in flight; the paper network has as many clients as it takes.
      client: `${client}-${this.#operations}`,
      msp: client.startsWith('org2') ? 'Org2MSP' : 'Org1MSP',
      channel: this.channel,
      chaincode: 'bank',
      kind,
      function: name,
      args,
      ...(transactionId !== undefined && { transactionId }),
      peers,
      at: this.now,
    });
    return this.#operations;
  }

  #stub(simulation?: Simulation): BankStub {
    return {
      get: (key) => {
        const stored = this.state.get(key);
        simulation?.reads.set(key, stored ?? null);
        return stored?.value;
      },
      put: (key, value) => simulation?.writes.set(key, value),
      remove: (key) => simulation?.writes.set(key, null),
      range: (start, end) => {
        const found = this.#range(start, end);
        simulation?.ranges.push({
          start,
          end,
          exhausted: true,
          reads: found.map(([key, version]) => ({ key, version })),
        });
        return found.map(([key, { value }]) => [key, value]);
      },
    };
  }

  #simulate(name: string, args: readonly string[]): Simulation {
    const simulation: Simulation = { reads: new Map(), ranges: [], writes: new Map() };
    if (name !== 'define') callBank(this.#stub(simulation), name, args);
    if (name === 'transfer') {
      const [from, to, amount] = args;
      const payload = JSON.stringify({ from, to, amount: Number(amount) });
      simulation.event = { name: 'transfer', payload };
    }
    return simulation;
  }

  /** By filtering and sorting everything: slow, and obviously right for ASCII keys. */
  #range(start: string, end: string): [string, Stored][] {
    return [...this.state]
      .filter(([key]) => key >= start && (end === '' || key < end))
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #validate(
    { id, simulation, peers }: Endorsed,
    updates: ReadonlyMap<string, { value: string | null; transaction: number }>,
  ): number {
    if (this.#known.has(id)) return DUPLICATE;
    if (!['org1', 'org2'].every((name) => peers.some((peer) => peer.endsWith(name)))) {
      return POLICY;
    }
    for (const [key, version] of simulation.reads) {
      if (updates.has(key) || !same(version, this.state.get(key) ?? null)) return MVCC;
    }
    for (const { start, end, reads } of simulation.ranges) {
      const now = this.#range(start, end);
      const unchanged =
        now.length === reads.length &&
        now.every(
          ([key, version], index) =>
            key === reads[index]?.key && same(version, reads[index].version),
        );
      if (!unchanged) return PHANTOM;
    }
    return VALID;
  }

  #commit(
    { writes, definitions, parameters, secrets }: Simulation,
    block: number,
    transaction: number,
    updates: Map<string, { value: string | null; transaction: number }>,
  ): void {
    for (const [key, value] of writes) {
      updates.set(key, { value, transaction });
      if (value === null) this.state.delete(key);
      else this.state.set(key, { value, block, transaction });
      if (value === null) this.#metadata.delete(key);
    }
    const version = `${block}:${transaction}`;
    for (const [key, value] of definitions ?? []) {
      this.#database('_lifecycle').set(key, {
        value: Buffer.from(value, 'latin1').toString('base64'),
        version,
      });
    }
    for (const [key, parameter] of parameters ?? []) {
      const stored = this.state.get(key);
      if (!stored) continue;
      this.state.set(key, { ...stored, block, transaction });
      updates.set(key, { value: stored.value, transaction });
      if (parameter === null) this.#metadata.delete(key);
      else this.#metadata.set(key, paperMetadata(parameter));
    }
    for (const [collection, values] of secrets ?? []) {
      for (const [key, value] of values) {
        const hashed = createHash('sha256').update(key).digest('base64');
        const hashes = this.#database(`bank$$h${collection}`);
        const data = this.#database(`bank$$p${collection}`);
        if (value === null) {
          hashes.delete(hashed);
          data.delete(key);
          continue;
        }
        const hash = createHash('sha256').update(value).digest('base64');
        hashes.set(hashed, { value: hash, version });
        data.set(key, { value: Buffer.from(value).toString('base64'), version });
      }
    }
  }

  #write(
    data: readonly Buffer[],
    ids: readonly string[],
    codes: readonly number[],
    updates: ReadonlyMap<string, { value: string | null; transaction: number }>,
  ): void {
    const number = this.height;
    if (number > 0) {
      this.#commitHash = paperCommitHash(codes, updates, number, this.#commitHash);
    }
    const encoded = encodeBlock({
      number,
      previousHash: this.#previousHash,
      data,
      codes,
      commitHash: number > 0 ? this.#commitHash : null,
      lastConfig: this.#lastConfig,
      kafkaOffset: number > 0 ? this.#offset : null,
      sources: [...this.#chain.keys()],
    });
    this.#previousHash = encoded.hash;
    for (const [source, raw] of encoded.copies) this.#chain.get(source)?.push(raw);
    this.height += 1;
    const transactions = ids.map((id, index) => ({ id, code: codes[index] as number }));
    for (const [position, peer] of PEERS.entries()) {
      this.#streams.get(peer)?.push({ block: number, at: this.now - 5 + position, transactions });
    }
    for (const source of this.#chain.keys()) {
      this.history.push({
        type: 'height',
        source,
        channel: this.channel,
        height: this.height,
        at: this.now,
      });
    }
  }
}

/** A client's envelope in the topic. */
function taken(envelope: Buffer, configSequence: number): Unplaced & { readonly kind: 'message' } {
  const { payload, signature } = protos.common.Envelope.decode(envelope);
  const mark = envelopeMark({ payload: Buffer.from(payload), signature: Buffer.from(signature) });
  return { kind: 'message', mark, configSequence };
}

/** Streams of chaincode events as the audit takes them. */
export function hearings({ heard, replayed }: Pick<TestRecording, 'heard' | 'replayed'>) {
  return [...heard].map(([peer, events]) => ({
    ...{ peer, heard: events, replayed: replayed.get(peer) ?? [] },
  }));
}

/** What each endorser answered: all the same. */
function answersTo({ peers, simulation, height }: Endorsed): NonNullable<Completion['responses']> {
  const result = createHash('sha256').update(encodeSimulation(simulation)).digest('hex');
  const answer = { round: 1, heightBefore: height, heightAfter: height, status: 200, result };
  return peers.map((peer) => ({ peer, ...answer, reads: result }));
}

function same(a: Version | null, b: Version | null): boolean {
  return a === null || b === null
    ? a === b
    : a.block === b.block && a.transaction === b.transaction;
}

const nameOf = (code: number): string => protos.protos.TxValidationCode[code] as string;

function healthy(): EnvironmentProbe {
  return {
    machines: [1, 2, 3].map((number) => ({ number, ready: true })),
    services: [{ name: 'orderer0', desired: 1, running: 1 }],
    containers: [{ component: 'orderer0', state: 'running', oomKilled: false }],
    leftovers: ['machine 1: qdisc noqueue 0: dev lo'],
    reachability: [
      { from: 'machine 1', to: 'machine 2', ok: true },
      { from: 'machine 2', to: 'machine 1', ok: true },
    ],
  };
}

/** Metadata as a peer stores it: `kvrwset.KVMetadataWrite` without its key. */
function paperMetadata(value: Buffer): string {
  const entries = [{ name: 'VALIDATION_PARAMETER', value }];
  return Buffer.from(protos.kvrwset.KVMetadataWrite.encode({ entries }).finish()).toString(
    'base64',
  );
}

/** `txmgr.Updates` spelled out by hand; keys and values of the paper network are ASCII and short. */
function paperCommitHash(
  codes: readonly number[],
  updates: ReadonlyMap<string, { value: string | null; transaction: number }>,
  block: number,
  previous: Buffer,
): Buffer {
  const varint = (value: number): number[] =>
    value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
  const field = (number: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([number * 8 + 2, ...varint(content.length)]), content]);
  const ordered = (value: number): number[] => {
    const digits: number[] = [];
    for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
    return [digits.length, ...digits];
  };
  const writes = [...updates]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { value, transaction }], index) =>
      field(
        1,
        Buffer.concat([
          index === 0 ? field(1, Buffer.from('bank')) : Buffer.alloc(0),
          field(3, Buffer.from(key)),
          value === null ? Buffer.from([4 * 8, 1]) : field(5, Buffer.from(value)),
          field(6, Buffer.from([...ordered(block), ...ordered(transaction)])),
        ]),
      ),
    );
  return createHash('sha256')
    .update(Buffer.from(varint(codes.length)))
    .update(Buffer.from(codes))
    .update(Buffer.concat(writes))
    .update(previous)
    .digest();
}
