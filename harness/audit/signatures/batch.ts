import { createPublicKey, type KeyObject } from 'node:crypto';
import { isSignature } from './ecdsa.ts';

/** Bytes of what is verified in one batch. */
export const CONTENT_BYTES = 1 << 20;
/** Signatures in one batch. What a block needs to be judged is kept until all of its batches are back. */
export const MOST_SIGNATURES = 128;
/** Bytes of all public keys. */
export const KEY_BYTES = 1 << 20;
const MOST_KEYS = 8_192;
const FIELDS = 4;

export const FREE = 0;
export const READY = 1;
export const TAKEN = 2;
export const DONE = 3;

/** Signatures that are verified together, in memory that threads share. */
export interface Batch {
  /** 0: one of the states above; 1: number of signatures. */
  readonly control: Int32Array;
  /** For each signature its key, where its content ends, where the signature ends behind it. */
  readonly entries: Int32Array;
  readonly content: Buffer;
  /** 1 for each signature that is right. */
  readonly results: Uint8Array;
}

/** What a thread is given. */
export interface SharedMemory {
  readonly batches: readonly {
    readonly control: SharedArrayBuffer;
    readonly entries: SharedArrayBuffer;
    readonly content: SharedArrayBuffer;
    readonly results: SharedArrayBuffer;
  }[];
  /** 0: changes whenever there is something to do; 1: the end. */
  readonly signal: SharedArrayBuffer;
  /** DER of public keys, one behind the other. */
  readonly keys: SharedArrayBuffer;
  /** Where each key ends. */
  readonly keyEnds: SharedArrayBuffer;
}

/** Memory for some batches. It is only taken from the system where it is written to. */
export function allocate(batches: number): SharedMemory {
  return {
    batches: Array.from({ length: batches }, () => ({
      control: new SharedArrayBuffer(8),
      entries: new SharedArrayBuffer(MOST_SIGNATURES * FIELDS * 4),
      content: new SharedArrayBuffer(CONTENT_BYTES),
      results: new SharedArrayBuffer(MOST_SIGNATURES),
    })),
    signal: new SharedArrayBuffer(8),
    keys: new SharedArrayBuffer(KEY_BYTES),
    keyEnds: new SharedArrayBuffer(MOST_KEYS * 4),
  };
}

export function batchesIn({ batches }: SharedMemory): Batch[] {
  return batches.map(({ control, entries, content, results }) => ({
    control: new Int32Array(control),
    entries: new Int32Array(entries),
    content: Buffer.from(content),
    results: new Uint8Array(results),
  }));
}

/** Public keys by number; each thread makes its own objects of them when it first needs them. */
export class Keys {
  readonly #bytes: Buffer;
  readonly #ends: Int32Array;
  readonly #objects: KeyObject[] = [];
  #count = 0;

  constructor({ keys, keyEnds }: SharedMemory) {
    this.#bytes = Buffer.from(keys);
    this.#ends = new Int32Array(keyEnds);
  }

  /** Number of a key that is new here. @throws RangeError when there are more than any channel has */
  add(key: KeyObject): number {
    const number = this.#count;
    const der = key.export({ format: 'der', type: 'spki' });
    const start = number === 0 ? 0 : (this.#ends[number - 1] as number);
    if (start + der.length > this.#bytes.length || number >= this.#ends.length) {
      throw new RangeError(`more than ${number} public keys signed in this channel`);
    }
    der.copy(this.#bytes, start);
    this.#ends[number] = start + der.length;
    this.#objects[number] = key;
    this.#count += 1;
    return number;
  }

  get(number: number): KeyObject {
    let key = this.#objects[number];
    if (!key) {
      const start = number === 0 ? 0 : (this.#ends[number - 1] as number);
      const der = Buffer.from(this.#bytes.subarray(start, this.#ends[number]));
      key = createPublicKey({ key: der, format: 'der', type: 'spki' });
      this.#objects[number] = key;
    }
    return key;
  }
}

/** Puts a signature into a batch; `false` when it does not fit any more. */
export function put(
  batch: Batch,
  key: number,
  content: readonly Buffer[],
  signature: Buffer,
): boolean {
  const { control, entries } = batch;
  const count = control[1] as number;
  const start = count === 0 ? 0 : (entries[(count - 1) * FIELDS + 2] as number);
  const size = content.reduce((sum, { length }) => sum + length, signature.length);
  if (count === MOST_SIGNATURES || start + size > batch.content.length) return false;
  let end = start;
  for (const part of content) end += part.copy(batch.content, end);
  entries[count * FIELDS] = key;
  entries[count * FIELDS + 1] = end;
  entries[count * FIELDS + 2] = end + signature.copy(batch.content, end);
  control[1] = count + 1;
  return true;
}

/** Verifies all signatures of a batch. */
export function verifyBatch({ control, entries, content, results }: Batch, keys: Keys): void {
  const count = control[1] as number;
  let start = 0;
  for (let index = 0; index < count; index += 1) {
    const key = keys.get(entries[index * FIELDS] as number);
    const middle = entries[index * FIELDS + 1] as number;
    const end = entries[index * FIELDS + 2] as number;
    const right = isSignature(key, content.subarray(start, middle), content.subarray(middle, end));
    results[index] = right ? 1 : 0;
    start = end;
  }
}
