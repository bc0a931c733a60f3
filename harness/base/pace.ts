import { setTimeout as delay } from 'node:timers/promises';

/** Keeps what is taken below a rate, over all who take. */
export class Pace {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #wait: (ms: number) => Promise<unknown>;
  #free = 0;

  /**
   * @param perSecond units a second
   * @param now milliseconds, monotonic; `wait` resolves after so many of them
   */
  constructor(
    perSecond: number,
    now: () => number = () => performance.now(),
    wait: (ms: number) => Promise<unknown> = (ms) => delay(ms),
  ) {
    this.#perSecond = perSecond;
    this.#now = now;
    this.#wait = wait;
  }

  /** Takes some units that came at once; resolves when more may be asked for. */
  async take(units: number): Promise<void> {
    const now = this.#now();
    this.#free = Math.max(now, this.#free) + (units / this.#perSecond) * 1_000;
    if (this.#free > now) await this.#wait(this.#free - now);
  }
}
