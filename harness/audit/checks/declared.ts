import { faultResults } from '../../faults/result.ts';
import { INTERRUPTED } from '../../workload/history.ts';
import { isMarked } from '../../workload/history-index.ts';
import type { RunCheck } from '../checker.ts';
import { Findings } from '../findings.ts';

/** What a scenario's file declares: its faults, and the steps of a check. */

export const faultsTookEffect: RunCheck = {
  scope: 'run',
  definition: {
    id: 'S1',
    name: 'faults took effect',
    guarantee:
      'Every fault of the scenario found its target, was measured to be in force, was healed, and was measured to be gone.',
  },
  run({ scenario }, history) {
    const findings = new Findings(faultsTookEffect.definition);
    const declared = scenario.faults ?? [];
    const unhealed = new Set(scenario.expectations?.unhealed);
    const last = Math.max(declared.length, ...history.faults.map(({ fault }) => fault));
    const lives = Map.groupBy(history.faults, ({ fault }) => fault);
    const interrupted = isMarked(history, INTERRUPTED);
    for (let number = 1; number <= last; number += 1) {
      const [result] = faultResults(lives.get(number) ?? []);
      const text = declared[number - 1]?.text ?? result?.kind ?? 'a fault';
      const role = declared[number - 1]?.role ?? result?.role ?? 'unknown';
      findings.count('faults');
      const healed = result?.healedAt != null || unhealed.has(number);
      const met = result?.confirmation === 'confirmed' && healed;
      const open = result === undefined || result.confirmation === 'inconclusive';
      findings.expectation(
        {
          name: `${text} of ${role} took effect and was healed`,
          met,
          expected: 'confirmed by measurement, then healed',
          seen: result
            ? `${result.confirmation}${healed ? '' : ', not healed'}: ${result.evidence}`
            : 'never injected',
        },
        interrupted && open ? { undecided: 'the run was interrupted' } : {},
      );
    }
    if (last === 0) findings.notApplicable('the scenario has no fault');
    return findings.result();
  },
};

export const stepsAsExpected: RunCheck = {
  scope: 'run',
  definition: {
    id: 'S2',
    name: 'every step as expected',
    guarantee: 'Each step of the check saw what its author expects of it.',
  },
  run(_, { steps }) {
    const findings = new Findings(stepsAsExpected.definition);
    for (const { name, met, expected, seen } of steps) {
      findings.count('steps');
      findings.expectation({ name, met, expected, seen });
    }
    if (steps.length === 0) findings.notApplicable('the scenario has no steps of its own');
    return findings.result();
  },
};
