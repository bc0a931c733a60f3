import { setTimeout as pause } from 'node:timers/promises';
import { describe, FabricError, type Failure } from './errors.ts';
import { patient } from './patience.ts';

export interface Until<T> {
  readonly subject: string;
  readonly expected: string;
  readonly budgetMs: number;
  readonly look?: string;
  /** Tries once; a result ends the wait, an error is kept as what was seen last. */
  readonly attempt: (leftMs: number) => Promise<T>;
  /** Whether an error may go away by itself. */
  readonly retry: (error: unknown) => boolean;
  /** Between attempts, ms. Default 100. */
  readonly everyMs?: number;
  /** Milliseconds on a clock that only runs forward; the process's own unless given. */
  readonly now?: () => number;
}

/**
 * Repeats an attempt until it succeeds, fails for good, or the budget is spent.
 * @throws the error itself when it is not to be retried, FabricError with the last error seen at the deadline
 */
export async function until<T>(options: Until<T>): Promise<T> {
  const { now = () => performance.now() } = options;
  const budgetMs = patient(options.budgetMs);
  const deadline = now() + budgetMs;
  let seen: unknown;
  for (;;) {
    const left = Math.max(1, deadline - now());
    try {
      return await options.attempt(left);
    } catch (error) {
      if (!options.retry(error)) throw error;
      // An attempt that the deadline cut short tells only that; what the one before it saw tells more.
      if (left >= TELLING_MS || seen === undefined) seen = error;
      if (now() + (options.everyMs ?? EVERY_MS) >= deadline) {
        throw new FabricError({
          subject: options.subject,
          expected: options.expected,
          seen: describe(seen),
          budgetMs,
          ...(options.look === undefined ? {} : { look: options.look }),
          cause: seen,
        });
      }
    }
    await pause(options.everyMs ?? EVERY_MS);
  }
}

const EVERY_MS = 100;
const TELLING_MS = 1_000;

/** Resolves with null after some milliseconds; keeps no process alive. */
export const after = (ms: number): Promise<null> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms, null).unref();
  });

/**
 * A promise's result, or an error at the deadline. What the promise does later is nobody's concern.
 * @throws FabricError with what `failure` says
 */
export async function within<T>(
  promise: Promise<T>,
  budgetMs: number,
  failure: () => Failure,
): Promise<T> {
  const result = promise.then((value) => ({ value }));
  result.catch(() => undefined);
  const first = await Promise.race([result, after(budgetMs)]);
  if (first === null) throw new FabricError(failure());
  return first.value;
}
