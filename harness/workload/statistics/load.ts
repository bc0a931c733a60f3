import type { HistoryRecord } from '../history.ts';
import type { BlockSeen, LoadBucket, LoadResult, PhaseCounts } from './model.ts';
import {
  endOf,
  type FaultWindow,
  faultWindows,
  isLoad,
  type Operation,
  operationsOf,
} from './operations.ts';

const SECOND = 1_000;

export interface LoadOptions {
  /** Operations that count; by default submits of the load, without set-up and probes. */
  readonly select?: (operation: Operation) => boolean;
  /** Blocks as one peer delivered them. */
  readonly blocks?: readonly BlockSeen[];
}

/**
 * Statistics of a load from its history: what clients were told, before anything is reconciled with the chain.
 * @throws Error if the history contradicts itself
 */
export function loadResult(
  records: readonly HistoryRecord[],
  { select = isLoad, blocks = [] }: LoadOptions = {},
): LoadResult {
  const operations = operationsOf(records).filter(select);
  const windows = faultWindows(records);
  return {
    ...phases(operations, windows),
    backlogDrain: backlogDrain(operations, windows),
    series: series(operations),
    blocks,
  };
}

/**
 * Outcomes before, during and after the faults. *Before* ended before the first injection, *after* began after the last
 * heal; all that touched the time between is *during*, for that is when it was exposed.
 */
export function phases(
  operations: readonly Operation[],
  windows: readonly FaultWindow[],
): { before: PhaseCounts; during: PhaseCounts; after: PhaseCounts } {
  const from = Math.min(...windows.map((window) => window.from));
  const to = Math.max(...windows.map((window) => window.to));
  const counts = {
    before: { ok: 0, fail: 0, unknown: 0 },
    during: { ok: 0, fail: 0, unknown: 0 },
    after: { ok: 0, fail: 0, unknown: 0 },
  };
  for (const operation of operations) {
    let phase: keyof typeof counts = 'during';
    if (windows.length === 0 || endOf(operation) < from) phase = 'before';
    else if (operation.invocation.at > to) phase = 'after';
    counts[phase][outcomeOf(operation)] += 1;
  }
  return counts;
}

/**
 * Milliseconds from the last heal until every operation that was pending then had ended; 0 if none was.
 * `null` without a fault, if the last fault was not healed, or if one of them has no end.
 */
export function backlogDrain(
  operations: readonly Operation[],
  windows: readonly FaultWindow[],
): number | null {
  const heal = Math.max(...windows.map((window) => window.to));
  if (!Number.isFinite(heal)) return null;
  const drained = operations
    .filter(({ invocation }) => invocation.at <= heal)
    .reduce((latest, operation) => Math.max(latest, endOf(operation)), heal);
  return Number.isFinite(drained) ? drained - heal : null;
}

/**
 * One bucket a second, by the time of completion and without gaps, from the first invocation to the last completion.
 * Quantiles are exact, over all operations of the bucket that were ok.
 */
export function series(operations: readonly Operation[]): LoadBucket[] {
  const ended = operations.filter(({ completion }) => completion !== null);
  if (ended.length === 0) return [];
  const first = secondOf(
    operations.reduce((least, o) => Math.min(least, o.invocation.at), Infinity),
  );
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
    if (outcome === 'ok') bucket.latencies.push(endOf(operation) - operation.invocation.at);
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

function outcomeOf({ completion }: Operation): keyof PhaseCounts {
  return completion?.outcome ?? 'unknown';
}

function secondOf(at: number): number {
  return Math.floor(at / SECOND);
}
