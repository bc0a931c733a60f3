import { UsageError } from '../base/errors.ts';
import type { Settings } from '../base/settings.ts';
import type { Diagnosis } from '../engine/diagnosis.ts';
import { examine } from '../engine/doctor.ts';
import { topologyFile } from '../network/machines/preflight.ts';
import { orderingOf } from '../ordering/registry.ts';
import { loadTopology } from '../topology/load.ts';
import type { Topology } from '../topology/schema.ts';
import { wrap } from './terminal.ts';

/** `harness doctor`: exits with 2 when something that a run needs is missing. */
export async function doctor(settings: Settings, options: { json?: boolean }): Promise<void> {
  const topology = loadTopology(topologyFile(settings.topology));
  const findings = [orderingFinding(topology), ...(await examine(settings, process.env))];
  console.log(options.json ? JSON.stringify(findings, null, 2) : renderFindings(findings));
  const missing = findings.filter(({ state }) => state === 'missing');
  if (missing.length > 0) {
    throw new UsageError([`missing: ${missing.map(({ subject }) => subject).join(', ')}`]);
  }
}

/** Who orders in the network that would be started, and what that takes. */
export function orderingFinding(topology: Topology): Diagnosis {
  const { type, fabric, orderers } = topology.ordering;
  return {
    subject: 'ordering',
    state: 'ok',
    found: `${type} on Fabric ${fabric}, ${orderers.length} orderers (topology ${topology.name})`,
    needed: orderingOf(topology).needs,
    fix: '',
  };
}

const SIGN = { ok: '✓', limited: '·', missing: '✗', unknown: '?' } as const;
const SUBJECT_WIDTH = 18;
const INDENT = SUBJECT_WIDTH + 11;

/** Found, needed and fix of every finding, wrapped at a width. */
export function renderFindings(findings: readonly Diagnosis[], width = 80): string {
  const lines = findings.flatMap(({ subject, state, found, needed, fix }) => {
    const heads = [`${SIGN[state]} ${subject}`, '', ''];
    return [
      ['found', found],
      ['needed', needed],
      ['fix', fix || 'none'],
    ].flatMap(([name = '', text = ''], row) =>
      wrap(text, width - INDENT).map((part, i) => {
        const head = i === 0 ? (heads[row] ?? '') : '';
        return `${head.padEnd(SUBJECT_WIDTH + 2)} ${(i === 0 ? name : '').padEnd(7)} ${part}`;
      }),
    );
  });
  return lines.map((line) => line.trimEnd()).join('\n');
}
