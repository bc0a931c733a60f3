import type { ExpectationResult, FaultResult, RecoveryResult } from '../report/model.ts';
import type { HistoryRecord } from '../workload/history.ts';
import {
  endOf,
  faultWindows,
  isLoad,
  type Operation,
  operationsOf,
} from '../workload/statistics/operations.ts';
import { availability } from '../workload/statistics/recovery.ts';
import type { ScenarioDefinition } from './definition.ts';

const percent = (share: number) => `${Math.round(share * 1000) / 10} %`;

/** Holds a run against what its author expects; faults must be confirmed and healed in any case. */
export function judge(
  definition: ScenarioDefinition,
  records: readonly HistoryRecord[],
  faults: readonly FaultResult[],
  recoveries: readonly RecoveryResult[],
): ExpectationResult[] {
  const { expect = {} } = definition;
  return [
    ...faultsTookEffect(definition, faults),
    ...recoveries.map(({ orderer, firstCommit, budget }) => ({
      name: `recovery through ${orderer}`,
      met: firstCommit !== null,
      expected: `a VALID commit within ${budget / 1000} s of the heal`,
      seen: firstCommit === null ? 'none' : `${(firstCommit / 1000).toFixed(1)} s`,
    })),
    ...shares(expect, records, recoveries),
  ];
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

/** Shares of definite answers by a working network; a conflict or a refused overdraft is one, a refused envelope is not. */
function shares(
  expect: NonNullable<ScenarioDefinition['expect']>,
  records: readonly HistoryRecord[],
  recoveries: readonly RecoveryResult[],
): ExpectationResult[] {
  const operations = operationsOf(records).filter(isLoad);
  const windows = faultWindows(records);
  const from = Math.min(...windows.map((w) => w.from));
  const to = Math.max(...windows.map((w) => w.to));
  const between = {
    before: { from: 0, to: windows.length === 0 ? Number.POSITIVE_INFINITY : from },
    during: { from, to },
    // What recovery takes has an expectation of its own; "after" is the time when it is over.
    after: {
      from: to + Math.max(0, ...recoveries.map((r) => r.firstCommit ?? r.budget)),
      to: Number.POSITIVE_INFINITY,
    },
  };
  const results: ExpectationResult[] = [];
  for (const phase of ['before', 'during', 'after'] as const) {
    const least = expect.ok?.[phase];
    if (least === undefined) continue;
    const { share, answered, total } = availability(operations, { between: between[phase] });
    results.push({
      name:
        phase === 'after'
          ? 'transfers answered after recovery'
          : `transfers answered ${phase} the faults`,
      met: share !== null && share >= least,
      expected: `at least ${percent(least)}`,
      seen: share === null ? 'no transfers' : `${percent(share)} (${answered} of ${total})`,
    });
  }
  if (expect.mostOkDuring !== undefined) {
    results.push(refusals(expect.mostOkDuring, records, operations, to));
  }
  return results;
}

/**
 * Whether writes were refused while the faults were in force. An operation that is in flight then may well end ok, before
 * the effect or after the heal; what must not happen is that one ends ok in between.
 */
function refusals(
  most: number,
  records: readonly HistoryRecord[],
  operations: readonly Operation[],
  healedAt: number,
): ExpectationResult {
  const verified = records.flatMap((record) =>
    record.type === 'fault' && record.phase === 'verified' ? [record.at] : [],
  );
  const from = Math.max(...verified) + EFFECT_GRACE_MS;
  const within = operations.filter((o) => o.invocation.at < healedAt && endOf(o) > from);
  const ok = within.filter((o) => o.completion?.outcome === 'ok' && endOf(o) < healedAt).length;
  const share = within.length === 0 ? null : ok / within.length;
  return {
    name: 'transfers refused during the faults',
    met: share !== null && share <= most,
    expected: `at most ${percent(most)} told ok in that time`,
    seen: share === null ? 'no transfers' : `${percent(share)} (${ok} of ${within.length})`,
  };
}

/** What was acknowledged just before the fault is committed just after it. */
const EFFECT_GRACE_MS = 1_000;
