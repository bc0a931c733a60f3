import { component, crash } from '../faults/index.ts';
import type { FaultResult } from '../report/model.ts';
import type { HistoryRecord } from '../workload/history.ts';
import { transfers } from '../workload/profile.ts';
import { during } from './definition.ts';
import { judge } from './expectations.ts';

const load = transfers({ clients: 1 });
const faults = [during(crash(component('orderer0')), { at: 1, for: 1 })];
const confirmed: FaultResult = {
  kind: 'crash',
  role: 'orderer0',
  targets: ['orderer0'],
  injectedAt: 100,
  healedAt: 200,
  confirmation: 'confirmed',
  evidence: 'orderer0 is down',
};

let next = 0;
function operation(at: number, outcome: 'ok' | 'fail' | 'unknown', took = 1): HistoryRecord[] {
  const id = ++next;
  const common = {
    client: 'c',
    msp: 'Org1MSP',
    channel: 'x',
    chaincode: 'bank',
    args: [],
    peers: [],
  };
  return [
    { type: 'invoke', operation: id, kind: 'submit', function: 'transfer', at, ...common },
    { type: 'complete', operation: id, outcome, at: at + took },
  ];
}
const fault = (phase: 'inject' | 'verified' | 'heal', at: number): HistoryRecord => ({
  type: 'fault',
  fault: 1,
  phase,
  kind: 'crash',
  role: 'orderer0',
  targets: ['orderer0'],
  at,
});

describe('judge', () => {
  it('is met by a fault that was confirmed and healed, and by a recovery within its budget', () => {
    const results = judge(
      { load, faults },
      [],
      [confirmed],
      [{ orderer: 'orderer0', firstCommit: 900, budget: 1_000 }],
    );
    expect(results.map(({ met }) => met)).toEqual([true, true]);
  });

  it.each([
    ['was not confirmed', { ...confirmed, confirmation: 'not-confirmed' as const }],
    ['is inconclusive', { ...confirmed, confirmation: 'inconclusive' as const }],
    ['was not healed', { ...confirmed, healedAt: null }],
    ['was never injected', undefined],
  ])('is not met by a fault that %s', (_, result) => {
    expect(judge({ load, faults }, [], result ? [result] : [], [])[0]?.met).toBe(false);
  });

  it('is not met without a recovery', () => {
    const never = { orderer: 'orderer1', firstCommit: null, budget: 5_000 };
    expect(judge({ load }, [], [], [never])[0]).toMatchObject({ met: false, seen: 'none' });
  });

  it('counts shares by phase, "after" from the recovery on', () => {
    const records = [
      ...operation(10, 'ok'),
      fault('inject', 100),
      ...operation(120, 'unknown'),
      fault('heal', 200),
      ...operation(250, 'unknown'),
      ...operation(400, 'ok'),
    ];
    const expect_ = { ok: { before: 1, during: 0.5, after: 1 } };
    const recovered = [{ orderer: 'orderer0', firstCommit: 100, budget: 1_000 }];
    const results = judge({ load, expect: expect_ }, records, [], recovered);
    expect(results.map(({ name, met }) => [name, met])).toEqual([
      ['recovery through orderer0', true],
      ['transfers answered before the faults', true],
      ['transfers answered during the faults', false],
      ['transfers answered after recovery', true],
    ]);
  });

  it('turns red when writes went through that must be refused, and when there were none to judge', () => {
    const definition = { load, expect: { mostOkDuring: 0 } };
    const run = (...inside: HistoryRecord[]) => [
      fault('inject', 100),
      fault('verified', 200),
      ...inside,
      fault('heal', 9_000),
    ];
    const through = run(...operation(5_000, 'ok'));
    expect(judge(definition, through, [], [])[0]?.met).toBe(false);
    expect(judge(definition, run(), [], [])[0]).toMatchObject({ met: false, seen: 'no transfers' });
  });

  it('takes no offence at what was in flight before and after', () => {
    const definition = { load, expect: { mostOkDuring: 0 } };
    const records = [
      fault('inject', 100),
      fault('verified', 200),
      ...operation(500, 'ok'),
      ...operation(5_000, 'unknown'),
      ...operation(8_000, 'ok', 2_000),
      fault('heal', 9_000),
    ];
    expect(judge(definition, records, [], [])[0]).toMatchObject({
      met: true,
      seen: '0 % (0 of 2)',
    });
  });
});
