import { component, crash } from '../../faults/index.ts';
import type { FaultResult } from '../../report/model.ts';
import type { HistoryRecord } from '../../workload/history.ts';
import { indexHistory } from '../../workload/history-index.ts';
import { transfers } from '../../workload/profile.ts';
import type { RecoveryGoal } from '../../workload/statistics/outages.ts';
import { during, type ScenarioDefinition } from '../author/definition.ts';
import { judge as judgeHistory } from './expectations.ts';

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

const goal = { orderers: ['orderer0'], budget: 1_000 };
const nobody = { orderers: [], budget: 0 };

const judge = (
  definition: ScenarioDefinition,
  records: readonly HistoryRecord[],
  results: readonly FaultResult[],
  reach: RecoveryGoal,
) => judgeHistory(definition, indexHistory(records), results, reach);

let next = 0;
function operation(
  at: number,
  outcome: 'ok' | 'fail' | 'unknown',
  took = 1,
  orderer = 'orderer0',
): HistoryRecord[] {
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
    { type: 'complete', operation: id, outcome, at: at + took, orderer },
  ];
}
const fault = (phase: 'inject' | 'verified' | 'heal', at: number, number = 1): HistoryRecord => ({
  type: 'fault',
  fault: number,
  phase,
  kind: 'crash',
  role: 'orderer0',
  targets: ['orderer0'],
  at,
});

describe('judge', () => {
  it('is met by a fault that was confirmed and healed, and by a recovery within its budget', () => {
    const records = [fault('inject', 100), fault('heal', 200), ...operation(1_000, 'ok', 100)];
    const results = judge({ load, faults }, records, [confirmed], goal);
    expect(results.map(({ met }) => met)).toEqual([true, true]);
  });

  it.each([
    ['was not confirmed', { ...confirmed, confirmation: 'not-confirmed' as const }],
    ['is inconclusive', { ...confirmed, confirmation: 'inconclusive' as const }],
    ['was not healed', { ...confirmed, healedAt: null }],
    ['was never injected', undefined],
  ])('is not met by a fault that %s', (_, result) => {
    expect(judge({ load, faults }, [], result ? [result] : [], goal)[0]?.met).toBe(false);
  });

  it('is not met without a recovery', () => {
    const records = [fault('inject', 100), fault('heal', 200), ...operation(1_000, 'ok', 201)];
    expect(judge({ load }, records, [], goal)).toEqual([
      {
        name: 'recovery through orderer0',
        met: false,
        expected: 'a VALID commit within 1 s of the heal',
        seen: 'none',
      },
    ]);
  });

  it('tells recoveries and drains of several faults apart', () => {
    const records = [
      ...[fault('inject', 100), fault('heal', 200)],
      ...operation(150, 'ok', 300),
      ...[fault('inject', 2_000, 2), fault('heal', 2_100, 2)],
      ...operation(2_050, 'ok', 600),
      ...operation(2_200, 'ok', 500),
    ];
    const twice = { load, faults: [...faults, ...faults], expect: { backlog: 549 } };
    const told = judge(twice, records, [confirmed, confirmed], goal).slice(2);
    expect(told.map(({ name, met, seen }) => [name, met, seen])).toEqual([
      ['recovery through orderer0 after fault 1 (crash of orderer0)', false, 'none'],
      ['recovery through orderer0 after fault 2 (crash of orderer0)', true, '0.6 s'],
      ['backlog drained after fault 1 (crash of orderer0)', true, '0.3 s'],
      ['backlog drained after fault 2 (crash of orderer0)', false, '0.6 s'],
    ]);
    const enough = judge({ ...twice, expect: { backlog: 550 } }, records, [], goal);
    expect(enough.at(-1)).toMatchObject({ met: true, expected: 'within 0.6 s of the heal' });
  });

  it('counts shares by phase, "after" from the recovery on', () => {
    const records = [
      ...operation(10, 'ok'),
      fault('inject', 100),
      ...operation(120, 'unknown'),
      fault('heal', 200),
      ...operation(250, 'unknown'),
      ...operation(260, 'ok', 40),
      ...operation(400, 'ok'),
    ];
    const expect_ = { ok: { before: 1, during: 0.5, after: 1 } };
    const results = judge({ load, expect: expect_ }, records, [], goal);
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
    expect(judge(definition, through, [], nobody)[0]?.met).toBe(false);
    expect(judge(definition, run(), [], nobody)[0]).toMatchObject({
      met: false,
      seen: 'no transfers',
    });
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
    expect(judge(definition, records, [], nobody)[0]).toMatchObject({
      met: true,
      seen: '0 % (0 of 2)',
    });
  });
});
