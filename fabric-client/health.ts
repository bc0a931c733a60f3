type Named = { readonly name: string };

interface Knock {
  readonly everyMs: number;
  readonly at: (node: Named) => Promise<unknown>;
}

interface Suspect {
  until: number;
  /** Whether a connection to it could be opened since; always, where nobody tries. */
  reachable: boolean;
  timer?: NodeJS.Timeout;
}

/**
 * Remembers which nodes failed, so that thirty clients do not each find out by waiting: a circuit breaker. A suspect
 * is still tried, but last, as it may be the only one left. In the background it is knocked at until a TLS handshake
 * succeeds, which a dead, unreachable or frozen process cannot do. Then, and when its time is over, one caller is sent
 * to it first again and finds out for all.
 */
export class Health {
  readonly #suspects = new Map<string, Suspect>();
  readonly #forMs: number;
  readonly #now: () => number;
  readonly #knock: Knock | null;
  #closed = false;

  /**
   * @param forMs how long a failure is held against a node, ms
   * @param now monotonic clock, ms
   * @param knock how to find out whether a suspect can be reached, and how often; without it time alone decides
   */
  constructor(
    forMs = 5_000,
    now: () => number = () => performance.now(),
    knock: Knock | null = null,
  ) {
    this.#forMs = forMs;
    this.#now = now;
    this.#knock = knock;
  }

  failed(node: Named): void {
    const { name } = node;
    clearTimeout(this.#suspects.get(name)?.timer);
    if (this.#closed) return;
    this.#suspects.set(name, {
      until: this.#now() + this.#forMs,
      reachable: this.#knock === null,
    });
    this.#watch(node);
  }

  worked({ name }: Named): void {
    clearTimeout(this.#suspects.get(name)?.timer);
    this.#suspects.delete(name);
  }

  /**
   * The same nodes in the order to try them: sound ones in the given order, then suspects, oldest failure first.
   * A suspect whose time is over counts as sound for this caller only.
   */
  choose<T extends Named>(nodes: readonly T[]): T[] {
    const sorted = this.preview(nodes);
    for (const { name } of nodes) {
      const suspect = this.#suspects.get(name);
      if (suspect !== undefined && this.#isDue(suspect)) suspect.until = this.#now() + this.#forMs;
    }
    return sorted;
  }

  /** What {@link choose} would answer, without taking up the one try. */
  preview<T extends Named>(nodes: readonly T[]): T[] {
    const until = ({ name }: T) => {
      const suspect = this.#suspects.get(name);
      return suspect === undefined || this.#isDue(suspect)
        ? Number.NEGATIVE_INFINITY
        : suspect.until;
    };
    return nodes
      .map((node) => ({ node, until: until(node) }))
      .sort((a, b) => (a.until === b.until ? 0 : a.until - b.until))
      .map(({ node }) => node);
  }

  /** Knocks no more. */
  close(): void {
    this.#closed = true;
    for (const { timer } of this.#suspects.values()) clearTimeout(timer);
  }

  #isDue({ until, reachable }: Suspect): boolean {
    return reachable && until <= this.#now();
  }

  #watch(node: Named): void {
    const knock = this.#knock;
    const suspect = this.#suspects.get(node.name);
    if (knock === null || suspect === undefined || this.#closed) return;
    suspect.timer = setTimeout(() => {
      const reached = () => {
        suspect.reachable = true;
      };
      knock.at(node).then(reached, () => {
        if (this.#suspects.get(node.name) === suspect) this.#watch(node);
      });
    }, knock.everyMs).unref();
  }
}

/** A list turned so that it starts at a given index. */
export function rotate<T>(items: readonly T[], by: number): T[] {
  const start = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
