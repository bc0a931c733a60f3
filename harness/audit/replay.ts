import {
  CONFIG,
  ENDORSER_TRANSACTION,
  MVCC_READ_CONFLICT,
  PHANTOM_READ_CONFLICT,
  VALID,
} from '../fabric/ledger/codes.ts';
import type {
  Block,
  KeyRead,
  NamespaceReadWriteSet,
  RangeRead,
  Transaction,
  Version,
} from '../fabric/ledger/model.ts';
import { OrderedKeys } from './keys.ts';
import { matchesSummary } from './range-summary.ts';

/**
 * An independent peer: it replays blocks in order, recomputes each validation code and holds the world state.
 *
 * The rules are those of Fabric 2.5 (core/ledger/kvledger/txmgmt/validation: validator.go, combined_iterator.go,
 * tx_ops.go): reads are compared with the state after all earlier VALID transactions, a key that an earlier transaction
 * of the same block has touched conflicts whatever its version, and ranges are read again. Rich queries are not
 * protected by Fabric and cannot be checked.
 */

/** Key of a channel's configuration in its own namespace (core/peer/configtx_processor.go). */
export const CONFIGURATION = 'CHANNEL_CONFIG_ENV_BYTES';

/** Value of a key. Bytes are kept as a latin1 string: compact, cheap to compare, and free of the block's memory. */
export interface StateValue {
  readonly value: string;
  /** Serialized metadata as peers store it, in latin1; empty where the key has none. */
  readonly metadata: string;
  readonly block: number;
  readonly transaction: number;
}

/** A key that a VALID transaction wrote. */
export interface Change {
  readonly namespace: string;
  readonly key: string;
  /** `null`: did not exist before, or was deleted. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface AppliedTransaction {
  readonly transaction: Transaction;
  /**
   * VALID or the conflict that what it read has with the state before it; `null` where there is nothing to compare (not
   * an endorser transaction, or unreadable). Whether it was to be refused before that is not considered here.
   */
  readonly conflict: number | null;
  /** Empty unless VALID. */
  readonly changes: readonly Change[];
}

/** Last write of a block to a key; `value` is `null` for a deletion. */
export interface Update {
  readonly value: string | null;
  readonly transaction: number;
}

export type Updates = ReadonlyMap<string, Update>;

/** All writes of a block: what the commit hash covers. */
export interface UpdateBatch {
  readonly number: number;
  readonly namespaces: ReadonlyMap<string, Updates>;
  /** namespace → collection → updates; keys are hexadecimal hashes. */
  readonly collections: ReadonlyMap<string, ReadonlyMap<string, Updates>>;
}

export interface AppliedBlock {
  readonly transactions: readonly AppliedTransaction[];
  readonly batch: UpdateBatch;
}

/** Space of keys: a namespace, or a private collection (whose keys are hashes). */
class KeySpace {
  readonly values = new Map<string, StateValue>();
  #ordered: OrderedKeys | undefined;

