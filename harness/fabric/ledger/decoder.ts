import { createHash } from 'node:crypto';
import { NOT_VALIDATED } from './codes.ts';
import { decodeEnvelope } from './envelope.ts';
import { headerHash } from './header.ts';
import type { Block, BlockHeader, KafkaOffsets, Transaction } from './model.ts';
import { FieldReader, MalformedMessage } from './wire.ts';

/** `common.BlockMetadataIndex`. */
const SIGNATURES = 0;
const LAST_CONFIG = 1;
const TRANSACTIONS_FILTER = 2;
const ORDERER = 3;
const COMMIT_HASH = 4;

/** The parts of a block that legitimately differ between its copies. */
export interface BlockMetadata {
  readonly codes: string;
  readonly commitHash: string | null;
  readonly kafka: KafkaOffsets | null;
  readonly lastConfig: number;
}

/** A serialized block taken apart, before anything in it is decoded. All parts are views on `raw`. */
export interface RawBlock {
  readonly raw: Buffer;
  /** Serialized `common.BlockHeader`. */
  readonly header: Buffer;
  /** Serialized `common.BlockData`. */
  readonly data: Buffer;
  readonly metadata: readonly Buffer[];
}

/**
 * Takes a serialized `common.Block` apart without decoding its transactions.
 *
 * @throws {MalformedMessage} when the bytes are not a block.
 */
export function splitBlock(raw: Buffer): RawBlock {
  const reader = new FieldReader(raw);
  let header: Buffer | undefined;
  let data: Buffer = Buffer.alloc(0);
  const metadata: Buffer[] = [];
  while (reader.next()) {
    if (reader.field === 1) header = reader.view();
    else if (reader.field === 2) data = reader.view();
    else if (reader.field === 3) {
      const slots = reader.message();
      while (slots.next()) {
        if (slots.field === 1) metadata.push(slots.view());
        else slots.skip();
      }
    } else reader.skip();
  }
  if (!header) throw new MalformedMessage(`block of ${raw.length} bytes without a header`);
  return { raw, header, data, metadata };
}

/** Number, hashes and the hash of the header itself. */
export function decodeHeader(header: Buffer): BlockHeader {
  let number = 0;
  let previousHash: Buffer = Buffer.alloc(0);
  let dataHash: Buffer = Buffer.alloc(0);
  const reader = new FieldReader(header);
  while (reader.next()) {
    if (reader.field === 1) number = reader.varint();
    else if (reader.field === 2) previousHash = reader.view();
    else if (reader.field === 3) dataHash = reader.view();
    else reader.skip();
  }
  return {
    number,
    previousHash: previousHash.toString('hex'),
    dataHash: dataHash.toString('hex'),
    hash: headerHash(number, previousHash, dataHash),
  };
}

/**
 * Reads the metadata slots. Kafka's offsets are taken from where Fabric 2.5 writes them, the consenter metadata in the
 * signed slot, and from the deprecated slot 3 when the former is empty, as `protoutil.GetConsenterMetadataFromBlock`.
 *
 * @throws {MalformedMessage} when a slot does not hold the message that it should.
 */
export function decodeMetadata(metadata: readonly Buffer[]): BlockMetadata {
  const signed = content(metadata[SIGNATURES]);
  let consenter: Buffer | undefined;
  let lastConfig = 0;
  if (signed) {
    const reader = new FieldReader(signed);
    while (reader.next()) {
      if (reader.field === 1) lastConfig = decodeIndex(reader.message());
      else if (reader.field === 2) consenter = content(reader.view());
      else reader.skip();
    }
  } else {
    consenter = content(metadata[ORDERER]);
    const index = content(metadata[LAST_CONFIG]);
    if (index) lastConfig = decodeIndex(new FieldReader(index));
  }
  return {
    codes: metadata[TRANSACTIONS_FILTER]?.toString('hex') ?? '',
    commitHash: content(metadata[COMMIT_HASH])?.toString('hex') ?? null,
    kafka: consenter ? decodeKafka(new FieldReader(consenter)) : null,
    lastConfig,
  };
}

/** `common.Metadata.value`; `undefined` when absent or empty. */
function content(metadata: Buffer | undefined): Buffer | undefined {
  if (!metadata) return undefined;
  let value: Buffer | undefined;
  const reader = new FieldReader(metadata);
  while (reader.next()) {
    if (reader.field === 1) value = reader.view();
    else reader.skip();
  }
  return value && value.length > 0 ? value : undefined;
}

function decodeIndex(reader: FieldReader): number {
  let index = 0;
  while (reader.next()) {
    if (reader.field === 1) index = reader.varint();
    else reader.skip();
  }
  return index;
}

function decodeKafka(reader: FieldReader): KafkaOffsets {
  let lastOffsetPersisted = 0;
  let lastOriginalOffsetProcessed = 0;
  let lastResubmittedConfigOffset = 0;
  while (reader.next()) {
    if (reader.field === 1) lastOffsetPersisted = reader.signed();
    else if (reader.field === 2) lastOriginalOffsetProcessed = reader.signed();
    else if (reader.field === 3) lastResubmittedConfigOffset = reader.signed();
    else reader.skip();
  }
  return { lastOffsetPersisted, lastOriginalOffsetProcessed, lastResubmittedConfigOffset };
}

/**
 * Decodes a serialized `common.Block` to the model. Values in write sets are views on `raw`: copy what outlives it.
 *
 * @throws {MalformedMessage} when the bytes are not a block; an unreadable transaction inside a block does not throw,
 *   it is marked `malformed`.
 */
export function decodeBlock(raw: Buffer): Block {
  return decodeParts(splitBlock(raw));
}

/** As {@link decodeBlock}, for a block that was already taken apart. */
export function decodeParts(parts: RawBlock): Block {
  const metadata = decodeMetadata(parts.metadata);
  const codes = parts.metadata[TRANSACTIONS_FILTER] ?? Buffer.alloc(0);
  const digest = createHash('sha256');
  const transactions: Transaction[] = [];
  const reader = new FieldReader(parts.data);
  while (reader.next()) {
    if (reader.field !== 1) {
      reader.skip();
      continue;
    }
    const envelope = reader.view();
    digest.update(envelope);
    const index = transactions.length;
    transactions.push(decodeEnvelope(envelope, index, codes[index] ?? NOT_VALIDATED));
  }
  return {
    ...decodeHeader(parts.header),
    ...metadata,
    computedDataHash: digest.digest('hex'),
    transactions,
  };
}
