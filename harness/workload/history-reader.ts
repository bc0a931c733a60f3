import { createReadStream } from 'node:fs';
import type { HistoryRecord } from './history.ts';

export interface SavedHistory {
  readonly records: readonly HistoryRecord[];
  /** The process died while it wrote the last line, which was left out. */
  readonly torn: boolean;
}

const TYPES: ReadonlySet<unknown> = new Set([
  'invoke',
  'complete',
  'fault',
  'height',
  'mark',
] satisfies HistoryRecord['type'][]);

/**
 * Reads a saved history. A torn last line is what a kill leaves behind and is tolerated; anything else that is not a
 * record means that the file was damaged.
 * @throws Error naming file and line
 */
export async function readHistory(path: string): Promise<SavedHistory> {
  return await parseHistory(createReadStream(path, { encoding: 'utf8' }), path);
}

/**
 * The same for text in pieces of any size.
 * @param name for messages
 */
export async function parseHistory(
  pieces: AsyncIterable<string> | Iterable<string>,
  name: string,
): Promise<SavedHistory> {
  const records: HistoryRecord[] = [];
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) records.push(parseLine(line, name, records.length + 1));
  }
  // Lines end with a newline that is written with them; without it the line may be incomplete though it parses.
  return { records, torn: rest !== '' };
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
