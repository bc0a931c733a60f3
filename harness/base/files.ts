import { closeSync, openSync, readSync, writeSync } from 'node:fs';

const CHUNK = 1 << 18;

/**
 * Lines of a text file, without their ends, holding one chunk in memory. A file that does not exist has no lines.
 *
 * @param torn what becomes of a last line without an end; its writer may have been killed in the midst of it
 * @throws {Error} when reading fails for another reason.
 */
export function* readLines(
  path: string,
  { torn = 'keep' }: { readonly torn?: 'keep' | 'drop' } = {},
): Generator<string> {
  const descriptor = openIfThere(path);
  if (descriptor === undefined) return;
  try {
    let chunk = Buffer.allocUnsafe(CHUNK);
    let length = 0;
    for (;;) {
      const count = readSync(descriptor, chunk, length, chunk.length - length, null);
      length += count;
      let start = 0;
      for (
        let end = chunk.indexOf(10);
        end !== -1 && end < length;
        end = chunk.indexOf(10, start)
      ) {
        yield chunk.toString('utf8', start, end);
        start = end + 1;
      }
      if (count === 0) {
        if (start < length && torn === 'keep') yield chunk.toString('utf8', start, length);
        return;
      }
      chunk.copy(chunk, 0, start, length);
      length -= start;
      if (length === chunk.length) chunk = Buffer.concat([chunk], chunk.length * 2);
    }
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Objects of a file with one JSON object a line. A last line without an end is passed over: it is what a killed process
 * leaves of the record that it was writing.
 *
 * @param parse what makes a value of a line; throws where it is not JSON
 * @throws {Error} naming the file and the line where another line is not JSON.
 */
export function* readJsonLines<T>(
  path: string,
  parse: (line: string) => T = (line) => JSON.parse(line) as T,
): Generator<T> {
  let number = 0;
  for (const line of readLines(path, { torn: 'drop' })) {
    number += 1;
    if (line === '') continue;
    try {
      yield parse(line);
    } catch {
      throw new Error(`${path}: line ${number} is not JSON`);
    }
  }
}

/**
 * Serialized blocks of a file of length-delimited messages (a varint, then as many bytes). The buffer that is yielded is
 * overwritten by the next one.
 *
 * @throws {Error} naming the file and the offset where it ends inside a block.
 */
export function* readBlocks(path: string): Generator<Buffer> {
  const descriptor = openIfThere(path);
  if (descriptor === undefined) return;
  try {
    let chunk = Buffer.allocUnsafe(CHUNK);
    let start = 0;
    let end = 0;
    let offset = 0;
    let wanted = 1;
    for (;;) {
      while (end - start < wanted) {
        if (start + wanted > chunk.length) {
          const target = wanted > chunk.length ? Buffer.allocUnsafe(wanted * 2) : chunk;
          chunk.copy(target, 0, start, end);
          chunk = target;
          end -= start;
          start = 0;
        }
        const count = readSync(descriptor, chunk, end, chunk.length - end, null);
        end += count;
        if (count > 0) continue;
        if (start === end) return;
        if (end - start >= wanted) break;
        throw new Error(`${path} ends inside the block at byte ${offset}`);
      }
      const head = lengthAt(chunk, start, end);
      if (!head) {
        wanted = end - start + 1;
        continue;
      }
      const total = head.size + head.length;
      if (end - start < total) {
        wanted = total;
        continue;
      }
      yield chunk.subarray(start + head.size, start + total);
      start += total;
      offset += total;
      wanted = 1;
    }
  } finally {
    closeSync(descriptor);
  }
}

function lengthAt(
  bytes: Buffer,
  start: number,
  end: number,
): { readonly size: number; readonly length: number } | null {
  let length = 0;
  let scale = 1;
  for (let position = start; position < end; position += 1) {
    const byte = bytes[position] as number;
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) return { size: position - start + 1, length };
    scale *= 128;
    if (scale > 2 ** 42) throw new Error(`no block length at byte ${start}`);
  }
  return null;
}

/** Puts the length in front of a serialized block, as {@link readBlocks} expects it. */
export function delimited(block: Uint8Array): Buffer {
  const head: number[] = [];
  let rest = block.length;
  while (rest >= 0x80) {
    head.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  head.push(rest);
  return Buffer.concat([Buffer.from(head), block]);
}

/** Appends to a file, one write an item, so that what was written survives the death of the process. */
export class AppendFile implements Disposable {
  readonly #descriptor: number;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'a');
  }

  line(record: unknown): void {
    writeSync(this.#descriptor, `${JSON.stringify(record)}\n`);
  }

  block(raw: Uint8Array): void {
    writeSync(this.#descriptor, delimited(raw));
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
