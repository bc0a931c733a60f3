import { createHash } from 'node:crypto';
import type { ConsenterMetadata } from '../../ordering/marks.ts';
import { NOT_VALIDATED } from './codes.ts';
import { decodeCft, decodeConsenterMetadata, metadataValue } from './consenter-metadata.ts';
import { decodeEnvelope } from './envelope.ts';
import { headerHash } from './header.ts';
import type { Block, BlockHeader, Transaction } from './model.ts';
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
  readonly consenter: ConsenterMetadata | null;
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
 * Reads the metadata slots. The consenter metadata is taken from where Fabric writes it since 1.4.4, the signed slot, and
 * from the deprecated slot 3 when the former is empty, as `protoutil.GetConsenterMetadataFromBlock`.
 *
 * @throws {MalformedMessage} when a slot does not hold the message that it should.
 */
export function decodeMetadata(metadata: readonly Buffer[]): BlockMetadata {
  const { value, quorum } = decodeSigned(metadata[SIGNATURES]);
  let consenter: ConsenterMetadata | null = null;
  let lastConfig = 0;
  if (value) {
    const reader = new FieldReader(value);
    while (reader.next()) {
      if (reader.field === 1) lastConfig = decodeIndex(reader.message());
      else if (reader.field === 2) consenter = decodeConsenterMetadata(reader.view(), quorum);
      else reader.skip();
    }
  } else {
    const old = metadataValue(metadata[ORDERER]);
    if (old) consenter = decodeCft(old);
    const index = metadataValue(metadata[LAST_CONFIG]);
    if (index) lastConfig = decodeIndex(new FieldReader(index));
  }
  return {
    codes: metadata[TRANSACTIONS_FILTER]?.toString('hex') ?? '',
    commitHash: metadataValue(metadata[COMMIT_HASH])?.toString('hex') ?? null,
    consenter,
    lastConfig,
  };
}

/** Index in metadata slot 1, the last configuration; `undefined` when it cannot be read. */
export function lastConfigIn(slot: Buffer): number | undefined {
  try {
    const value = metadataValue(slot);
    return value ? decodeIndex(new FieldReader(value)) : 0;
  } catch {
    return undefined;
  }
}

/** The signed slot's value, and whether its signatures are a quorum's, which name their signers by identifier. */
function decodeSigned(slot: Buffer | undefined): {
  readonly value: Buffer | undefined;
  readonly quorum: boolean;
} {
  let quorum = false;
  const reader = new FieldReader(slot ?? Buffer.alloc(0));
  while (reader.next()) {
    if (reader.field !== 2) {
      reader.skip();
      continue;
    }
    const signature = reader.message();
    while (signature.next()) {
      if (signature.field === 3) quorum = true;
      signature.skip();
    }
  }
  return { value: metadataValue(slot), quorum };
}

function decodeIndex(reader: FieldReader): number {
  let index = 0;
  while (reader.next()) {
    if (reader.field === 1) index = reader.varint();
    else reader.skip();
  }
  return index;
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
