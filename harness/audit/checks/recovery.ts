import type { FaultEvent } from '../../workload/history.ts';
import type { RunCheck } from '../checker.ts';
import { Findings } from '../findings.ts';
import type { History, Operation } from '../history.ts';
import type { AvailabilityExpectation } from '../recording.ts';

/** One fault from injection to heal, in milliseconds since the run started. */
export interface FaultWindow {
  readonly fault: number;
  readonly kind: string;
  readonly injectedAt: number;
  /** When the heal was ordered; `null` if it never was. */
  readonly healedAt: number | null;
}

/** Faults by number, in order of injection. */
export function faultWindows(faults: readonly FaultEvent[]): FaultWindow[] {
  const windows = new Map<number, FaultWindow>();
  for (const { fault, kind, phase, at } of faults) {
    const window = windows.get(fault);
    if (phase === 'inject') windows.set(fault, { fault, kind, injectedAt: at, healedAt: null });
    else if (window && window.healedAt === null && (phase === 'heal' || phase === 'healed')) {
      windows.set(fault, { ...window, healedAt: at });
    }
  }
  return [...windows.values()];
}

/**
 * Milliseconds from `since` to the first submit that was told VALID through this orderer, having been acknowledged by
 * it after `since`; `null` if there was none.
 */
export function firstCommitThrough(
  orderer: string,
  since: number,
  operations: readonly Operation[],
): number | null {
  let first: number | null = null;
  for (const { invoke, complete } of operations) {
    if (invoke.kind !== 'submit' || complete?.outcome !== 'ok' || complete.orderer !== orderer) {
      continue;
    }
    if ((complete.acknowledgedAt ?? complete.at) < since) continue;
    const after = complete.at - since;
    if (first === null || after < first) first = after;
  }
  return first;
}

/** Milliseconds from `since` until every operation that was in flight then had come back; `null` if one never did. */
export function backlogDrain(since: number, operations: readonly Operation[]): number | null {
  let drained = since;
  for (const { invoke, complete } of operations) {
    if (invoke.at >= since) continue;
    if (!complete) return null;
    drained = Math.max(drained, complete.at);
  }
  return drained - since;
}

export const recovers: RunCheck = {
  scope: 'run',
  definition: {
    id: 'F18',
    name: 'ordering resumes',
    guarantee:
      'After every heal a transaction commits through each orderer within the recovery budget of the scenario.',
  },
  run({ scenario }, history) {
    const findings = new Findings(recovers.definition);
    const windows = faultWindows(history.faults);
    findings.count('faults', windows.length);
    const lasting = scenario.expectations?.unhealed ?? [];
    for (const { fault, kind, healedAt } of windows) {
      if (healedAt === null && !lasting.includes(fault)) {
        findings.violation({ message: `fault ${fault} (${kind}) was never healed` });
      }
    }
    const expected = scenario.expectations?.recovery;
    if (windows.length === 0) {
      findings.notApplicable('the scenario has no fault');
      return findings.result();
    }
    if (!expected || expected.orderers.length === 0) {
      findings.unknown('the scenario has a fault but no expectation of recovery');
      return findings.result();
    }
    // Overlapping faults end with the last heal: ordering need not resume while another fault lasts.
    for (const heal of lastHeals(windows)) {
      for (const orderer of expected.orderers) {
        const took = firstCommitThrough(orderer, heal, history.operations);
        findings.count('recoveries');
        if (took !== null) {
          const slowest = findings.counted('slowest recovery (ms)');
          findings.count('slowest recovery (ms)', Math.max(0, took - slowest));
        }
        if (took !== null && took <= expected.budget) continue;
        findings.violation({
          sources: [orderer],
          message: `after the heal at ${heal} ms the first commit through ${orderer} ${took === null ? 'never came' : `took ${took} ms`}, the budget is ${expected.budget} ms`,
        });
      }
    }
    findings.floor('recoveries', lasting.length === windows.length ? 0 : 1);
    return findings.result();
  },
};

