import type { Clock } from '../clock.ts';

interface Waiter {
  readonly deadline: number;
  finish(reached: boolean): void;
}

/** A clock that a test moves. */
export class FakeClock implements Clock {
  #now = 0;
  readonly #waiters = new Set<Waiter>();

  now(): number {
    return this.#now;
  }

  async until(deadline: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) return false;
    if (deadline <= this.#now) return true;
    return await new Promise((resolve) => {
      const abort = () => waiter.finish(false);
      const waiter: Waiter = {
        deadline,
        finish: (reached) => {
          this.#waiters.delete(waiter);
          signal?.removeEventListener('abort', abort);
          resolve(reached);
        },
      };
      signal?.addEventListener('abort', abort);
      this.#waiters.add(waiter);
    });
  }

  /** Moves on by `milliseconds`, stopping at every deadline to let what waited for it run. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settled();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.deadline);
      next.finish(true);
      await settled();
    }
    this.#now = end;
    await settled();
  }

  /** Lets time pass, as fast as what waits for it goes on, until the work has ended; gives its result. */
  async drive<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const end = () => {
      ended = true;
    };
    work.then(end, end);
    for (await settled(); !ended; await settled()) {
      const next = this.#next(Number.POSITIVE_INFINITY);
      if (!next) continue;
      this.#now = Math.max(this.#now, next.deadline);
      next.finish(true);
    }
    return work;
  }

  #next(end: number): Waiter | undefined {
    const due = [...this.#waiters].filter(({ deadline }) => deadline <= end);
    return due.sort((a, b) => a.deadline - b.deadline)[0];
  }
}

/** Everything that can go on without time passing has gone on. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
