import type { Completion, FaultEvent, HistoryRecord, Invocation } from '../history.ts';

/** An operation with what became of it; `null` if the history ends before. */
export interface Operation {
  readonly invocation: Invocation;
  readonly completion: Completion | null;
}

/**
 * Joins invocations with their completions, in the order of the invocations.
 * @throws Error if a number occurs twice or a completion has no invocation: such a history proves nothing
 */
export function operationsOf(records: Iterable<HistoryRecord>): Operation[] {
  const operations = new Map<number, { invocation: Invocation; completion: Completion | null }>();
  for (const record of records) {
    if (record.type === 'invoke') {
      if (operations.has(record.operation)) {
        throw new Error(`history: operation ${record.operation} was invoked twice`);
      }
      operations.set(record.operation, { invocation: record, completion: null });
    } else if (record.type === 'complete') {
      const operation = operations.get(record.operation);
      if (operation === undefined || operation.completion !== null) {
        const what = operation === undefined ? 'without an invocation' : 'twice';
        throw new Error(`history: operation ${record.operation} was completed ${what}`);
      }
      operation.completion = record;
    }
  }
  return [...operations.values()];
}

/** Time that a fault was in place. */
export interface FaultWindow {
  readonly fault: number;
  readonly kind: string;
  readonly from: number;
  /** When it was taken away; `Infinity` if it never was. */
  readonly to: number;
  /** When that had been measured, or the measurement given up; `to` where it was not. */
  readonly settled: number;
}

/**
 * One window for each injected fault, in the order of injection: from `inject` to `heal`, or `healed` where that is all,
 * settled with whatever the measurement after the heal gave.
 */
export function faultWindows(records: Iterable<HistoryRecord>): FaultWindow[] {
  const windows = new Map<number, FaultWindow>();
  for (const record of records) {
    if (record.type !== 'fault') continue;
    const { fault, kind, at }: FaultEvent = record;
    const window = windows.get(fault);
    if (window === undefined) {
      if (record.phase !== 'inject') continue;
      const never = Number.POSITIVE_INFINITY;
      windows.set(fault, { fault, kind, from: at, to: never, settled: never });
    } else if (Number.isFinite(window.to)) {
      windows.set(fault, { ...window, settled: at });
    } else if (record.phase === 'heal' || record.phase === 'healed') {
      windows.set(fault, { ...window, to: at, settled: at });
    }
  }
  return [...windows.values()];
}

/** Submits of the load itself: no set-up, no probes, no reads. */
export function isLoad({ invocation }: Operation): boolean {
  const { intent, kind } = invocation;
  return kind === 'submit' && intent !== 'set-up' && intent !== 'probe';
}

/** When the client stopped waiting; `Infinity` if the history ends before. */
export function endOf({ completion }: Operation): number {
  return completion?.at ?? Number.POSITIVE_INFINITY;
}
