import { hash } from 'node:crypto';

/** A big-endian DER INTEGER's content: minimal, with a zero byte in front when the top bit is set. */
function integerContent(value: number): Buffer {
  let hex = value.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  const bytes = Buffer.from(hex, 'hex');
  return (bytes[0] as number) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}

function element(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : [tag, 0x81, length];
  return Buffer.concat([Buffer.from(head), content]);
}

/**
 * The bytes that Fabric hashes and signs for a header: DER of `SEQUENCE { INTEGER number, OCTET STRING previousHash,
 * OCTET STRING dataHash }` (`protoutil.BlockHeaderBytes`).
 *
 * @throws {RangeError} for hashes so long (over 60 bytes each) that no Fabric block can have them.
 */
export function headerBytes(
  number: number,
  previousHash: Uint8Array,
  dataHash: Uint8Array,
): Buffer {
  if (previousHash.length > 60 || dataHash.length > 60) {
    throw new RangeError(
      `block ${number}: hashes of ${previousHash.length} and ${dataHash.length} bytes, expected at most 60`,
    );
  }
  return element(
    0x30,
    Buffer.concat([
      element(0x02, integerContent(number)),
      element(0x04, previousHash),
      element(0x04, dataHash),
    ]),
  );
}

/** SHA-256 of the header in hexadecimal: what the next block's `previousHash` must be (`protoutil.BlockHeaderHash`). */
export function headerHash(number: number, previousHash: Uint8Array, dataHash: Uint8Array): string {
  return hash('sha256', headerBytes(number, previousHash, dataHash), 'hex');
}
