import { setTimeout as delay } from 'node:timers/promises';
import { DeadlineError, messageOf } from './errors.ts';
import { patient } from './patience.ts';

/** What a wait is for; every part is shown when the deadline passes. */
export interface WaitOptions {
  /** What is waited for, e.g. `orderer0`. */
  readonly subject: string;
  /** The condition in words, e.g. `a block 0 of mychannel`. */
  readonly expected: string;
  /** Milliseconds until it fails, on an ordinary machine. */
  readonly budgetMs: number;
  /** Milliseconds between two tries; 100 unless told. */
  readonly intervalMs?: number;
  readonly lookAt?: string;
  readonly signal?: AbortSignal;
  /** The time that passes; the process's own unless told. */
  readonly clock?: WaitClock;
}

/** Time in milliseconds, as far as a wait needs it. */
export interface WaitClock {
  now(): number;
  /** Resolves when the time has come, or earlier when the signal aborts. */
  until(deadline: number, signal?: AbortSignal): Promise<unknown>;
}

const processClock: WaitClock = {
  now: () => performance.now(),
  // An abort is told by the next look.
  until: (deadline, signal) =>
    delay(Math.max(0, deadline - performance.now()), undefined, signal && { signal }).catch(
      () => undefined,
    ),
};

/**
 * Tries until a value comes that is not `undefined`, and returns it. A throwing try counts as "not yet"; its message
 * is what the deadline's error shows as last seen.
 *
 * @throws DeadlineError when the budget is used up
 * @throws the signal's reason when it aborts
 */
export async function waitFor<T>(
  options: WaitOptions,
  attempt: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const { clock = processClock, intervalMs = 100, signal } = options;
  const budgetMs = patient(options.budgetMs);
  const end = clock.now() + budgetMs;
  let seen = 'nothing yet';
  for (;;) {
    signal?.throwIfAborted();
    try {
      const value = await attempt();
      if (value !== undefined) return value;
    } catch (error) {
      seen = messageOf(error);
    }
    if (clock.now() >= end) {
      throw new DeadlineError(options.subject, options.expected, seen, budgetMs, options.lookAt);
    }
    await clock.until(clock.now() + intervalMs, signal);
  }
}
