import type { HistoryRecord } from '../history.ts';
import type { RecoveryResult } from './model.ts';
import { endOf, faultWindows, isLoad, type Operation, operationsOf } from './operations.ts';

/**
 * Time from a heal to the first VALID commit through each orderer separately. A commit counts if the orderer took the
 * transaction after the heal (told SUCCESS then or, where that is not known, was asked then), so that an answer that
 * was already under way does not pass for a recovery.
 * @param healedAt milliseconds since the run started; by default the last heal in the history
 * @param budget milliseconds; a later commit counts as none
 * @returns one result for each orderer; empty if there was no heal
 */
export function recovery(
  records: readonly HistoryRecord[],
  {
    orderers,
    budget,
    healedAt,
  }: { orderers: readonly string[]; budget: number; healedAt?: number },
): RecoveryResult[] {
  const heal = healedAt ?? Math.max(...faultWindows(records).map(({ to }) => to));
  if (!Number.isFinite(heal)) return [];
  const first = new Map<string, number>();
  for (const { invocation, completion } of operationsOf(records)) {
    if (invocation.kind !== 'submit' || completion?.outcome !== 'ok') continue;
    const { orderer, acknowledgedAt = invocation.at } = completion;
    if (orderer === undefined || acknowledgedAt < heal) continue;
    first.set(orderer, Math.min(first.get(orderer) ?? Number.POSITIVE_INFINITY, completion.at));
  }
  return orderers.map((orderer) => {
    const took = (first.get(orderer) ?? Number.POSITIVE_INFINITY) - heal;
    return { orderer, firstCommit: took <= budget ? took : null, budget };
  });
}

export interface Availability {
  readonly answered: number;
  readonly total: number;
  /** `answered / total`; `null` if there was nothing to answer. */
  readonly share: number | null;
}

/**
 * Share of operations that got a definite answer from a working network: ok, refused by the chaincode, or committed as
 * invalid (a conflict). Refused by an orderer, no endorsement, or no answer at all are not.
 * @param between operations that began in this time (from included, to excluded); by default all
 * @param select by default submits of the load, without set-up and probes
 */
export function availability(
  operations: readonly Operation[],
  {
    between: { from, to } = { from: 0, to: Number.POSITIVE_INFINITY },
    select = isLoad,
  }: {
    between?: { from: number; to: number };
    select?: (operation: Operation) => boolean;
  } = {},
): Availability {
  const asked = operations.filter(
    (operation) =>
      select(operation) && operation.invocation.at >= from && operation.invocation.at < to,
  );
  const answered = asked.filter(({ completion }) => {
    if (completion === null) return false;
    const { code, outcome, refused } = completion;
    return outcome === 'ok' || refused === true || (outcome === 'fail' && code !== undefined);
  }).length;
  return { answered, total: asked.length, share: asked.length ? answered / asked.length : null };
}

/** The longest time without an end of an operation that was ok, from `from` to `to`, in milliseconds. */
export function longestGap(
  operations: readonly Operation[],
  { from, to }: { from: number; to: number },
): number {
  const ends = operations
    .filter(({ completion }) => completion?.outcome === 'ok')
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
