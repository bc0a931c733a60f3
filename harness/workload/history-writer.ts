import { closeSync, openSync, writeSync } from 'node:fs';
import type { Clock } from './clock.ts';
import type { HistoryRecord } from './history.ts';

/** Where the lines go. */
export interface HistorySink {
  write(line: string): void;
  close(): void;
}

/**
 * Appends records as they happen. A record is handed to the kernel before `append` returns, so that an operation is on
 * file before its request leaves, and a kill of this process loses nothing that was appended.
 */
export class History implements Disposable {
  readonly #sink: HistorySink;
  readonly #clock: Clock;
  readonly #listeners = new Set<(record: HistoryRecord) => void>();
  #operations = 0;
  #closed = false;

  constructor(sink: HistorySink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /**
   * A history in a new file.
   * @throws Error with code EEXIST if the file exists: two scenarios must not share one
   */
  static create(path: string, clock: Clock): History {
    return new History(fileSink(path), clock);
  }

  /** Now, for records that the caller makes itself. */
  now(): number {
    return this.#clock.now();
  }

  /** The next operation's number, from 1. */
  nextOperation(): number {
    this.#operations += 1;
    return this.#operations;
  }

  /** @throws Error if the history is closed or cannot be written */
  append(record: HistoryRecord): void {
    if (this.#closed) {
      throw new Error(`history: cannot append a record of type ${record.type}, it is closed`);
    }
    this.#sink.write(`${JSON.stringify(record)}\n`);
    for (const listener of this.#listeners) listener(record);
  }

  /** A remark with the present time. */
  mark(label: string): void {
    this.append({ type: 'mark', label, at: this.now() });
  }

  /** Something that went wrong, with the present time. */
  trouble(message: string): void {
    this.append({ type: 'trouble', message, at: this.now() });
  }

  /**
   * Calls `listener` with each record from now on, just after it was written.
   * @returns a function that ends this
   */
  subscribe(listener: (record: HistoryRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#sink.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function fileSink(path: string): HistorySink {
  // O_APPEND and O_EXCL: each line lands at the end, in a file that nobody else began.
  const file = openSync(path, 'ax');
  return {
    write(line) {
      const bytes = Buffer.from(line);
      // A full disk can make a write short; the next one then throws the reason.
      for (let written = 0; written < bytes.length; ) {
        written += writeSync(file, bytes, written);
      }
    },
    close: () => closeSync(file),
  };
}
