import type { HistoryRecord } from '../../workload/history.ts';
import { narrator, type ProgressLine, progressLine } from './narration.ts';

const place = { name: 'crash an orderer', channel: 'c1' };
const fault = { type: 'fault', fault: 1, kind: 'crash', role: "orderer('orderer0')" } as const;

function told(records: readonly HistoryRecord[]): ProgressLine[] {
  const lines: ProgressLine[] = [];
  const hear = narrator(place, 0, (line) => lines.push(line));
  for (const record of records) hear(record);
  return lines;
}

const complete = (at: number, rest: object = {}): HistoryRecord =>
  ({ type: 'complete', operation: at, outcome: 'ok', at, ...rest }) as HistoryRecord;

describe('what a scenario says while it runs', () => {
  it('begins with its channel', () => {
    expect(told([])).toEqual([
      {
        scenario: 'crash an orderer',
        at: 0,
        what: 'channel',
        text: 'channel c1, accounts and clients',
      },
    ]);
  });

  it('has the load with operations a second, every five seconds and at its end', () => {
    const texts = told([
      complete(500), // the set-up is no load
      { type: 'mark', label: 'load starts', at: 1_000 },
      ...Array.from({ length: 50 }, (_, i) => complete(1_000 + (i + 1) * 100)),
      complete(6_500, { outcome: 'fail' }),
      complete(6_600, { outcome: 'unknown' }),
      { type: 'mark', label: 'load ended', at: 7_000 },
      complete(30_000),
    ]).map(({ text }) => text);
    expect(texts.slice(1)).toEqual([
      'load starts',
      'load: 10.0 operations a second',
      'load: 2.0 operations a second, 1 refused, 1 unknown',
    ]);
  });

  it('has each fault with its measurements, and the recovery through each orderer', () => {
    const lines = told([
      { ...fault, phase: 'inject', targets: ['orderer0'], at: 2_000 },
      { ...fault, phase: 'verified', targets: ['orderer0'], at: 2_500, evidence: 'no process' },
      complete(3_000, { orderer: 'orderer1' }),
      { ...fault, phase: 'heal', targets: ['orderer0'], at: 7_000 },
      {
        ...fault,
        phase: 'healed',
        targets: ['orderer0'],
        at: 8_000,
        healedAt: 7_200,
        evidence: 'runs',
      },
      complete(8_200, { orderer: 'orderer1' }),
      complete(8_300, { orderer: 'orderer1' }),
      complete(8_400, { orderer: 'orderer0', outcome: 'unknown' }),
      complete(9_400, { orderer: 'orderer0' }),
    ]);
    expect(lines.slice(1).map(({ what, text }) => `${what}: ${text}`)).toEqual([
      'fault: fault 1, crash of orderer0, is injected',
      'fault: fault 1, crash of orderer0, is in force: no process',
      'fault: fault 1, crash of orderer0, is being healed',
      'fault: fault 1, crash of orderer0, is healed: runs',
      'recovery: a commit through orderer1, 1.0 s after the heal',
      'recovery: a commit through orderer0, 2.2 s after the heal',
    ]);
  });

  it('has the rest, the evidence, the judging, and what went wrong', () => {
    const labels = ['waiting for quiescence', 'quiescent', 'last look', 'evidence complete'];
    const lines = told([
      ...labels.map((label, i): HistoryRecord => ({ type: 'mark', label, at: i })),
      { type: 'trouble', message: 'blocks: no answer', at: 9_100 },
    ]);
    expect(lines.map(({ what }) => what).slice(1)).toEqual([
      'rest',
      'rest',
      'evidence',
      'evidence',
      'trouble',
    ]);
    expect(progressLine(lines.at(-1) as ProgressLine)).toBe(
      '   9.1 s    crash an orderer: blocks: no answer',
    );
  });
});