/** Heals after which no fault was active. */
function lastHeals(windows: readonly FaultWindow[]): number[] {
  const heals = windows.map(({ healedAt }) => healedAt).filter((at) => at !== null);
  return [...new Set(heals)].filter((heal) =>
    windows.every(
      ({ injectedAt, healedAt }) => injectedAt > heal || (healedAt !== null && healedAt <= heal),
    ),
  );
}

type Phase = AvailabilityExpectation['phase'];

/** Phase of the run at a time: `during` while any fault is active, else before the first or after the last so far. */
export function phaseAt(at: number, windows: readonly FaultWindow[]): Phase {
  const begun = windows.filter(({ injectedAt }) => injectedAt <= at);
  if (begun.length === 0) return 'before';
  return begun.some(({ healedAt }) => healedAt === null || healedAt > at) ? 'during' : 'after';
}

/** Clock steps between the client's timer and the record; more than that is a hang. */
const SLACK = 1_000;

export const available: RunCheck = {
  scope: 'run',
  definition: {
    id: 'F19',
    name: 'availability as designed',
    guarantee:
      'In each phase the expected share of operations succeeded or was refused in time, and no operation outlasted its client’s patience.',
  },
  run({ scenario }, history) {
    const findings = new Findings(available.definition);
    const { patience } = scenario;
    for (const { invoke, complete } of history.operations) {
      findings.count('operations');
      const where = {
        operation: invoke.operation,
        ...(invoke.transactionId !== undefined && { transactionId: invoke.transactionId }),
      };
      if (!complete) {
        findings.violation({
          ...where,
          message: `operation ${invoke.operation} of ${invoke.client} never came back`,
        });
      } else if (complete.at - invoke.at > patience + SLACK) {
        findings.violation({
          ...where,
          message: `operation ${invoke.operation} took ${complete.at - invoke.at} ms, the client's patience is ${patience} ms`,
        });
      }
    }
    const windows = faultWindows(history.faults);
    for (const expected of scenario.expectations?.availability ?? []) {
      judgeShare(expected, history, windows, findings);
    }
    findings.floor('operations', scenario.floors?.operations ?? 10);
    return findings.result();
  },
};

function judgeShare(
  expected: AvailabilityExpectation,
  history: History,
  windows: readonly FaultWindow[],
  findings: Findings,
): void {
  const { phase, kind, msp, client, leastOk, mostOk, refusedWithin } = expected;
  const who = [msp, client && `clients ${client}*`].filter(Boolean).join(', ');
  const subject = `${kind}s ${phase} the fault${who && ` (${who})`}`;
  const chosen = history.operations.filter(
    ({ invoke }) =>
      invoke.kind === kind &&
      phaseAt(invoke.at, windows) === phase &&
      (msp === undefined || invoke.msp === msp) &&
      (client === undefined || invoke.client.startsWith(client)),
  );
  if (chosen.length === 0) {
    findings.unknown(`there were no ${subject}`);
    return;
  }
  findings.count('expectations');
  const ok = chosen.filter(({ complete }) => complete?.outcome === 'ok').length;
  const share = ok / chosen.length;
  const percent = (value: number): string => `${Math.round(value * 1000) / 10} %`;
  if (leastOk !== undefined && share < leastOk) {
    findings.violation({
      message: `${subject}: ${ok} of ${chosen.length} succeeded (${percent(share)}), expected at least ${percent(leastOk)}`,
    });
  }
  if (mostOk !== undefined && share > mostOk) {
    findings.violation({
      message: `${subject}: ${ok} of ${chosen.length} succeeded (${percent(share)}), expected at most ${percent(mostOk)}`,
    });
  }
  if (refusedWithin === undefined) return;
  for (const { invoke, complete } of chosen) {
    if (complete?.outcome !== 'fail' || complete.at - invoke.at <= refusedWithin) continue;
    findings.violation({
      operation: invoke.operation,
      message: `operation ${invoke.operation} was refused after ${complete.at - invoke.at} ms, expected within ${refusedWithin} ms`,
    });
  }
}
