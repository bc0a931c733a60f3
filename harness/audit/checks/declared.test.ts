import type { FaultEvent, HistoryRecord } from '../../workload/history.ts';
import { indexHistory } from '../../workload/history-index.ts';
import { LedgerBuilder } from '../testing/ledger-builder.ts';
import { faultsTookEffect, stepsAsExpected } from './declared.ts';

const event = (phase: FaultEvent['phase'], at: number, more: Partial<FaultEvent> = {}) => ({
  ...{ type: 'fault' as const, fault: 1, phase, kind: 'crash', role: 'orderer' },
  ...{ targets: ['orderer0'], at, ...more },
});
const mark: HistoryRecord = { type: 'mark', label: 'interrupted', at: 500 };
const life = [
  event('inject', 100),
  event('verified', 110, { evidence: 'it is down' }),
  event('heal', 200),
  event('healed', 220, { evidence: 'it is up', healedAt: 210 }),
];

const run = (records: readonly HistoryRecord[], expectations = {}) => {
  const paper = new LedgerBuilder().recording();
  paper.scenario = {
    ...paper.scenario,
    faults: [{ text: 'crash', role: "orderer('orderer0')" }],
    expectations,
  };
  return faultsTookEffect.run(paper, indexHistory(records));
};

describe('S1 faults took effect', () => {
  it('accepts a fault that was confirmed and healed', () => {
    expect(run(life)).toMatchObject({
      verdict: 'valid',
      counts: { faults: 1 },
      expectations: [
        {
          id: 'S1',
          name: "crash of orderer('orderer0') took effect and was healed",
          met: true,
          expected: 'confirmed by measurement, then healed',
          seen: 'confirmed: it is down; after the heal: it is up',
        },
      ],
    });
  });

  it.each([
    ['was not confirmed', life.with(1, event('not-confirmed', 110)), 'not-confirmed'],
    ['is inconclusive', life.with(1, event('inconclusive', 110)), 'inconclusive'],
    ['was not healed', life.with(3, event('not-confirmed', 220)), 'not-confirmed, not healed'],
    ['found no target', [event('not-confirmed', 90, { evidence: 'no target' })], 'no target'],
    ['was never injected', [], 'never injected'],
    ['is followed by one that nobody declared', [...life, event('inject', 300, { fault: 2 })], ''],
  ])('rejects a fault that %s', (_, records, seen) => {
    const result = run(records);
    expect(result.verdict).toBe('invalid');
    expect(result.evidence[0]?.message).toContain(seen);
    expect(result.evidence[0]?.expectation).toContain('took effect and was healed');
  });

  it('takes a fault that is meant to stay as healed', () => {
    const records = life.with(3, event('healed', 220));
    expect(run(records).verdict).toBe('invalid');
    expect(run(records, { unhealed: [1] }).verdict).toBe('valid');
  });

  it('tells faults apart by their numbers, in whatever order they came, and names what nobody declared', () => {
    const second = [
      event('inject', 50, { fault: 2, kind: 'freeze', role: 'peer' }),
      event('not-confirmed', 60, { fault: 2, kind: 'freeze', role: 'peer' }),
    ];
    const { expectations } = run([...second, ...life]);
    expect(expectations?.map(({ name, met }) => [name, met])).toEqual([
      ["crash of orderer('orderer0') took effect and was healed", true],
      ['freeze of peer took effect and was healed', false],
    ]);
    const beyond = run([...life, event('inject', 300, { fault: 3 })]).expectations;
    expect(beyond?.[1]).toMatchObject({
      name: 'a fault of unknown took effect and was healed',
      seen: 'never injected',
    });
  });

  it('does not know what an interruption kept from being measured', () => {
    expect(run([mark])).toMatchObject({ verdict: 'unknown', reason: 'the run was interrupted' });
    expect(run([...life.with(3, event('inconclusive', 220)), mark]).verdict).toBe('unknown');
    expect(run([...life.with(3, event('not-confirmed', 220)), mark]).verdict).toBe('invalid');
  });

  it('has nothing to say without a fault', () => {
    const paper = new LedgerBuilder().recording();
    expect(faultsTookEffect.run(paper, indexHistory([]))).toMatchObject({
      applicable: false,
      reason: 'the scenario has no fault',
    });
  });
});

describe('S2 every step as expected', () => {
  const step = (met: boolean): HistoryRecord => ({
    ...{ type: 'step', name: 'log in', expected: '200', met, seen: met ? '200' : '500', at: 1 },
  });
  const steps = (...records: readonly HistoryRecord[]) =>
    stepsAsExpected.run(new LedgerBuilder().recording(), indexHistory(records));

  it('accepts steps that saw what they should, and rejects one that did not', () => {
    expect(steps(step(true), step(true))).toMatchObject({ verdict: 'valid', counts: { steps: 2 } });
    expect(steps(step(true), step(false))).toMatchObject({
      verdict: 'invalid',
      evidence: [{ message: 'log in: expected 200, seen 500' }],
      expectations: [{ met: true }, { met: false }],
    });
  });

  it('has nothing to say where there are none', () => {
    expect(steps()).toMatchObject({
      applicable: false,
      reason: 'the scenario has no steps of its own',
    });
  });
});
