import { canonicalNumber, exactNumber, parseExact } from '../base/exact-json.ts';

/**
 * One form for values that mean the same, so that a document which CouchDB gave back with its keys in another order
 * equals the bytes that the chaincode wrote.
 */

/** JSON with the keys of every object sorted by code unit and without spaces; numbers of `parseExact` as exact decimals. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const number = exactNumber(value);
  if (number !== undefined) return canonicalNumber(number);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

/**
 * A state value as `state/` files hold it: canonical JSON if the bytes are a JSON object, which Fabric stores as a
 * document, else base64 of the bytes, which it stores as an attachment. Base64 never begins with a brace.
 *
 * @param bytes - the value that was written; a latin1 string counts as bytes
 */
export function canonicalValue(bytes: Uint8Array | string): string {
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes);
  try {
    const parsed = parseExact(buffer.toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
      return canonicalJson(parsed);
    }
  } catch {
    // Not JSON: bytes.
  }
  return buffer.toString('base64');
}

/**
 * What Fabric makes of a document before it reaches CouchDB: it reads each number as a double, and so rounds what has
 * more digits (`keyValToCouchDoc` unmarshals into a map).
 */
export function roundedValue(bytes: string): string {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(bytes, 'latin1').toString('utf8'));
    return canonicalJson(parseExact(JSON.stringify(parsed)));
  } catch {
    return canonicalValue(bytes);
  }
}
