/** Time as the workload sees it: injected, so that tests need no real waiting. */
export interface Clock {
  /** Milliseconds since the run started; never goes back. */
  now(): number;
  /**
   * Waits until `deadline` (milliseconds on this clock).
   * @returns true when the deadline was reached, false as soon as `signal` aborts
   */
  until(deadline: number, signal?: AbortSignal): Promise<boolean>;
}

/** The monotonic clock of this process. */
export class RunClock implements Clock {
  readonly #origin: number;

  /** @param origin value of `performance.now()` at the start of the run */
  constructor(origin = performance.now()) {
    this.#origin = origin;
  }

  now(): number {
    // Microseconds are enough, and keep the history readable.
    return Math.round((performance.now() - this.#origin) * 1_000) / 1_000;
  }

  async until(deadline: number, signal?: AbortSignal): Promise<boolean> {
    // A loop, because a timer may fire up to a millisecond early.
    for (let left = deadline - this.now(); left > 0; left = deadline - this.now()) {
      if (signal?.aborted) return false;
      await timer(Math.ceil(left), signal);
    }
    return !signal?.aborted;
  }
}

function timer(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(handle);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const handle = setTimeout(done, milliseconds);
    signal?.addEventListener('abort', done);
  });
}
