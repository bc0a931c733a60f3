import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { auditEvidence } from '../evidence.ts';

/**
 * Audits a generated ledger and prints time and memory as JSON.
 *
 *     node harness/audit/bench/run.ts [--transactions 100000] [--keep DIR]
 *
 * The audit runs in a process of its own, so that its peak memory is its own. `--keep` generates into that folder, or
 * audits what is there already.
 */
const { values } = parseArgs({
  options: {
    transactions: { type: 'string', default: '100000' },
    keep: { type: 'string' },
    audit: { type: 'string' },
  },
});

function sizeOf(path: string): number {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

function measure(dir: string): void {
  const started = performance.now();
  const { verdict, checks } = auditEvidence(dir);
  const seconds = (performance.now() - started) / 1000;
  const count = (id: string, name: string): number =>
    checks.find((check) => check.id === id)?.counts[name] ?? 0;
  const report = {
    verdict,
    notValid: checks.filter((check) => check.verdict !== 'valid').map(({ id }) => id),
    transactions: count('F3', 'transactions'),
    signatures: count('F26', 'signatures'),
    codesDerived: count('F27', 'codes derived'),
    copies: 6,
    megabytes: Math.round(sizeOf(dir) / 1e6),
    seconds: Math.round(seconds * 100) / 100,
    cpuSeconds: Math.round((process.cpuUsage().user + process.cpuUsage().system) / 1e4) / 100,
    // maxRSS is in kilobytes on every platform.
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1000),
  };
  console.log(JSON.stringify(report, null, 2));
  if (verdict !== 'valid') process.exitCode = 1;
}

if (values.audit !== undefined) measure(values.audit);
else {
  const dir = values.keep ?? mkdtempSync(join(tmpdir(), 'audit-bench-'));
  if (!existsSync(join(dir, 'scenario.json'))) {
    // Not imported by the process that is measured.
    const { generate } = await import('./generate.ts');
    generate(dir, Number(values.transactions));
  }
  const child = fork(import.meta.filename, ['--audit', dir]);
  child.on('exit', (code) => {
    if (values.keep === undefined) rmSync(dir, { recursive: true });
    process.exitCode = code ?? 1;
  });
}
