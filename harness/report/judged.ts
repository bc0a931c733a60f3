import { verdictOf } from '../audit/judge.ts';
import type { ScenarioResult } from '../audit/result.ts';
import { verifiedLine } from '../audit/verified.ts';
import type { PhaseCounts } from '../workload/statistics/model.ts';
import { COLUMNS, duration, total } from './summary.ts';

const SIGN = { valid: '✓', invalid: '✗', unknown: '?' } as const;

/**
 * The whole result of one scenario for a terminal: problems, faults, expectations, recoveries, what clients were told,
 * invariants.
 *
 * @param name what the reader knows it by
 * @returns lines joined by `\n`
 */
export function formatResult(name: string, result: ScenarioResult): string {
  // A ledger without a scenario neither passes nor fails.
  const status = result.suite === '' ? '' : ` (${result.status})`;
  const lines = [`${name}: ${verdictOf(result)}${status}`];
  const part = (title: string, content: readonly string[]) => {
    if (content.length > 0) lines.push(`  ${title}`, ...content.map((line) => `    ${line}`));
  };
  part('problems', result.problems);
  part(
    'faults',
    result.faults.map(({ kind, role, targets, confirmation, evidence }) => {
      const of = targets.join(', ') === role ? role : `${role} → ${targets.join(', ')}`;
      return `${confirmation === 'confirmed' ? '✓' : '✗'} ${kind} of ${of}: ${confirmation}: ${evidence}`;
    }),
  );
  part(
    'expectations',
    result.expectations.map(
      ({ id, name: what, met, expected, seen }) =>
        `${met ? '✓' : '✗'} ${id.padEnd(4)} ${what}: expected ${expected}, seen ${seen}`,
    ),
  );
  part(
    'recovery',
    result.recovery.map(
      ({ orderer, faults, firstCommit }) =>
        `through ${orderer} after fault ${faults.join(', ')}: ${firstCommit === null ? 'never' : duration(firstCommit)}`,
    ),
  );
  part(
    result.client === undefined || result.client === 'harness'
      ? 'clients were told'
      : `clients on ${result.client} were told`,
    (['before', 'during', 'recovering', 'after'] as const)
      .filter((phase) => total(result.load[phase]) > 0)
      .map((phase) => `${phase}: ${inWords(result.load[phase])}`),
  );
  const checks = (result.audit?.checks ?? []).filter(({ applicable }) => applicable !== false);
  part(
    `invariants${result.audit === null ? ': no ledger to audit' : ''}`,
    checks.flatMap(({ id, name: what, verdict, reason, evidence, notes = [] }) => [
      `${SIGN[verdict]} ${id.padEnd(4)} ${what}`,
      ...(reason === undefined ? [] : [`       ${reason}`]),
      ...evidence.slice(0, 3).map(({ message }) => `       ${message}`),
      ...notes.map((note) => `       note: ${note}`),
    ]),
  );
  const verified = verifiedLine([result.audit]);
  if (verified !== undefined) lines.push(`  verified: ${verified}`);
  return lines.join('\n');
}

const inWords = (counts: PhaseCounts): string =>
  COLUMNS.map(({ column, word }) => {
    const text = column === 'refusedUnexpectedly' ? `refused ${word}` : word;
    return `${counts[column]} ${text}`;
  }).join(', ');
