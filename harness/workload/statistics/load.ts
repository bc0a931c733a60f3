import type { Outcome } from '../history.ts';
import type { Operation, RecordedHistory } from '../history-index.ts';
import { counted } from './columns.ts';
import type { BlockSeen, LoadBucket, LoadResult, OutageResult, PhaseCounts } from './model.ts';
import { endOf, isLoad } from './operations.ts';
import {
  drainedAfter,
  NO_GOAL,
  type Outage,
  outagesOf,
  overlaps,
  type Phase,
  phaseOf,
  type RecoveryGoal,
} from './outages.ts';

const SECOND = 1_000;

export interface LoadOptions {
  /** Operations that count; by default submits of the load, without set-up and probes. */
  readonly select?: (operation: Operation) => boolean;
  /** Blocks as one peer delivered them. */
  readonly blocks?: readonly BlockSeen[];
  /** What tells the phase after a recovery from the recovery itself. */
  readonly goal?: RecoveryGoal;
  /** Milliseconds that a drain may take; goes into the result, and is judged elsewhere. */
  readonly backlogBudget?: number | null;
}

/**
 * Statistics of a load from its history: what clients were told, before anything is reconciled with the chain.
 */
export function loadResult(
  { operations: all, faults }: Pick<RecordedHistory, 'operations' | 'faults'>,
  { select = isLoad, blocks = [], goal = NO_GOAL, backlogBudget = null }: LoadOptions = {},
): LoadResult {
  const operations = all.filter(select);
  // Probes count for a recovery, whatever is selected.
  const outages = outagesOf(faults, all, goal);
  const around = aroundOutages(operations, outages, backlogBudget);
  return {
    ...phases(operations, outages),
    outages: around,
    backlogDrain: backlogDrain(around),
    series: series(operations),
    blocks,
  };
}

/** Outcomes by phase, over the whole run. */
export function phases(
  operations: readonly Operation[],
  outages: readonly Outage[],
): Record<Phase, PhaseCounts> {
  const of = (phase: Phase) =>
    counted(operations.filter((operation) => phaseOf(operation, outages) === phase));
  return {
    before: of('before'),
    during: of('during'),
    recovering: of('recovering'),
    after: of('after'),
  };
}

/**
 * What clients were told around each outage. What overlaps two of them counts as *during* for both; what lies between
 * them belongs to the earlier one.
 */
export function aroundOutages(
  operations: readonly Operation[],
  outages: readonly Outage[],
  backlogBudget: number | null = null,
): OutageResult[] {
  return outages.map((outage, index) => {
    const next = outages[index + 1]?.from ?? Number.POSITIVE_INFINITY;
    // Those that last into the next outage are in the phase "during".
    const since = operations.filter(({ invoke: { at } }) => at > outage.to && at < next);
    const of = (phase: Phase) =>
      counted(since.filter((operation) => phaseOf(operation, outages) === phase));
    return {
      faults: outage.faults,
      from: outage.from,
      to: Number.isFinite(outage.to) ? outage.to : null,
      during: counted(operations.filter((operation) => overlaps(operation, outage))),
      recovering: of('recovering'),
      after: of('after'),
      backlogDrain: drainedAfter(outage.to, operations),
      backlogBudget,
    };
  });
}

/** The longest drain of all outages; `null` without one, or if one of them was never healed or never drained. */
export function backlogDrain(outages: readonly OutageResult[]): number | null {
  const drains = outages.map((outage) => outage.backlogDrain);
  return drains.reduce(
    (longest, drain) => (longest === null || drain === null ? null : Math.max(longest, drain)),
    drains[0] ?? null,
  );
}

/**
 * One bucket a second, by the time of completion and without gaps, from the first invocation to the last completion.
 * Quantiles are exact, over all operations of the bucket that were ok.
 */
export function series(operations: readonly Operation[]): LoadBucket[] {
  const ended = operations.filter(({ complete }) => complete !== null);
  if (ended.length === 0) return [];
  const first = secondOf(operations.reduce((least, o) => Math.min(least, o.invoke.at), Infinity));
  const last = secondOf(ended.reduce((most, o) => Math.max(most, endOf(o)), 0));
  const buckets = Array.from({ length: last - first + 1 }, () => ({
    counts: { ok: 0, fail: 0, unknown: 0 },
    latencies: [] as number[],
  }));
  for (const operation of ended) {
    const bucket = buckets[secondOf(endOf(operation)) - first];
    // Only in a history whose clock went back.
    if (bucket === undefined) continue;
    const outcome = outcomeOf(operation);
    bucket.counts[outcome] += 1;
    if (outcome === 'ok') bucket.latencies.push(endOf(operation) - operation.invoke.at);
  }
  return buckets.map(({ counts, latencies }, index) => {
    latencies.sort((a, b) => a - b);
    return {
      at: (first + index) * SECOND,
      ...counts,
      p50: quantile(latencies, 0.5),
      p95: quantile(latencies, 0.95),
      p99: quantile(latencies, 0.99),
    };
  });
}

/** Nearest rank: the smallest value that at least the share `q` of all values does not exceed; always a real one. */
export function quantile(sorted: readonly number[], q: number): number | null {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? null;
}

function outcomeOf({ complete }: Operation): Outcome {
  return complete?.outcome ?? 'unknown';
}

function secondOf(at: number): number {
  return Math.floor(at / SECOND);
}
