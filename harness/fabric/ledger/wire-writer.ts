/**
 * Writes protobuf messages into one growing buffer. Used where the exact bytes matter because Fabric hashes them.
 * Fields that hold proto3's default value are left out by the caller, as Fabric's encoder does.
 */
export class FieldWriter {
  #bytes = Buffer.allocUnsafe(4096);
  #length = 0;

  /** A view on what was written; valid until the next write or `clear`. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Tag and value of an integer field. */
  integer(field: number, value: number): void {
    this.varint(field << 3);
    this.varint(value);
  }

  /** Tag, length and content. */
  content(field: number, bytes: Uint8Array): void {
    this.varint((field << 3) | 2);
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** Tag, length and content of a text in the given encoding. */
  text(field: number, text: string, encoding: 'utf8' | 'latin1' | 'hex'): void {
    const length = Buffer.byteLength(text, encoding);
    this.varint((field << 3) | 2);
    this.varint(length);
    this.#reserve(length);
    this.#bytes.write(text, this.#length, encoding);
    this.#length += length;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
