import type { KeyObject } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { patient } from '../../base/patience.ts';
import {
  allocate,
  type Batch,
  batchesIn,
  CONTENT_BYTES,
  DONE,
  FREE,
  Keys,
  put,
  READY,
  TAKEN,
  verifyBatch,
} from './batch.ts';
import { isSignature } from './ecdsa.ts';

const BATCHES = 4;
/** Signatures that take less time than a thread takes to start. */
const FEW = 1_024;
/** A batch takes some milliseconds; a thread that is silent for so long has died. */
const PATIENCE_MS = 60_000;

/** Number of a signature, by which its result is asked. */
export type Ticket = number;

/**
 * Verifies signatures beside the thread that reads the blocks, and gives the results in the order in which the
 * signatures came. Nothing here is asynchronous: an audit stays one plain walk. Few signatures (those of a unit test) are
 * verified without another thread.
 */
export class SignatureVerifier implements Disposable {
  /** One batch until there are so many signatures that threads pay. */
  #memory = allocate(1);
  #batches = batchesIn(this.#memory);
  readonly #keys = new Keys(this.#memory);
  readonly #signal = new Int32Array(this.#memory.signal);
  readonly #numbers = new WeakMap<KeyObject, number>();
  #results = new Uint8Array(1 << 16);
  #workers: Worker[] = [];
  /** Signatures taken in, and those of them whose results are known. */
  #added = 0;
  #settled = 0;
  /** Batch that is being filled, and the oldest one whose results are not taken over; they go round. */
  #filling = 0;
  #oldest = 0;

  /** Signatures that were verified. */
  get count(): number {
    return this.#added;
  }

  /** Signatures before this one have results. */
  get settled(): Ticket {
    return this.#settled;
  }

  /**
   * Takes a signature in.
   *
   * @param content - what was signed, in parts that follow each other; copied
   */
  add(key: KeyObject, content: readonly Buffer[], signature: Buffer): Ticket {
    const ticket = this.#added;
    const number = this.#numberOf(key);
    if (!put(this.#batches[this.#filling] as Batch, number, content, signature)) {
      this.#send();
      if (!put(this.#batches[this.#filling] as Batch, number, content, signature)) {
        return this.#addLarge(key, content, signature);
      }
    }
    this.#added += 1;
    return ticket;
  }

  /** Whether a signature is right. Only for those that are settled. */
  isRight(ticket: Ticket): boolean {
    if (ticket >= this.#settled) throw new Error(`signature ${ticket} has not been verified yet`);
    return this.#results[ticket] === 1;
  }

  /** Waits until all signatures have results. */
  settle(): void {
    const last = this.#batches[this.#filling] as Batch;
    while (this.#oldest !== this.#filling) this.#takeOver();
    verifyBatch(last, this.#keys);
    this.#collect(last);
  }

  [Symbol.dispose](): void {
    Atomics.store(this.#signal, 1, 1);
    this.#wake();
    this.#workers = [];
  }

  #numberOf(key: KeyObject): number {
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#keys.add(key);
      this.#numbers.set(key, number);
    }
    return number;
  }

  /** More than a batch holds: a transaction of megabytes. It is verified here and at once. */
  #addLarge(key: KeyObject, content: readonly Buffer[], signature: Buffer): Ticket {
    this.settle();
    const ticket = this.#added;
    this.#added += 1;
    this.#store([isSignature(key, Buffer.concat(content), signature) ? 1 : 0]);
    return ticket;
  }

  /** Gives the batch that is full to the threads and goes on to the next, which must be free. */
  #send(): void {
    const full = this.#batches[this.#filling] as Batch;
    if (full.control[1] === 0) return;
    if (this.#added < FEW) {
      verifyBatch(full, this.#keys);
      this.#collect(full);
      return;
    }
    if (this.#workers.length === 0) this.#start();
    Atomics.store(full.control, 0, READY);
    this.#wake();
    this.#filling = (this.#filling + 1) % BATCHES;
    if (this.#filling === this.#oldest) this.#takeOver();
    for (
      let batch = this.#batches[this.#oldest] as Batch;
      this.#oldest !== this.#filling && Atomics.load(batch.control, 0) === DONE;
      batch = this.#batches[this.#oldest] as Batch
    ) {
      this.#takeOver();
    }
  }

  #start(): void {
    const { batches } = allocate(BATCHES - 1);
    this.#memory = { ...this.#memory, batches: [...this.#memory.batches, ...batches] };
    this.#batches = [...this.#batches, ...batchesIn({ ...this.#memory, batches })];
    // The thread that reads the blocks verifies as well where it would have to wait.
    const others = Math.max(1, availableParallelism() - 1);
    this.#workers = Array.from({ length: others }, () => {
      const worker = new Worker(new URL('./worker.ts', import.meta.url), {
        workerData: this.#memory,
      });
      worker.unref();
      return worker;
    });
  }

  #wake(): void {
    Atomics.add(this.#signal, 0, 1);
    Atomics.notify(this.#signal, 0);
  }

  /** Takes over the results of the oldest batch; does its work here if no thread has begun it. */
  #takeOver(): void {
    const batch = this.#batches[this.#oldest] as Batch;
    if (Atomics.compareExchange(batch.control, 0, READY, TAKEN) === READY) {
      verifyBatch(batch, this.#keys);
    } else if (Atomics.wait(batch.control, 0, TAKEN, patient(PATIENCE_MS)) === 'timed-out') {
      throw new Error(
        `signatures: expected a thread to verify ${batch.control[1]} of them (${CONTENT_BYTES} bytes) within ${patient(PATIENCE_MS)} ms`,
      );
    }
    this.#collect(batch);
    this.#oldest = (this.#oldest + 1) % BATCHES;
  }

  #collect({ control, results }: Batch): void {
    this.#store(results.subarray(0, control[1]));
    control[1] = 0;
    Atomics.store(control, 0, FREE);
  }

  #store(results: ArrayLike<number>): void {
    while (this.#settled + results.length > this.#results.length) {
      const larger = new Uint8Array(this.#results.length * 2);
      larger.set(this.#results);
      this.#results = larger;
    }
    this.#results.set(results, this.#settled);
    this.#settled += results.length;
  }
}
