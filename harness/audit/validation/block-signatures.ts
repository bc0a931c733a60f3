import { headerBytes } from '../../fabric/ledger/header.ts';
import { FieldReader } from '../../fabric/ledger/wire.ts';
import { FieldWriter } from '../../fabric/ledger/wire-writer.ts';
import type { Configuration } from '../channel/configuration.ts';

/** Something that was signed, by whom, and the signature. */
export interface SignedData {
  /** Serialized `msp.SerializedIdentity`. */
  readonly identity: Buffer;
  /** In parts that follow each other. */
  readonly content: readonly Buffer[];
  readonly signature: Buffer;
}

/** An orderer's part of a block's metadata, slot 0 (`common.Metadata`). */
export interface OrdererMetadata {
  /** Serialized `common.OrdererBlockMetadata`. */
  readonly value: Buffer;
  readonly signatures: readonly {
    readonly signatureHeader: Buffer;
    readonly identifierHeader: Buffer;
    readonly signature: Buffer;
  }[];
}

const NOTHING = Buffer.alloc(0);

/** @throws {MalformedMessage} when the slot does not hold what it should */
export function decodeOrdererMetadata(slot: Buffer): OrdererMetadata {
  let value: Buffer = NOTHING;
  const signatures: OrdererMetadata['signatures'][number][] = [];
  const reader = new FieldReader(slot);
  while (reader.next()) {
    if (reader.field === 1) value = reader.view();
    else if (reader.field === 2) {
      let signatureHeader: Buffer = NOTHING;
      let identifierHeader: Buffer = NOTHING;
      let signature: Buffer = NOTHING;
      const entry = reader.message();
      while (entry.next()) {
        if (entry.field === 1) signatureHeader = entry.view();
        else if (entry.field === 2) signature = entry.view();
        else if (entry.field === 3) identifierHeader = entry.view();
        else entry.skip();
      }
      signatures.push({ signatureHeader, identifierHeader, signature });
    } else reader.skip();
  }
  return { value, signatures };
}

/**
 * What the orderers signed of a block: metadata, their header, the block's header (`protoutil.BlockSignatureVerifier`).
 * A signature of BFT ordering names its consenter by number; who that is the configuration says.
 *
 * @throws {MalformedMessage} when a header of a signature cannot be read
 */
export function signedByOrderers(
  { value, signatures }: OrdererMetadata,
  header: { readonly number: number; readonly previousHash: string; readonly dataHash: string },
  configuration: Configuration,
): SignedData[] {
  const block = headerBytes(
    header.number,
    Buffer.from(header.previousHash, 'hex'),
    Buffer.from(header.dataHash, 'hex'),
  );
  return signatures.map(({ signatureHeader, identifierHeader, signature }) => {
    const isNumbered = configuration.ordering.type === 'BFT' && signatureHeader.length === 0;
    const own = isNumbered ? identifierHeader : signatureHeader;
    const identity = isNumbered
      ? consenterIdentity(identifierHeader, configuration)
      : firstView(signatureHeader);
    return { identity, content: [value, own, block], signature };
  });
}

/** Field 1 of a message as bytes: `SignatureHeader.creator`. */
function firstView(bytes: Buffer): Buffer {
  const reader = new FieldReader(bytes);
  let found: Buffer = NOTHING;
  while (reader.next()) {
    if (reader.field === 1) found = reader.view();
    else reader.skip();
  }
  return found;
}

function consenterIdentity(identifierHeader: Buffer, { ordering }: Configuration): Buffer {
  let number = 0;
  const reader = new FieldReader(identifierHeader);
  while (reader.next()) {
    if (reader.field === 1) number = reader.varint();
    else reader.skip();
  }
  const consenter = ordering.consenters.get(number);
  if (!consenter) return NOTHING;
  const identity = new FieldWriter();
  identity.text(1, consenter.mspId, 'utf8');
  identity.content(2, consenter.certificate);
  return Buffer.from(identity.bytes);
}
