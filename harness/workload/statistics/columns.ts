import type { Operation } from '../history-index.ts';
import type { PhaseCounts } from './model.ts';

/** What a client was told of an operation: one of five columns, wherever operations are counted. */
export type Column = keyof PhaseCounts;

export function columnOf({ invoke, complete }: Operation): Column {
  if (complete === null || complete.outcome === 'unknown') return 'unknown';
  if (complete.outcome === 'ok') return 'ok';
  if (complete.refused !== true) return 'fail';
  return invoke.refusal === undefined ? 'refusedUnexpectedly' : 'refused';
}

export function counted(operations: Iterable<Operation>): PhaseCounts {
  const counts = { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 };
  for (const operation of operations) counts[columnOf(operation)] += 1;
  return counts;
}
