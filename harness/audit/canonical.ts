/**
 * One form for values that mean the same, so that a document which CouchDB gave back with its keys in another order
 * equals the bytes that the chaincode wrote.
 */

/** JSON with the keys of every object sorted by code unit and without spaces. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
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
    const parsed: unknown = JSON.parse(buffer.toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
      return canonicalJson(parsed);
    }
  } catch {
    // Not JSON: bytes.
  }
  return buffer.toString('base64');
}
