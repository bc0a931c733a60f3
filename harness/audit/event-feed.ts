import type { BlockEvent, Recording } from './recording.ts';

/** An event as it came from one peer's stream. */
export interface Announcement {
  readonly peer: string;
  readonly event: BlockEvent;
}

interface Stream {
  readonly peer: string;
  readonly iterator: Iterator<BlockEvent>;
  next: BlockEvent | undefined;
}

/**
 * The peers' event streams, pulled along with the blocks, so that they are read once and never held in memory.
 */
export class EventFeed {
  readonly #streams: readonly Stream[];
  /** Streams that could not be read to their end, and why. */
  readonly problems: string[] = [];

  constructor(recording: Recording, channel: string) {
    this.#streams = recording.events(channel).map(({ peer, events }) => {
      const iterator = events[Symbol.iterator]();
      return { peer, iterator, next: this.#pull(peer, iterator) };
    });
  }

  get peers(): string[] {
    return this.#streams.map(({ peer }) => peer);
  }

  /** Events that have not been taken yet and whose block is at most `block`, stream by stream in their order. */
  upTo(block: number): Announcement[] {
    const taken: Announcement[] = [];
    for (const stream of this.#streams) {
      while (stream.next && stream.next.block <= block) {
        taken.push({ peer: stream.peer, event: stream.next });
        stream.next = this.#pull(stream.peer, stream.iterator);
      }
    }
    return taken;
  }

  #pull(peer: string, iterator: Iterator<BlockEvent>): BlockEvent | undefined {
    try {
      const { done, value } = iterator.next();
      return done ? undefined : value;
    } catch (error) {
      this.problems.push(`events of ${peer} cannot be read: ${(error as Error).message}`);
      return undefined;
    }
  }
}
