import type { FaultEvent } from '../history.ts';
import type { Operation } from '../history-index.ts';
import { endOf, type FaultWindow, faultWindows } from './operations.ts';

/**
 * The phases of a run, defined here and nowhere else: statistics, expectations, audit and report all ask {@link phaseOf}.
 *
 * An *outage* is a time in which at least one fault was in force, from an injection to the order to heal; faults that
 * overlap or touch make one outage, for ordering need not come back while one of them lasts. Healthy time between two
 * outages belongs to neither. An operation lasts from its invocation to the moment when its client stopped waiting:
 *
 * - *during*: it overlaps an outage, be it for a moment; it was exposed to it.
 * - *before*: it ended before the first outage began.
 * - *recovering*: it began between outages, or after the last, before the latest outage's recovery was over.
 * - *after*: it began later than that. Between two outages it is *after* the earlier one, never *before* the later one.
 *
 * A recovery is over once the heal has been measured and a transaction committed through each orderer after that, or
 * with its budget. A measurement may last: a machine that the Swarm had called down gets every task replaced when it is
 * back, some seconds after the first commit.
 */
export type Phase = 'before' | 'during' | 'recovering' | 'after';

export interface Outage {
  /** Numbers of its faults, as in the history. */
  readonly faults: readonly number[];
  readonly from: number;
  /** `Infinity` if one of its faults was never healed. */
  readonly to: number;
  /** When the last of its heals had been measured. */
  readonly settled: number;
  /** Milliseconds from its end to the first VALID commit through each orderer; `null` if there was none in the budget. */
  readonly commits: readonly { readonly orderer: string; readonly took: number | null }[];
  /** When its recovery was over. */
  readonly recovered: number;
}

/** What makes a recovery complete. */
export interface RecoveryGoal {
  readonly orderers: readonly string[];
  /** Milliseconds; a later commit counts as none. */
  readonly budget: number;
}

/** For a history without faults, or where nobody asks for a recovery. */
export const NO_GOAL: RecoveryGoal = { orderers: [], budget: 0 };

/** The outages of a history, in order of time. */
export function outagesOf(
  faults: Iterable<FaultEvent>,
  operations: readonly Operation[],
  { orderers, budget }: RecoveryGoal = NO_GOAL,
): Outage[] {
  return together(faultWindows(faults)).map((outage) => {
    const commits = orderers.map((orderer) => {
      const took = firstCommitThrough(orderer, outage.to, operations);
      return { orderer, took: took !== null && took <= budget ? took : null };
    });
    const latest = Math.max(outage.settled, outage.to + budget);
    const lasting = orderers.map((orderer) => {
      const took = firstCommitThrough(orderer, outage.settled, operations);
      return Math.min(latest, outage.settled + (took ?? Number.POSITIVE_INFINITY));
    });
    return { ...outage, commits, recovered: Math.max(outage.settled, ...lasting) };
  });
}

/** Where in the run an operation lies. */
export function phaseOf(operation: Operation, outages: readonly Outage[]): Phase {
  const from = operation.invoke.at;
  if (outages.some((outage) => overlaps(operation, outage))) return 'during';
  const last = outages.findLast((outage) => outage.to < from);
  if (last === undefined) return 'before';
  return from < last.recovered ? 'recovering' : 'after';
}

/** Whether an operation was under way at some moment of a stretch of time. */
export function overlaps(
  operation: Operation,
  { from, to }: { from: number; to: number },
): boolean {
  return operation.invoke.at <= to && endOf(operation) >= from;
}

/**
 * Milliseconds from a time to the first VALID commit through an orderer; `null` if there was none. A commit counts if
 * the orderer took the transaction after that time (told SUCCESS then or, where that is not known, was asked then), so
 * that an answer that was already under way does not pass for a recovery.
 */
export function firstCommitThrough(
  orderer: string,
  since: number,
  operations: readonly Operation[],
): number | null {
  let first = Number.POSITIVE_INFINITY;
  for (const { invoke, complete } of operations) {
    if (invoke.kind !== 'submit' || complete?.outcome !== 'ok') continue;
    if (complete.orderer !== orderer) continue;
    if ((complete.acknowledgedAt ?? invoke.at) < since) continue;
    first = Math.min(first, complete.at);
  }
  return Number.isFinite(first) ? first - since : null;
}

/**
 * Milliseconds from a time until every operation that was pending then had ended; 0 if none was, `null` if one of them
 * has no end.
 */
export function drainedAfter(since: number, operations: readonly Operation[]): number | null {
  let drained = since;
  for (const operation of operations) {
    if (operation.invoke.at <= since) drained = Math.max(drained, endOf(operation));
  }
  return Number.isFinite(drained) ? drained - since : null;
}

/** Joins windows that overlap or touch. */
function together(
  windows: readonly FaultWindow[],
): Pick<Outage, 'faults' | 'from' | 'to' | 'settled'>[] {
  const outages: { faults: number[]; from: number; to: number; settled: number }[] = [];
  for (const { fault, from, to, settled } of windows.toSorted((a, b) => a.from - b.from)) {
    const last = outages.at(-1);
    if (last === undefined || from > last.to) {
      outages.push({ faults: [fault], from, to, settled });
    } else {
      last.faults.push(fault);
      last.to = Math.max(last.to, to);
      last.settled = Math.max(last.settled, settled);
    }
  }
  return outages;
}