  set(key: string, value: StateValue): void {
    if (this.#ordered && !this.values.has(key)) this.#ordered.add(key);
    this.values.set(key, value);
  }

  delete(key: string): void {
    if (this.values.delete(key)) this.#ordered?.delete(key);
  }

  /** The order is built when the first range is read and kept from then on. */
  *range(start: string, end: string): Generator<KeyRead> {
    this.#ordered ??= new OrderedKeys(this.values.keys());
    for (const key of this.#ordered.range(start, end)) yield this.read(key);
  }

  read(key: string): KeyRead {
    return { key, version: this.values.get(key) ?? null };
  }
}

export class Replay {
  /** Blocks applied so far. */
  height = 0;
  readonly #spaces = new Map<string, KeySpace>();
  readonly #collections = new Map<string, Map<string, KeySpace>>();

  /** Current value of a key, or `undefined`. */
  get(namespace: string, key: string): StateValue | undefined {
    return this.#spaces.get(namespace)?.values.get(key);
  }

  /** All keys of a namespace, unordered. */
  entries(namespace: string): IterableIterator<[string, StateValue]> {
    return this.#space(namespace).values.entries();
  }

  /** Current hash of a private key's value, or `undefined`; `key` is the hexadecimal hash of the key. */
  hashed(namespace: string, collection: string, key: string): StateValue | undefined {
    return this.#collections.get(namespace)?.get(collection)?.values.get(key);
  }

  /** Names of all namespaces that were written to or read from. */
  namespaces(): IterableIterator<string> {
    return this.#spaces.keys();
  }

  /** All hashed keys, collection by collection. */
  *collections(): Generator<{
    readonly namespace: string;
    readonly collection: string;
    readonly entries: IterableIterator<[string, StateValue]>;
  }> {
    for (const [namespace, collections] of this.#collections) {
      for (const [collection, { values }] of collections) {
        yield { namespace, collection, entries: values.entries() };
      }
    }
  }

  size(namespace: string): number {
    return this.#spaces.get(namespace)?.values.size ?? 0;
  }

  /** Applies the next block. The state follows the codes that the block holds, not the expected ones. */
  apply(block: Block): AppliedBlock {
    const pending = new Pending(block.number);
    const transactions = block.transactions.map((transaction) => ({
      transaction,
      conflict: this.#conflict(transaction, pending),
      changes: transaction.code === VALID ? this.#commit(transaction, pending) : [],
    }));
    this.height = block.number + 1;
    return { transactions, batch: pending };
  }

  #conflict(transaction: Transaction, pending: Pending): number | null {
    const { type, malformed } = transaction;
    if (type !== ENDORSER_TRANSACTION || malformed !== undefined) return null;
    for (const set of transaction.readWriteSets) {
      const space = this.#space(set.namespace);
      const touched = pending.namespaces.get(set.namespace);
      if (!set.reads.every((read) => isCurrent(read, space, touched))) return MVCC_READ_CONFLICT;
      if (!set.ranges.every((range) => isUnchanged(range, space))) return PHANTOM_READ_CONFLICT;
      for (const { collection, reads } of set.collections) {
        const hashed = this.#collection(set.namespace, collection);
        const touchedHashes = pending.collections.get(set.namespace)?.get(collection);
        if (!reads.every((read) => isCurrent(read, hashed, touchedHashes))) {
          return MVCC_READ_CONFLICT;
        }
      }
    }
    return VALID;
  }

  #commit(transaction: Transaction, pending: Pending): Change[] {
    const changes: Change[] = [];
    const version = { block: pending.number, transaction: transaction.index };
    if (transaction.type === CONFIG && transaction.parts.config) {
      const writes = [{ key: CONFIGURATION, isDelete: false, value: transaction.parts.config }];
      write(this.#space(''), pending.namespace(''), { writes, metadataWrites: [] }, version);
    }
    for (const set of transaction.readWriteSets) {
      const { namespace } = set;
      if (set.writes.length + set.metadataWrites.length > 0) {
        const before = write(this.#space(namespace), pending.namespace(namespace), set, version);
        for (const [key, old] of before) {
          changes.push({
            namespace,
            key,
            before: old,
            after: this.get(namespace, key)?.value ?? null,
          });
        }
      }
      for (const hashed of set.collections) {
        if (hashed.writes.length + hashed.metadataWrites.length === 0) continue;
        const space = this.#collection(namespace, hashed.collection);
        write(space, pending.collection(namespace, hashed.collection), hashed, version);
      }
    }
    return changes;
  }

  #space(namespace: string): KeySpace {
    return getOrCreate(this.#spaces, namespace, () => new KeySpace());
  }

  #collection(namespace: string, collection: string): KeySpace {
    const spaces = getOrCreate(this.#collections, namespace, () => new Map<string, KeySpace>());
    return getOrCreate(spaces, collection, () => new KeySpace());
  }
}

/** Updates of the block that is being applied. */
class Pending implements UpdateBatch {
  readonly number: number;
  readonly namespaces = new Map<string, Map<string, Update>>();
  readonly collections = new Map<string, Map<string, Map<string, Update>>>();

  constructor(number: number) {
    this.number = number;
  }

  namespace(namespace: string): Map<string, Update> {
    return getOrCreate(this.namespaces, namespace, () => new Map<string, Update>());
  }

  collection(namespace: string, collection: string): Map<string, Update> {
    const all = getOrCreate(this.collections, namespace, () => new Map());
    return getOrCreate(all, collection, () => new Map<string, Update>());
  }
}

/**
 * Applies a write set and returns the values that its keys had before. A value that is written keeps the key's
 * metadata; metadata alone gives an existing key a new version and does nothing to one that does not exist
 * (txmgmt/validation/tx_ops.go).
 */
function write(
  space: KeySpace,
  updates: Map<string, Update>,
  set: Pick<NamespaceReadWriteSet, 'writes' | 'metadataWrites'>,
  version: Version,
): Map<string, string | null> {
  const before = new Map<string, string | null>();
  const { transaction } = version;
  const put = (key: string, value: string, metadata: string): void => {
    space.set(key, { value, metadata, ...version });
    updates.set(key, { value, transaction });
  };
  for (const { key, isDelete, value } of set.writes) {
    const current = space.values.get(key);
    before.set(key, current?.value ?? null);
    if (isDelete) {
      space.delete(key);
      updates.set(key, { value: null, transaction });
    } else put(key, (value as Buffer).toString('latin1'), current?.metadata ?? '');
  }
  for (const { key, metadata } of set.metadataWrites) {
    const current = space.values.get(key);
    if (!current) continue;
    if (!before.has(key)) before.set(key, current.value);
    put(key, current.value, metadata);
  }
  return before;
}

function isCurrent(read: KeyRead, space: KeySpace, touched: Updates | undefined): boolean {
  return !touched?.has(read.key) && sameVersion(read.version, space.read(read.key).version);
}

function sameVersion(a: Version | null, b: Version | null): boolean {
  if (a === null || b === null) return a === b;
  return a.block === b.block && a.transaction === b.transaction;
}

/** Reads the range again. If the chaincode did not read to its end, the end key is the last one read and belongs to it. */
function isUnchanged(range: RangeRead, space: KeySpace): boolean {
  const now = [...space.range(range.startKey, range.endKey)];
  if (!range.exhausted && space.values.has(range.endKey)) now.push(space.read(range.endKey));
  if (range.reads) {
    const { reads } = range;
    return (
      reads.length === now.length &&
      reads.every(
        (read, index) =>
          read.key === now[index]?.key && sameVersion(read.version, now[index].version),
      )
    );
  }
  const { summary } = range;
  return summary !== undefined && matchesSummary(now, summary);
}

function getOrCreate<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = create();
    map.set(key, value);
  }
  return value;
}
