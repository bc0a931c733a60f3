import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HistoryRecord } from './history.ts';
import { readHistory } from './history-reader.ts';
import { History } from './history-writer.ts';
import { FakeClock } from './testing/fake-clock.ts';

const clock = new FakeClock();
const mark = (label: string, at = 0): HistoryRecord => ({ type: 'mark', label, at });
const line = (record: HistoryRecord) => `${JSON.stringify(record)}\n`;

describe('history on file', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'history-'));
    path = join(folder, 'history.jsonl');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('has each record on file before append returns, in order', () => {
    using history = History.create(path, clock);
    history.mark('load starts');
    expect(readFileSync(path, 'utf8')).toBe(line(mark('load starts')));
    history.append(mark('größer', 7));
    expect(readFileSync(path, 'utf8')).toBe(line(mark('load starts')) + line(mark('größer', 7)));
  });

  it('reads back what was written', () => {
    const records: HistoryRecord[] = Array.from({ length: 3_000 }, (_, at) => mark(`m${at}`, at));
    using history = History.create(path, clock);
    for (const record of records) history.append(record);
    expect([...readHistory(path)]).toEqual(records);
  });

  it('does not go on in a file that exists', () => {
    History.create(path, clock).close();
    expect(() => History.create(path, clock)).toThrow(/EEXIST/);
  });

  it('refuses to append after it was closed, and may be closed twice', () => {
    const history = History.create(path, clock);
    history.close();
    history.close();
    expect(() => history.mark('late')).toThrow(
      'history: cannot append a record of type mark, it is closed',
    );
  });

  it('leaves a torn last line out', () => {
    writeFileSync(path, line(mark('whole')));
    appendFileSync(path, line(mark('torn')).slice(0, -5));
    expect([...readHistory(path)]).toEqual([mark('whole')]);
    writeFileSync(path, line(mark('whole')) + line(mark('torn in its newline only')).trimEnd());
    expect([...readHistory(path)]).toEqual([mark('whole')]);
  });

  it.each([
    ['not JSON', '{"type":"mark","label"'],
    ['no record', '{"type":"remark","label":"x","at":1}'],
    ['without a time', '{"type":"mark","label":"x"}'],
    ['an operation without a number', '{"type":"complete","outcome":"ok","at":1}'],
    ['empty', ''],
    ['null', 'null'],
  ])('names file and line of a damaged line: %s', (_, damaged) => {
    writeFileSync(path, `${line(mark('a'))}${damaged}\n${line(mark('b'))}`);
    expect(() => [...readHistory(path)]).toThrow(`${path}:2: expected a history record, got`);
  });

  it('takes a file that is not there as empty, and names one that cannot be read', () => {
    expect([...readHistory(path)]).toEqual([]);
    expect(() => [...readHistory(folder)]).toThrow('EISDIR');
  });
});

describe('history', () => {
  it('numbers operations from 1 and tells subscribers', () => {
    const lines: string[] = [];
    const history = new History({ write: (text) => lines.push(text), close: () => {} }, clock);
    expect([history.nextOperation(), history.nextOperation()]).toEqual([1, 2]);
    const seen: HistoryRecord[] = [];
    const unsubscribe = history.subscribe((record) => {
      expect(lines).toHaveLength(1);
      seen.push(record);
    });
    history.mark('one');
    unsubscribe();
    history.mark('two');
    expect(seen).toEqual([mark('one')]);
  });
});
