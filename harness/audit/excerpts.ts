import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { allowance, badLine } from './checks/surroundings.ts';
import { logTime } from './log-time.ts';
import type { AllowedLog } from './recording.ts';
import type { LogExcerpt } from './result.ts';

/** Lines that the audit has no objection to, and that a reader of a failure wants to see all the same. */
const REMARKABLE = /\bpanic\b|fatal|Ledger may be corrupted|OutOfMemory/i;
const AROUND = 6;
const MOST = 5;

/** The earliest line of a component's log that belongs into the report. */
interface Anomaly {
  readonly component: string;
  readonly lines: readonly string[];
  readonly index: number;
  /** What the audit's check of the logs objects to; its evidence is a handful of these. */
  readonly bad: boolean;
  readonly at: number;
}

/**
 * Lines around the first anomaly of each component, of the five components in which it came first: what was first is
 * nearest to the cause, and what comes after it is often only its echo. Lines that the audit objects to go before all
 * others; what the scenario allows is no anomaly.
 *
 * @param evidence the scenario's folder
 * @param folder the same as the report's readers find it, relative to the run's
 */
export function findExcerpts(
  evidence: string,
  folder: string,
  allowedLogs: readonly AllowedLog[] = [],
): LogExcerpt[] {
  const logs = path.join(evidence, 'logs');
  const allowed = allowedBy(allowedLogs);
  return listed(logs)
    .flatMap((file) => {
      const lines = readFileSync(path.join(logs, file), 'utf8').split('\n');
      return firstAnomaly(file.replace(/\.log$/, ''), lines, allowed) ?? [];
    })
    .sort((a, b) => Number(b.bad) - Number(a.bad) || a.at - b.at)
    .slice(0, MOST)
    .map(({ component, lines, index }) => {
      const first = Math.max(0, index - AROUND);
      return {
        component,
        lines: lines.slice(first, index + AROUND + 1).map((line) => line.slice(0, 400)),
        file: path.join(folder, 'logs', `${component}.log`),
        anomaly: index - first,
      };
    });
}

function firstAnomaly(
  component: string,
  lines: readonly string[],
  allowed: ReturnType<typeof allowance>,
): Anomaly | undefined {
  const where = (matches: (line: string) => boolean) =>
    lines.findIndex((line) => matches(line) && !allowed(component, line));
  const worst = where((line) => badLine(line) !== undefined);
  const index = worst >= 0 ? worst : where((line) => REMARKABLE.test(line));
  if (index < 0) return undefined;
  return { component, lines, index, bad: worst >= 0, at: timeOf(lines, index) };
}

/** A stack trace has no times: it is as old as the line before it that has one, else as the next. */
function timeOf(lines: readonly string[], index: number): number {
  for (let before = index; before >= 0; before -= 1) {
    const at = logTime(lines[before] ?? '');
    if (at !== undefined) return at;
  }
  for (const line of lines.slice(index + 1)) {
    const at = logTime(line);
    if (at !== undefined) return at;
  }
  return Number.MAX_SAFE_INTEGER;
}

function allowedBy(rules: readonly AllowedLog[]): ReturnType<typeof allowance> {
  try {
    return allowance(rules);
  } catch {
    return () => false; // not a regular expression, as the audit says
  }
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // the scenario ended before any log was saved
  }
}
