import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { LogExcerpt } from '../report/model.ts';

/** What a reader of a failure wants to see first; the audit's own list is longer and knows what is allowed. */
const ANOMALY =
  /\bpanic\b|fatal|Ledger may be corrupted|Consenter for channel exiting|Kafka consumer closed|outside the range of offsets|OutOfMemory|this might indicate a bug/i;
const AROUND = 6;
const MOST = 5;

/** Lines around the first anomaly of each component's log, at most five components. */
export function findExcerpts(runFolder: string, folder: string): LogExcerpt[] {
  const logs = path.join(runFolder, folder, 'logs');
  const excerpts: LogExcerpt[] = [];
  for (const file of listed(logs)) {
    if (excerpts.length >= MOST) break;
    const lines = readFileSync(path.join(logs, file), 'utf8').split('\n');
    const found = lines.findIndex((line) => ANOMALY.test(line));
    if (found < 0) continue;
    const first = Math.max(0, found - AROUND);
    excerpts.push({
      component: file.replace(/\.log$/, ''),
      lines: lines.slice(first, found + AROUND + 1).map((line) => line.slice(0, 400)),
      file: path.join(folder, 'logs', file),
      anomaly: found - first,
    });
  }
  return excerpts;
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return []; // the scenario ended before any log was saved
  }
}
