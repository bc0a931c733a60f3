/**
 * Decodes a `moby.buildkit.trace` message of an engine's build: a StatusResponse of BuildKit's
 * `api/services/control/control.proto` (vertexes 1, logs 3; a vertex has name 3, cached 4, started 5, completed 6,
 * error 7; a log has msg 4).
 *
 * @param aux the message in Base64
 */
export function traceText(aux: string): string {
  let text = '';
  for (const { field, bytes } of fields(Buffer.from(aux, 'base64'))) {
    if (field === 1) text += vertexText(bytes);
    if (field === 3) text += logText(bytes);
  }
  return text;
}

function vertexText(vertex: Buffer): string {
  const parts = new Map(fields(vertex).map(({ field, bytes }) => [field, bytes]));
  const name = parts.get(3)?.toString('utf8') ?? '';
  const error = parts.get(7)?.toString('utf8') ?? '';
  if (error) return `ERROR in ${name}: ${error}\n`;
  if (parts.get(4)?.[0] && parts.has(6)) return `=> ${name} (cached)\n`;
  return parts.has(5) && !parts.has(6) ? `=> ${name}\n` : '';
}

function logText(log: Buffer): string {
  return fields(log)
    .filter(({ field }) => field === 4)
    .map(({ bytes }) => bytes.toString('utf8'))
    .join('');
}

interface Field {
  readonly field: number;
  /** Content of a text or a message; the bytes of a varint otherwise. */
  readonly bytes: Buffer;
}

/** The fields of a protobuf message, in order; what has a fixed width is passed over. */
function fields(message: Buffer): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; at < message.length; shift *= 128) {
      const byte = message[at++] as number;
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
    }
    return value;
  };
  while (at < message.length) {
    const tag = varint();
    const start = at;
    const kind = tag & 7;
    if (kind === 2) {
      const length = varint();
      found.push({ field: tag >>> 3, bytes: message.subarray(at, at + length) });
      at += length;
    } else if (kind === 0) {
      varint();
      found.push({ field: tag >>> 3, bytes: message.subarray(start, at) });
    } else at += kind === 1 ? 8 : 4;
  }
  return found;
}
