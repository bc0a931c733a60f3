import type {
  CollectionReadWriteSet,
  KeyRead,
  KeyWrite,
  MetadataWrite,
  NamespaceReadWriteSet,
  RangeRead,
  RangeSummary,
  Version,
} from './model.ts';
import type { FieldReader } from './wire.ts';
import { FieldWriter } from './wire-writer.ts';

/** SHA-256 of nothing: Fabric treats a private value with this hash as a deletion. */
const HASH_OF_NOTHING = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** `rwset.TxReadWriteSet` → one entry a namespace, in the order of the message. */
export function decodeReadWriteSet(reader: FieldReader): NamespaceReadWriteSet[] {
  const sets: NamespaceReadWriteSet[] = [];
  while (reader.next()) {
    if (reader.field === 2) sets.push(decodeNamespace(reader.message()));
    else reader.skip();
  }
  return sets;
}

function decodeNamespace(reader: FieldReader): NamespaceReadWriteSet {
  let namespace = '';
  const reads: KeyRead[] = [];
  const ranges: RangeRead[] = [];
  const writes: KeyWrite[] = [];
  const metadataWrites: MetadataWrite[] = [];
  const collections: CollectionReadWriteSet[] = [];
  while (reader.next()) {
    if (reader.field === 1) namespace = reader.text();
    else if (reader.field === 2) {
      const set = reader.message();
      while (set.next()) {
        if (set.field === 1) reads.push(decodeRead(set.message(), textKey));
        else if (set.field === 2) ranges.push(decodeRange(set.message()));
        else if (set.field === 3) writes.push(decodeWrite(set.message()));
        else if (set.field === 4) metadataWrites.push(decodeMetadata(set.message(), textKey));
        else set.skip();
      }
    } else if (reader.field === 3) collections.push(decodeCollection(reader.message()));
    else reader.skip();
  }
  return { namespace, reads, ranges, writes, metadataWrites, collections };
}

type KeyOf = (reader: FieldReader) => string;
const textKey: KeyOf = (reader) => reader.text();
const hashKey: KeyOf = (reader) => reader.view().toString('hex');

/** `KVMetadataWrite` or its hashed counterpart; what peers store of it is the same message without the key. */
function decodeMetadata(reader: FieldReader, keyOf: KeyOf): MetadataWrite {
  let key = '';
  const entries = new FieldWriter();
  while (reader.next()) {
    if (reader.field === 1) key = keyOf(reader);
    else if (reader.field === 2) entries.content(2, reader.view());
    else reader.skip();
  }
  return { key, metadata: entries.bytes.toString('latin1') };
}

function decodeRead(reader: FieldReader, keyOf: KeyOf): KeyRead {
  let key = '';
  let version: Version | null = null;
  while (reader.next()) {
    if (reader.field === 1) key = keyOf(reader);
    else if (reader.field === 2) version = decodeVersion(reader.message());
    else reader.skip();
  }
  return { key, version };
}

function decodeVersion(reader: FieldReader): Version {
  let block = 0;
  let transaction = 0;
  while (reader.next()) {
    if (reader.field === 1) block = reader.varint();
    else if (reader.field === 2) transaction = reader.varint();
    else reader.skip();
  }
  return { block, transaction };
}

/** A write without a value deletes, whatever its flag says (`rwsetutil.IsKVWriteDelete`). */
function decodeWrite(reader: FieldReader): KeyWrite {
  let key = '';
  let flag = false;
  let value: Buffer = EMPTY;
  while (reader.next()) {
    if (reader.field === 1) key = reader.text();
    else if (reader.field === 2) flag = reader.varint() !== 0;
    else if (reader.field === 3) value = reader.view();
    else reader.skip();
  }
  return { key, isDelete: flag || value.length === 0, value };
}

const EMPTY = Buffer.alloc(0);

function decodeRange(reader: FieldReader): RangeRead {
  let startKey = '';
  let endKey = '';
  let exhausted = false;
  let reads: KeyRead[] | null = [];
  let summary: RangeSummary | undefined;
  while (reader.next()) {
    if (reader.field === 1) startKey = reader.text();
    else if (reader.field === 2) endKey = reader.text();
    else if (reader.field === 3) exhausted = reader.varint() !== 0;
    else if (reader.field === 4) {
      const list = reader.message();
      while (list.next()) {
        if (list.field === 1) reads?.push(decodeRead(list.message(), textKey));
        else list.skip();
      }
    } else if (reader.field === 5) {
      summary = decodeSummary(reader.message());
      reads = null;
    } else reader.skip();
  }
  return { startKey, endKey, exhausted, reads, ...(summary && { summary }) };
}

function decodeSummary(reader: FieldReader): RangeSummary {
  let maxDegree = 0;
  let maxLevel = 0;
  const hashes: string[] = [];
  while (reader.next()) {
    if (reader.field === 1) maxDegree = reader.varint();
    else if (reader.field === 2) maxLevel = reader.varint();
    else if (reader.field === 3) hashes.push(reader.view().toString('hex'));
    else reader.skip();
  }
  return { maxDegree, maxLevel, hashes };
}

function decodeCollection(reader: FieldReader): CollectionReadWriteSet {
  let collection = '';
  const reads: KeyRead[] = [];
  const writes: KeyWrite[] = [];
  const metadataWrites: MetadataWrite[] = [];
  while (reader.next()) {
    if (reader.field === 1) collection = reader.text();
    else if (reader.field === 2) {
      const set = reader.message();
      while (set.next()) {
        if (set.field === 1) reads.push(decodeRead(set.message(), hashKey));
        else if (set.field === 2) writes.push(decodeHashedWrite(set.message()));
        else if (set.field === 3) metadataWrites.push(decodeMetadata(set.message(), hashKey));
        else set.skip();
      }
    } else reader.skip();
  }
  return { collection, reads, writes, metadataWrites };
}

/** The counterpart of `rwsetutil.IsKVWriteHashDelete`. */
function decodeHashedWrite(reader: FieldReader): KeyWrite {
  let key = '';
  let flag = false;
  let value: Buffer = EMPTY;
  while (reader.next()) {
    if (reader.field === 1) key = hashKey(reader);
    else if (reader.field === 2) flag = reader.varint() !== 0;
    else if (reader.field === 3) value = reader.view();
    else reader.skip();
  }
  const isDelete = flag || value.length === 0 || value.toString('hex') === HASH_OF_NOTHING;
  return { key, isDelete, value };
}
