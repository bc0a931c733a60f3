import { type FaultEvent, FOUND } from '../history.ts';
import type { Operation } from '../history-index.ts';

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
export function faultWindows(events: Iterable<FaultEvent>): FaultWindow[] {
  const windows = new Map<number, FaultWindow>();
  for (const { fault, kind, at, phase } of events) {
    const window = windows.get(fault);
    if (window === undefined) {
      if (phase !== 'inject') continue;
      const never = Number.POSITIVE_INFINITY;
      windows.set(fault, { fault, kind, from: at, to: never, settled: never });
    } else if (Number.isFinite(window.to)) {
      windows.set(fault, { ...window, settled: at });
    } else if (phase === 'heal' || phase === 'healed') {
      windows.set(fault, { ...window, to: at, settled: at });
    }
  }
  return [...windows.values()];
}

/** Submits of the load itself: no set-up, no probes, no reads. */
export function isLoad({ invoke }: Operation): boolean {
  const { intent, kind } = invoke;
  return kind === 'submit' && intent !== 'set-up' && intent !== 'probe';
}

/** Found in the ledger: when it was asked for, and what its client was told, nobody knows. */
export const isFound = ({ invoke }: Operation): boolean => invoke.intent === FOUND;

/** When the client stopped waiting; `Infinity` if the history ends before. */
export function endOf({ complete }: Operation): number {
  return complete?.at ?? Number.POSITIVE_INFINITY;
}
