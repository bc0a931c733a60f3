import type { AvailabilityExpectation } from '../../audit/recording.ts';
import type { ExpectationResult, FaultResult } from '../../report/model.ts';
import type { RecordedHistory } from '../../workload/history-index.ts';
import { judgeShares } from '../../workload/statistics/availability.ts';
import { loadResult } from '../../workload/statistics/load.ts';
import { outagesOf, type RecoveryGoal } from '../../workload/statistics/outages.ts';
import { recovery } from '../../workload/statistics/recovery.ts';
import type { ScenarioDefinition } from '../author/definition.ts';

/**
 * Holds a run against what its author expects; faults must be confirmed and healed in any case. The audit judges the
 * same recoveries and shares, from the same functions, so that it can do so again later.
 *
 * @param goal what each recovery must reach
 */
export function judge(
  definition: ScenarioDefinition,
  history: RecordedHistory,
  faults: readonly FaultResult[],
  goal: RecoveryGoal,
): ExpectationResult[] {
  const { expect = {} } = definition;
  const { operations } = history;
  const outages = outagesOf(history.faults, operations, goal);
  const which = (numbers: readonly number[]) =>
    outages.length < 2 ? '' : ` after ${numbers.map((n) => nameOf(definition, n)).join(' and ')}`;
  return [
    ...faultsTookEffect(definition, faults),
    ...recovery(history, goal).map(({ faults: numbers, orderer, firstCommit, budget }) => ({
      name: `recovery through ${orderer}${which(numbers)}`,
      met: firstCommit !== null,
      expected: `a VALID commit within ${seconds(budget)} of the heal`,
      seen: firstCommit === null ? 'none' : seconds(firstCommit),
    })),
    ...drains(expect.backlog, history, which),
    ...judgeShares(shareExpectations(expect), history.faults, operations, outages).map(
      ({ name, met, expected, seen }) => ({ name, met, expected, seen }),
    ),
  ];
}

const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;

/** `fault 2 (crash of orderer1)`: two faults of a scenario may be alike. */
function nameOf({ faults = [] }: ScenarioDefinition, number: number): string {
  const step = faults[number - 1];
  return `fault ${number}${step ? ` (${step.fault.text} of ${step.fault.role.text})` : ''}`;
}

function drains(
  budget: number | undefined,
  history: RecordedHistory,
  which: (numbers: readonly number[]) => string,
): ExpectationResult[] {
  if (budget === undefined) return [];
  return loadResult(history)
    .outages.filter(({ to }) => to !== null)
    .map(({ faults, backlogDrain }) => ({
      name: `backlog drained${which(faults)}`,
      met: backlogDrain !== null && backlogDrain <= budget,
      expected: `within ${seconds(budget)} of the heal`,
      seen: backlogDrain === null ? 'never' : seconds(backlogDrain),
    }));
}

function faultsTookEffect(
  definition: ScenarioDefinition,
  faults: readonly FaultResult[],
): ExpectationResult[] {
  return (definition.faults ?? []).map(({ fault }, i) => {
    const result = faults[i];
    const healed = result?.healedAt != null;
    return {
      name: `${fault.text} of ${fault.role.text} took effect and was healed`,
      met: result?.confirmation === 'confirmed' && healed,
      expected: 'confirmed by measurement, then healed',
      seen: result
        ? `${result.confirmation}${healed ? '' : ', not healed'}: ${result.evidence}`
        : 'never injected',
    };
  });
}

/** What the scenario expects of the load's shares, as the audit reads it. */
export function shareExpectations({
  ok = {},
  mostOkDuring,
}: NonNullable<ScenarioDefinition['expect']>): AvailabilityExpectation[] {
  const kind = 'submit' as const;
  return [
    ...(['before', 'during', 'after'] as const).flatMap((phase) => {
      const leastAnswered = ok[phase];
      return leastAnswered === undefined ? [] : [{ phase, kind, leastAnswered }];
    }),
    ...(mostOkDuring === undefined
      ? []
      : [{ phase: 'during' as const, kind, mostOkInForce: mostOkDuring }]),
  ];
}
