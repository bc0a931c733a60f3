/** A record of a topic's partition. */
export interface TopicRecord {
  readonly offset: number;
  /** Empty for a record without a value. */
  readonly value: Buffer;
}

/** Bytes before a batch's records, and where its fields are (org.apache.kafka.common.record.DefaultRecordBatch). */
const OVERHEAD = 61;
const LENGTH_AT = 8;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const COUNT_AT = 57;
/** Bytes of offset and length, which the length does not count. */
const PREFIX = 12;
const COMPRESSION = 0b111;
const CONTROL = 0b10_0000;

/**
 * Reads the batches that a broker sends for a fetch (format 2, which brokers from 3.0 on keep all records in). The last one
 * may be cut; it is left out, as Kafka's own clients leave it.
 *
 * @throws Error for another format, or a compressed batch: Fabric's orderers write none
 */
export function* recordsIn(batches: Buffer): Generator<TopicRecord> {
  for (let at = 0; at + PREFIX <= batches.length; ) {
    const end = at + PREFIX + batches.readInt32BE(at + LENGTH_AT);
    if (end > batches.length) return;
    const magic = batches.readInt8(at + MAGIC_AT);
    if (magic !== 2) throw new Error(`records: expected format 2, seen ${magic}`);
    const attributes = batches.readInt16BE(at + ATTRIBUTES_AT);
    if ((attributes & COMPRESSION) !== 0)
      throw new Error('records: expected none that is compressed');
    if ((attributes & CONTROL) === 0) {
      yield* ofBatch(batches.subarray(at, end), Number(batches.readBigInt64BE(at)));
    }
    at = end;
  }
}

function* ofBatch(batch: Buffer, baseOffset: number): Generator<TopicRecord> {
  const cursor = new Cursor(batch, OVERHEAD);
  for (let left = batch.readInt32BE(COUNT_AT); left > 0; left -= 1) {
    const length = cursor.varint();
    const end = cursor.position + length;
    cursor.position += 1; // its attributes, of which there are none yet
    cursor.varint(); // time since the batch's first
    const offset = baseOffset + cursor.varint();
    cursor.bytes(); // its key
    yield { offset, value: cursor.bytes() };
    cursor.position = end; // past its headers
  }
}

/** Reads Kafka's variable-length integers, which are in zigzag order. */
class Cursor {
  readonly #bytes: Buffer;
  position: number;

  constructor(bytes: Buffer, position: number) {
    this.#bytes = bytes;
    this.position = position;
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.#bytes.readUInt8(this.position);
      this.position += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 0x80;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** A length, -1 for nothing, and as many bytes. */
  bytes(): Buffer {
    const length = this.varint();
    if (length <= 0) return Buffer.alloc(0);
    const found = this.#bytes.subarray(this.position, this.position + length);
    this.position += length;
    return found;
  }
}
