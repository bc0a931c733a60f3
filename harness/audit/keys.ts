/**
 * Order of keys as Fabric has it: by the bytes of their UTF-8 form, which is the order of code points. JavaScript
 * compares UTF-16 code units instead, in which surrogates (code points above U+FFFF, such as the U+10FFFF that ends
 * composite key ranges) come before U+E000…U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let position = 0; position < length; position += 1) {
    const left = a.charCodeAt(position);
    const right = b.charCodeAt(position);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

const rank = (unit: number): number =>
  unit < 0xd800 ? unit : unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;

const LARGEST_CHUNK = 512;

/**
 * Sorted set of keys in chunks, so that inserting stays cheap (square root of the size) however ranges and new keys
 * alternate.
 */
export class OrderedKeys {
  readonly #chunks: string[][] = [];

  constructor(keys: Iterable<string> = []) {
    const sorted = [...keys].sort(compareKeys);
    for (let start = 0; start < sorted.length; start += LARGEST_CHUNK / 2) {
      this.#chunks.push(sorted.slice(start, start + LARGEST_CHUNK / 2));
    }
  }

  add(key: string): void {
    const chunkIndex = this.#chunkFor(key);
    const chunk = this.#chunks[chunkIndex];
    if (!chunk) {
      this.#chunks.push([key]);
      return;
    }
    const position = lowerBound(chunk, key);
    if (chunk[position] === key) return;
    chunk.splice(position, 0, key);
    if (chunk.length > LARGEST_CHUNK) {
      this.#chunks.splice(chunkIndex + 1, 0, chunk.splice(LARGEST_CHUNK / 2));
    }
  }

  delete(key: string): void {
    const chunkIndex = this.#chunkFor(key);
    const chunk = this.#chunks[chunkIndex];
    if (!chunk) return;
    const position = lowerBound(chunk, key);
    if (chunk[position] !== key) return;
    chunk.splice(position, 1);
    if (chunk.length === 0) this.#chunks.splice(chunkIndex, 1);
  }

  /** Keys from `start` (included) to `end` (excluded); an empty `end` means to the last. */
  *range(start: string, end: string): Generator<string> {
    for (let index = this.#chunkFor(start); index < this.#chunks.length; index += 1) {
      const chunk = this.#chunks[index] as string[];
      for (let position = lowerBound(chunk, start); position < chunk.length; position += 1) {
        const key = chunk[position] as string;
        if (end !== '' && compareKeys(key, end) >= 0) return;
        yield key;
      }
    }
  }

  /** The last chunk whose first key is not after `key`; the first chunk if there is none. */
  #chunkFor(key: string): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (compareKeys(this.#chunks[middle]?.[0] as string, key) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function lowerBound(chunk: readonly string[], key: string): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(chunk[middle] as string, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
