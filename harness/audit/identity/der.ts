/** Just enough DER to read certificates and revocation lists (X.690; RFC 5280). */

/** Raised for bytes that are not the DER that they should be. */
export class MalformedDer extends Error {
  override readonly name = 'MalformedDer';
}

/** One element; its parts are views on the same memory. */
export interface Element {
  readonly tag: number;
  /** With tag and length. */
  readonly raw: Buffer;
  readonly content: Buffer;
}

export const SEQUENCE = 0x30;
export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const OID = 0x06;
export const BOOLEAN = 0x01;
const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const BMP_STRING = 0x1e;

/** The element at the beginning of some bytes. @throws {MalformedDer} when it does not fit in them */
export function elementAt(bytes: Buffer, start = 0): Element {
  const tag = bytes[start];
  const first = bytes[start + 1];
  if (tag === undefined || first === undefined) throw new MalformedDer('element cut off');
  let length = first;
  let position = start + 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4 || position + count > bytes.length) {
      throw new MalformedDer(`length of ${count} bytes at byte ${start}`);
    }
    length = bytes.readUIntBE(position, count);
    position += count;
  }
  const end = position + length;
  if (end > bytes.length) {
    throw new MalformedDer(`element wants ${length} bytes at byte ${position}`);
  }
  return { tag, raw: bytes.subarray(start, end), content: bytes.subarray(position, end) };
}

/** The elements inside an element. @throws {MalformedDer} when they do not fill it */
export function childrenOf(content: Buffer): Element[] {
  const found: Element[] = [];
  for (let position = 0; position < content.length; ) {
    const element = elementAt(content, position);
    found.push(element);
    position += element.raw.length;
  }
  return found;
}

/** Dotted form of an object identifier's content. */
export function objectIdentifier(content: Buffer): string {
  const numbers: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      numbers.push(value);
      value = 0;
    }
  }
  const [first = 0, ...rest] = numbers;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...rest].join('.');
}

/** Year, month, day, hour, minute and, where they are told, seconds. */
const SHORT_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z$/;
const LONG_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?Z$/;

/** Milliseconds since 1970 of a UTCTime or GeneralizedTime. @throws {MalformedDer} for another element */
export function timeOf({ tag, content }: Element): number {
  const text = content.toString('latin1');
  const isShort = tag === UTC_TIME;
  const match = (isShort ? SHORT_TIME : LONG_TIME).exec(text);
  if ((!isShort && tag !== GENERALIZED_TIME) || !match) {
    throw new MalformedDer(`no time: ${text}`);
  }
  const [, yearText = '', month, day, hour, minute, second = '0'] = match;
  const told = Number(yearText);
  // RFC 5280, 4.1.2.5.1: two digits from 50 on are of the last century.
  const year = isShort ? told + (told >= 50 ? 1900 : 2000) : told;
  return Date.UTC(
    year,
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
}

/** Text of a string element of a name. */
export function textOf({ tag, content }: Element): string {
  if (tag === BMP_STRING) return Buffer.from(content).swap16().toString('utf16le');
  return content.toString('utf8');
}
