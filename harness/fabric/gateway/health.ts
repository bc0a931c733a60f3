/**
 * Remembers for a short time which nodes failed, so that thirty clients do not each find out by waiting.
 * A suspect is still tried, but last: it may be the only one left.
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

  /** The same nodes: those without a recent failure first, in the given order; then suspects, oldest failure first. */
  sort<T extends { readonly name: string }>(nodes: readonly T[]): T[] {
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
