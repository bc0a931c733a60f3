import type { BlockEvent } from './recording.ts';

/** An event as it came from one stream. */
export interface Announcement<T extends OfBlock = BlockEvent> {
  readonly peer: string;
  readonly event: T;
}

interface OfBlock {
  readonly block: number;
}

interface Stream<T> {
  readonly peer: string;
  readonly iterator: Iterator<T>;
  next: T | undefined;
}

/**
 * The streams of several peers, pulled along with the blocks, so that they are read once and never held in memory.
 */
export class EventFeed<T extends OfBlock = BlockEvent> {
  readonly #streams: readonly Stream<T>[];
  /** Streams that could not be read to their end, and why. */
  readonly problems: string[] = [];

  constructor(streams: readonly { readonly peer: string; readonly events: Iterable<T> }[]) {
    this.#streams = streams.map(({ peer, events }) => {
      const iterator = events[Symbol.iterator]();
      return { peer, iterator, next: this.#pull(peer, iterator) };
    });
  }

  get peers(): string[] {
    return this.#streams.map(({ peer }) => peer);
  }

  /** Events that have not been taken yet and whose block is at most `block`, stream by stream in their order. */
  upTo(block: number): Announcement<T>[] {
    const taken: Announcement<T>[] = [];
    for (const stream of this.#streams) {
      while (stream.next && stream.next.block <= block) {
        taken.push({ peer: stream.peer, event: stream.next });
        stream.next = this.#pull(stream.peer, stream.iterator);
      }
    }
    return taken;
  }

  #pull(peer: string, iterator: Iterator<T>): T | undefined {
    try {
      const { done, value } = iterator.next();
      return done ? undefined : value;
    } catch (error) {
      this.problems.push(`events of ${peer} cannot be read: ${(error as Error).message}`);
      return undefined;
    }
  }
}
