import type { Operation, RecordedHistory } from '../history-index.ts';
import type { RecoveryResult } from './model.ts';
import { endOf } from './operations.ts';
import { outagesOf, type RecoveryGoal } from './outages.ts';

/**
 * Time from a heal to the first VALID commit through each orderer separately.
 *
 * @returns one result for each orderer and outage that ended, in order of time; empty if there was no heal
 */
export function recovery(
  { operations, faults }: Pick<RecordedHistory, 'operations' | 'faults'>,
  goal: RecoveryGoal,
): RecoveryResult[] {
  return outagesOf(faults, operations, goal)
    .filter(({ to }) => Number.isFinite(to))
    .flatMap(({ faults, to, commits }) =>
      commits.map(({ orderer, took }) => ({
        faults,
        healedAt: to,
        orderer,
        firstCommit: took,
        budget: goal.budget,
      })),
    );
}

/** The longest time without an end of an operation that was ok, from `from` to `to`, in milliseconds. */
export function longestGap(
  operations: readonly Operation[],
  { from, to }: { from: number; to: number },
): number {
  const ends = operations
    .filter(({ complete }) => complete?.outcome === 'ok')
    .map(endOf)
    .filter((at) => at > from && at < to)
    .sort((a, b) => a - b);
  let last = from;
  let longest = 0;
  for (const at of [...ends, to]) {
    longest = Math.max(longest, at - last);
    last = at;
  }
  return longest;
}
