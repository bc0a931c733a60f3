/**
 * Remembers which nodes failed, so that thirty clients do not each find out by waiting: a circuit breaker. A suspect
 * is still tried, but last, as it may be the only one left. When its time is over, one caller is sent to it first
 * again and finds out for all.
 */
export class Health {
  readonly #suspectUntil = new Map<string, number>();
  readonly #forMs: number;
  readonly #now: () => number;

  /**
   * @param forMs how long a failure is held against a node, ms
   * @param now monotonic clock, ms
   */
  constructor(forMs = 5_000, now: () => number = () => performance.now()) {
    this.#forMs = forMs;
    this.#now = now;
  }

  failed(name: string): void {
    this.#suspectUntil.set(name, this.#now() + this.#forMs);
  }

  worked(name: string): void {
    this.#suspectUntil.delete(name);
  }

  /**
   * The same nodes in the order to try them: sound ones in the given order, then suspects, oldest failure first.
   * A suspect whose time is over counts as sound for this caller only.
   */
  choose<T extends { readonly name: string }>(nodes: readonly T[]): T[] {
    const sorted = this.preview(nodes);
    for (const { name } of nodes) {
      const until = this.#suspectUntil.get(name);
      if (until !== undefined && until <= this.#now()) this.failed(name);
    }
    return sorted;
  }

  /** What {@link choose} would answer, without taking up the one try. */
  preview<T extends { readonly name: string }>(nodes: readonly T[]): T[] {
    const now = this.#now();
    const until = (node: T) => {
      const time = this.#suspectUntil.get(node.name) ?? 0;
      return time > now ? time : 0;
    };
    return [...nodes].sort((a, b) => until(a) - until(b));
  }
}

/** A list turned so that it starts at a given index. */
export function rotate<T>(items: readonly T[], by: number): T[] {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
