import { INTERRUPTED } from '../../workload/history.ts';
import { isMarked, type Operation } from '../../workload/history-index.ts';
import { judgeShares } from '../../workload/statistics/availability.ts';
import { type FaultWindow, faultWindows, isLoad } from '../../workload/statistics/operations.ts';
import {
  drainedAfter,
  firstCommitThrough,
  NO_GOAL,
  type Outage,
  outagesOf,
  phaseOf,
} from '../../workload/statistics/outages.ts';
import type { RunCheck } from '../checker.ts';
import { Findings, inWords } from '../findings.ts';
import type { AvailabilityExpectation, RecoveryExpectation, ScenarioFacts } from '../recording.ts';

export const recovers: RunCheck = {
  scope: 'run',
  definition: {
    id: 'F18',
    name: 'ordering resumes',
    guarantee:
      'After every heal that leaves no fault in force, a transaction commits through each orderer, and what was pending comes to an end, within the budgets of the scenario.',
  },
  run({ scenario }, history) {
    const findings = new Findings(recovers.definition);
    const windows = faultWindows(history.faults);
    findings.count('faults', windows.length);
    const lasting = scenario.expectations?.unhealed ?? [];
    const interrupted = isMarked(history, INTERRUPTED);
    if (interrupted) findings.unknown('the run was interrupted');
    for (const { fault, kind, to } of windows) {
      if (to === Number.POSITIVE_INFINITY && !lasting.includes(fault) && !interrupted) {
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
    const operations = history.operations;
    const outages = outagesOf(history.faults, operations);
    const after = (outage: Outage) =>
      outages.length < 2 ? '' : ` after ${faultNames(outage.faults, scenario, windows)}`;
    for (const outage of outages) {
      if (outage.to === Number.POSITIVE_INFINITY) continue;
      const named = (name: string) => `${name}${after(outage)}`;
      judgeHeal(outage.to, expected, operations, findings, interrupted, named);
    }
    findings.floor('recoveries', lasting.length === windows.length ? 0 : 1);
    return findings.result();
  },
};

function judgeHeal(
  heal: number,
  { orderers, budget, backlog }: RecoveryExpectation,
  operations: readonly Operation[],
  findings: Findings,
  interrupted: boolean,
  named: (name: string) => string,
): void {
  // What had not come when the run was interrupted might have.
  const undecided = (took: number | null) =>
    took === null && interrupted ? 'the run was interrupted' : undefined;
  for (const orderer of orderers) {
    const took = firstCommitThrough(orderer, heal, operations);
    findings.count('recoveries');
    countSlowest(findings, 'slowest recovery (ms)', took);
    const met = took !== null && took <= budget;
    findings.expectation(
      {
        name: named(`recovery through ${orderer}`),
        met,
        expected: `a VALID commit within ${seconds(budget)} of the heal`,
        seen: met ? seconds(took) : 'none',
      },
      {
        undecided: undecided(took),
        evidence: {
          sources: [orderer],
          message: `after the heal at ${Math.round(heal)} ms the first commit through ${orderer} ${took === null ? 'never came' : `took ${Math.round(took)} ms`}, the budget is ${budget} ms`,
        },
      },
    );
  }
  const drained = drainedAfter(heal, operations.filter(isLoad));
  countSlowest(findings, 'slowest backlog drain (ms)', drained);
  if (backlog === undefined) return;
  findings.expectation(
    {
      name: named('backlog drained'),
      met: drained !== null && drained <= backlog,
      expected: `within ${seconds(backlog)} of the heal`,
      seen: drained === null ? 'never' : seconds(drained),
    },
    {
      undecided: undecided(drained),
      evidence: {
        message: `after the heal at ${Math.round(heal)} ms the backlog ${drained === null ? 'never drained' : `took ${Math.round(drained)} ms to drain`}, the budget is ${backlog} ms`,
      },
    },
  );
}

const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;

/** `fault 2 (crash of orderer1)`: two faults of a scenario may be alike. */
function faultNames(
  numbers: readonly number[],
  { faults = [] }: ScenarioFacts,
  windows: readonly FaultWindow[],
): string {
  return numbers
    .map((number) => {
      const declared = faults[number - 1];
      const kind = windows.find(({ fault }) => fault === number)?.kind;
      return `fault ${number} (${declared ? `${declared.text} of ${declared.role}` : kind})`;
    })
    .join(' and ');
}

function countSlowest(findings: Findings, name: string, took: number | null): void {
  if (took !== null) findings.count(name, Math.max(0, Math.round(took) - findings.counted(name)));
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
    for (const operation of history.operations) {
      const { invoke, complete } = operation;
      findings.count('operations');
      if (isLoad(operation)) findings.count('operations of the load');
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
    const { availability = [], recovery = NO_GOAL } = scenario.expectations ?? {};
    const operations = history.operations;
    const outages = outagesOf(history.faults, operations, recovery);
    for (const judgement of judgeShares(availability, history.faults, operations, outages)) {
      const { share, ...judged } = judgement;
      findings.expectation(judged, share === null ? { undecided: inWords(judged) } : {});
    }
    for (const expected of availability) judgeChosen(expected, operations, outages, findings);
    findings.floor('operations of the load', scenario.floors?.operations ?? 10);
    return findings.result();
  },
};

/** Judges operations that an expectation chooses by more than their phase. */
function judgeChosen(
  expected: AvailabilityExpectation,
  operations: readonly Operation[],
  outages: readonly Outage[],
  findings: Findings,
): void {
  const { phase, kind, msp, client, leastOk, mostOk, refusedWithin } = expected;
  if (leastOk === undefined && mostOk === undefined && refusedWithin === undefined) return;
  const who = [msp, client && `clients ${client}*`].filter(Boolean).join(', ');
  const subject = `${kind}s ${phase} the fault${who && ` (${who})`}`;
  const chosen = operations.filter(
    (operation) =>
      operation.invoke.kind === kind &&
      phaseOf(operation, outages) === phase &&
      (msp === undefined || operation.invoke.msp === msp) &&
      (client === undefined || operation.invoke.client.startsWith(client)),
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
