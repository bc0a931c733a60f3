import type { Clock } from '../clock.ts';
import type { Completion, HistoryRecord, Invocation } from '../history.ts';
import { History } from '../history-writer.ts';

/** A history whose records a test can look at. */
export function memoryHistory(clock: Clock): { history: History; records: HistoryRecord[] } {
  const records: HistoryRecord[] = [];
  const history = new History(
    { write: (line) => records.push(JSON.parse(line) as HistoryRecord), close: () => {} },
    clock,
  );
  return { history, records };
}

export function invocations(records: readonly HistoryRecord[]): Invocation[] {
  return records.filter((record) => record.type === 'invoke');
}

export function completions(records: readonly HistoryRecord[]): Completion[] {
  return records.filter((record) => record.type === 'complete');
}
