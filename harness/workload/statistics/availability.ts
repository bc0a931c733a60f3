import type { FaultEvent } from '../history.ts';
import type { Operation } from '../history-index.ts';
import { columnOf } from './columns.ts';
import { endOf, faultWindows, isFound, isLoad } from './operations.ts';
import { type Outage, overlaps, phaseOf } from './outages.ts';

/** What share of the load's submits must have got an answer in a phase, or must not have gone through. */
export interface ShareExpectation {
  readonly phase: 'before' | 'during' | 'after';
  /** Least share, from 0 to 1, that got the answer of a working network. */
  readonly leastAnswered?: number;
  /** The author has not asked for it: a phase without operations is then nothing to judge. */
  readonly byDefault?: boolean;
  /** Most share that may be told ok while the effect of the faults was in force; the phase is *during*. */
  readonly mostOkInForce?: number;
}

/** An expectation held against what was seen. */
export interface Judgement {
  readonly name: string;
  readonly met: boolean;
  readonly expected: string;
  readonly seen: string;
}

export interface ShareJudgement extends Judgement {
  /** `null`: there was nothing to judge by. */
  readonly share: number | null;
}

/** What was acknowledged just before the fault is committed just after it. */
const EFFECT_GRACE_MS = 1_000;

const percent = (share: number) => `${Math.round(share * 1000) / 10} %`;

/** Holds the load of a history against the shares that were expected of it, one judgement for each. */
export function judgeShares(
  expected: readonly ShareExpectation[],
  faults: readonly FaultEvent[],
  operations: readonly Operation[],
  outages: readonly Outage[],
): ShareJudgement[] {
  const load = operations.filter((operation) => isLoad(operation) && !isFound(operation));
  return expected.flatMap(({ phase, leastAnswered, mostOkInForce, byDefault = false }) =>
    [
      ...(leastAnswered === undefined ? [] : [answers(phase, leastAnswered, load, outages)]),
      ...(mostOkInForce === undefined ? [] : [refusals(mostOkInForce, load, faults)]),
    ].filter(({ share }) => !(byDefault && share === null)),
  );
}

function answers(
  phase: ShareExpectation['phase'],
  least: number,
  load: readonly Operation[],
  outages: readonly Outage[],
): ShareJudgement {
  const { share, answered, total, unanswered } = availability(
    load.filter((operation) => phaseOf(operation, outages) === phase),
  );
  const met = share !== null && share >= least;
  const why = met ? undefined : commonestError(unanswered);
  return {
    name:
      phase === 'after'
        ? 'transfers answered after recovery'
        : `transfers answered ${phase} the faults`,
    share,
    met,
    expected: `at least ${percent(least)}`,
    seen:
      share === null
        ? 'no transfers'
        : `${percent(share)} (${answered} of ${total})${why ? `, most often for: ${why}` : ''}`,
  };
}

/**
 * Whether writes were refused while the faults were in force. An operation that is in flight then may well end ok, before
 * the effect or after the heal; what must not happen is that one ends ok in between.
 */
function refusals(
  most: number,
  load: readonly Operation[],
  faults: readonly FaultEvent[],
): ShareJudgement {
  const inForce = faultWindows(faults).flatMap(({ fault, to }) => {
    const verified = faults.find((event) => event.fault === fault && event.phase === 'verified');
    const from = (verified?.at ?? Number.POSITIVE_INFINITY) + EFFECT_GRACE_MS;
    return from < to ? [{ from, to }] : [];
  });
  const within = load.filter((operation) => inForce.some((time) => overlaps(operation, time)));
  const ok = within.filter(
    (operation) =>
      operation.complete?.outcome === 'ok' &&
      inForce.some(({ from, to }) => endOf(operation) > from && endOf(operation) < to),
  ).length;
  const share = within.length === 0 ? null : ok / within.length;
  return {
    name: 'transfers refused during the faults',
    share,
    met: share !== null && share <= most,
    expected: `at most ${percent(most)} told ok in that time`,
    seen: share === null ? 'no transfers' : `${percent(share)} (${ok} of ${within.length})`,
  };
}

export interface Availability {
  readonly answered: number;
  readonly total: number;
  /** `answered / total`; `null` if there was nothing to answer. */
  readonly share: number | null;
  /** Those that got no such answer. */
  readonly unanswered: readonly Operation[];
}

const SHOWN = 160;

/** What most operations that failed were told; ids and numbers in it count for nothing. */
function commonestError(operations: readonly Operation[]): string | undefined {
  const texts = operations.flatMap(({ complete }) => complete?.error ?? []);
  const alike = Map.groupBy(texts, (text) => text.replaceAll(/[0-9a-f]{16,}|\d+/g, '#'));
  const [commonest] = [...alike.values()].sort((a, b) => b.length - a.length);
  return commonest?.[0]?.slice(0, SHOWN);
}

/**
 * Share of operations that got the answer of a working network: ok, refused by the chaincode as announced, or committed
 * as invalid (a conflict). A refusal that nothing announced is none, nor is one by an orderer, a missing endorsement, or
 * no answer at all.
 */
export function availability(operations: readonly Operation[]): Availability {
  const unanswered = operations.filter((operation) => {
    const column = columnOf(operation);
    if (column === 'fail') return operation.complete?.code === undefined;
    return column !== 'ok' && column !== 'refused';
  });
  const total = operations.length;
  const answered = total - unanswered.length;
  return { answered, total, share: total ? answered / total : null, unanswered };
}
