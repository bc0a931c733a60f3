import { hash } from 'node:crypto';
import { FieldWriter } from '../fabric/ledger/wire-writer.ts';
import { compareKeys } from './keys.ts';
import type { UpdateBatch, Updates } from './replay.ts';

/**
 * A peer's commit hash chains everything that it committed: SHA-256 of the number of codes, the codes, the block's
 * updates and the previous commit hash (`kvLedger.addBlockCommitHash`). Block 0 has none. The updates are a protobuf
 * message `Updates { repeated KVWrite }`, sorted by namespace and key, public writes before those of collections
 * (txmgmt/txmgr/update_batch_bytes.go); the channel configuration (namespace "") is left out.
 */

/** Field numbers of `txmgr.KVWrite` (txmgmt/txmgr/updates.proto). */
const NAMESPACE = 1;
const COLLECTION = 2;
const KEY = 3;
const IS_DELETE = 4;
const VALUE = 5;
const VERSION = 6;

/**
 * The commit hash that follows from what the block holds.
 *
 * @param codes - validation codes, hexadecimal
 * @param previous - commit hash of the block before, hexadecimal; empty for block 1
 * @returns hexadecimal
 */
export function commitHash(codes: string, batch: UpdateBatch, previous: string): string {
  const content = new FieldWriter();
  content.varint(codes.length / 2);
  content.raw(Buffer.from(codes, 'hex'));
  content.raw(batchBytes(batch));
  content.raw(Buffer.from(previous, 'hex'));
  return hash('sha256', content.bytes, 'hex');
}

/** Serialized `txmgr.Updates`. */
export function batchBytes(batch: UpdateBatch): Buffer {
  const list = new FieldWriter();
  const names = new Set([...batch.namespaces.keys(), ...batch.collections.keys()]);
  names.delete('');
  for (const name of [...names].sort(compareKeys)) {
    const writes = new KeyWrites(list, batch.number, name);
    writes.add(batch.namespaces.get(name), 'utf8');
    const collections = batch.collections.get(name);
    for (const collection of [...(collections?.keys() ?? [])].sort(compareKeys)) {
      writes.collection = collection;
      writes.add(collections?.get(collection), 'hex');
    }
  }
  return list.bytes;
}

/** A namespace's entries: its name is on the first of them only, and so is a collection's. */
class KeyWrites {
  readonly #list: FieldWriter;
  readonly #entry = new FieldWriter();
  readonly #block: Buffer;
  #namespace: string;
  collection = '';

  constructor(list: FieldWriter, block: number, namespace: string) {
    this.#list = list;
    this.#block = orderPreserving(block);
    this.#namespace = namespace;
  }

  add(updates: Updates | undefined, encoding: 'utf8' | 'hex'): void {
    if (!updates) return;
    for (const key of [...updates.keys()].sort(compareKeys)) {
      const update = updates.get(key);
      if (!update) continue;
      const entry = this.#entry;
      entry.clear();
      if (this.#namespace !== '') entry.text(NAMESPACE, this.#namespace, 'utf8');
      if (this.collection !== '') entry.text(COLLECTION, this.collection, 'utf8');
      this.#namespace = '';
      this.collection = '';
      if (key !== '') entry.text(KEY, key, encoding);
      if (update.value === null) entry.integer(IS_DELETE, 1);
      else entry.text(VALUE, update.value, 'latin1');
      entry.content(VERSION, Buffer.concat([this.#block, orderPreserving(update.transaction)]));
      this.#list.content(1, entry.bytes);
    }
  }
}

/** Fabric's order-preserving integer: number of bytes, then the bytes, big-endian (common/ledger/util). */
function orderPreserving(value: number): Buffer {
  if (value === 0) return Buffer.of(0);
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 1 ? `0${hex}` : hex, 'hex');
  return Buffer.concat([Buffer.of(bytes.length), bytes]);
}
