import { columnOf } from '../../workload/statistics/columns.ts';
import { isLoad } from '../../workload/statistics/operations.ts';
import type { RunCheck } from '../checker.ts';
import { Findings } from '../findings.ts';

const COLUMNS = {
  ok: 'ok',
  refused: 'refused as intended',
  refusedUnexpectedly: 'refused unexpectedly',
  fail: 'failed',
  unknown: 'unknown',
} as const;

export const loadAsIntended: RunCheck = {
  scope: 'run',
  definition: {
    id: 'L1',
    name: 'the load was what it was meant to be',
    guarantee:
      'Enough operations of the load itself came to an end, and the chaincode refused those that it was to refuse and no others.',
  },
  run({ scenario }, { operations }) {
    const findings = new Findings(loadAsIntended.definition);
    for (const operation of operations.filter(isLoad)) {
      const { invoke, complete } = operation;
      const column = columnOf(operation);
      findings.count(COLUMNS[column]);
      if (complete) findings.count('operations of the load');
      const wrong = (what: string): void =>
        findings.violation({
          operation: invoke.operation,
          ...(invoke.transactionId !== undefined && { transactionId: invoke.transactionId }),
          message: `operation ${invoke.operation}, ${[invoke.function, ...invoke.args].join(' ').slice(0, 120)}, ${what}`,
        });
      if (column === 'refusedUnexpectedly') {
        wrong(
          `was refused, and nothing had announced that: ${complete?.error ?? 'no reason given'}`,
        );
      }
      if (column === 'ok' && invoke.refusal === 'expected') {
        wrong('should have been refused, and went through');
      }
    }
    findings.floor('operations of the load', scenario.floors?.operations ?? 10);
    return findings.result();
  },
};
