import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { auditEvidence, paths } from '../audit/evidence.ts';
import type { AuditResult } from '../audit/model.ts';
import { UsageError } from '../base/errors.ts';
import type { Settings } from '../base/settings.ts';
import { saveLedger } from '../scenario/evidence/save-ledger.ts';
import { interruptible, runningNetwork } from './context.ts';

/** `harness audit`: exits with 0 valid, 1 invalid, 3 unknown. */
export async function audit(
  settings: Settings,
  folder: string | undefined,
  options: { json?: boolean },
): Promise<void> {
  const audits = folder === undefined ? await auditRunning(settings) : auditSaved(folder);
  if (options.json) console.log(JSON.stringify(Object.fromEntries(audits), null, 2));
  else for (const [name, result] of audits) console.log(formatAudit(name, result));
  const verdicts = [...audits.values()].map(({ verdict }) => verdict);
  process.exitCode = verdicts.includes('invalid') ? 1 : verdicts.includes('unknown') ? 3 : 0;
}

function auditSaved(folder: string): Map<string, AuditResult> {
  if (existsSync(paths.scenario(folder))) return new Map([[folder, auditEvidence(folder)]]);
  const scenarios = path.join(folder, 'scenarios');
  const found = existsSync(scenarios)
    ? readdirSync(scenarios).filter((name) =>
        existsSync(paths.scenario(path.join(scenarios, name))),
      )
    : [];
  if (found.length === 0) {
    throw new UsageError([`audit: expected a run's or a scenario's folder, seen ${folder}`]);
  }
  return new Map(found.map((name) => [name, auditEvidence(path.join(scenarios, name))]));
}

/** Reads the ledgers of a running network into a temporary folder and audits each channel. */
async function auditRunning(settings: Settings): Promise<Map<string, AuditResult>> {
  const network = await runningNetwork(settings);
  const temporary = mkdtempSync(path.join(tmpdir(), 'harness-audit-'));
  try {
    const audits = new Map<string, AuditResult>();
    for (const { name } of network.topology.channels) {
      const folder = path.join(temporary, name);
      await saveLedger(network, name, folder, interruptible());
      audits.set(name, auditEvidence(folder));
    }
    return audits;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function formatAudit(name: string, result: AuditResult): string {
  const sign = { valid: '✓', invalid: '✗', unknown: '?' } as const;
  const lines = [`${name}: ${result.verdict} (${(result.duration / 1000).toFixed(1)} s)`];
  for (const check of result.checks) {
    if (check.applicable === false) continue;
    lines.push(`  ${sign[check.verdict]} ${check.id.padEnd(4)} ${check.name}`);
    if (check.reason) lines.push(`         ${check.reason}`);
    for (const { message } of check.evidence.slice(0, 3)) lines.push(`         ${message}`);
  }
  return lines.join('\n');
}
