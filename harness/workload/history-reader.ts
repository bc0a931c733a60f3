import { readLines } from '../base/files.ts';
import type { HistoryRecord } from './history.ts';

const TYPES: ReadonlySet<unknown> = new Set([
  'invoke',
  'complete',
  'fault',
  'height',
  'mark',
  'step',
  'trouble',
] satisfies HistoryRecord['type'][]);

/**
 * Reads a saved history, for whoever judges it: live, later, or in a test. A torn last line is what a kill leaves behind
 * and is passed over; anything else that is not a record means that the file was damaged. A file that is not there has no
 * records.
 *
 * @throws Error naming file and line
 */
export function* readHistory(path: string): Generator<HistoryRecord> {
  let number = 0;
  for (const line of readLines(path, { torn: 'drop' })) {
    number += 1;
    yield parseLine(line, path, number);
  }
}

function parseLine(line: string, name: string, number: number): HistoryRecord {
  try {
    const value: unknown = JSON.parse(line);
    if (isRecord(value)) return value;
  } catch {
    // Reported below, like a line that is JSON but no record.
  }
  const start = line.length > 80 ? `${line.slice(0, 80)}…` : line;
  throw new Error(`${name}:${number}: expected a history record, got: ${start}`);
}

/** Enough to tell a record from anything else; the writer is this project's own and typed. */
function isRecord(value: unknown): value is HistoryRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { type, at, operation } = value as Record<string, unknown>;
  if (!TYPES.has(type) || typeof at !== 'number') return false;
  return (type !== 'invoke' && type !== 'complete') || Number.isInteger(operation);
}
