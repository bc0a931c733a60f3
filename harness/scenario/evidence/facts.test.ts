import { available } from '../../audit/checks/recovery.ts';
import type { ScenarioFacts } from '../../audit/recording.ts';
import { LedgerBuilder } from '../../audit/testing/ledger-builder.ts';
import { component, crash } from '../../faults/index.ts';
import type { HistoryRecord, Outcome } from '../../workload/history.ts';
import { indexHistory } from '../../workload/history-index.ts';
import { transfers } from '../../workload/profile.ts';
import { calls, during, type ScenarioDefinition } from '../author/definition.ts';
import { declaredFacts, scenarioFacts } from './facts.ts';

const definition: ScenarioDefinition = {
  load: transfers({ clients: 1 }),
  faults: [during(crash(component('orderer0')), { at: 1, for: 1 })],
  expect: { ok: { before: 1, after: 0.5 }, mostOkDuring: 0.25, backlog: 900, operations: 1 },
};
const onOrg1 = { peers: ['peer0.org1'], organisations: { 'peer0.org1': 'Org1MSP' } };
const circumstances = {
  channels: [{ name: 'crash-1', startHeight: 3, ...onOrg1 }],
  orderers: ['orderer0'],
  recovery: 5_000,
  patience: 50_000,
};

/** What a later process reads from `scenario.json`. */
const saved = (): ScenarioFacts =>
  JSON.parse(
    JSON.stringify({
      ...{ schema: 2, name: 'crash an orderer', ...declaredFacts(definition) },
      ...scenarioFacts(definition, circumstances),
    }),
  );

describe('what the audit is told of a scenario', () => {
  it('holds all that the scenario expects', () => {
    expect(saved().expectations).toEqual({
      recovery: { orderers: ['orderer0'], budget: 5_000, backlog: 900 },
      availability: [
        { phase: 'before', kind: 'submit', leastAnswered: 1 },
        { phase: 'after', kind: 'submit', leastAnswered: 0.5 },
        { phase: 'during', kind: 'submit', mostOkInForce: 0.25 },
      ],
    });
    const load = calls({
      chaincode: 'mine',
      also: ['yours'],
      channels: { archive: ['books', 'mine'] },
      clients: 1,
      setUp: [],
      next: () => ({ function: 'f', args: [] }),
    });
    const onOrg2 = { peers: ['peer0.org2'], organisations: { 'peer0.org2': 'Org2MSP' } };
    const channels = [...circumstances.channels, { name: 'crash-1-2', startHeight: 5, ...onOrg2 }];
    const quiet = scenarioFacts({ load }, { ...circumstances, channels });
    expect(quiet).toMatchObject({
      ...{ chaincode: 'mine', otherChaincodes: ['yours', 'books'], workload: 'other' },
      channels: {
        'crash-1': { startHeight: 3, ...onOrg1 },
        'crash-1-2': { startHeight: 5, leastOperations: 1, ...onOrg2 },
      },
      floors: { operations: 20, conflicts: 0 },
    });
    const share = { kind: 'submit', byDefault: true };
    expect(quiet.expectations).toEqual({
      availability: [
        { ...share, phase: 'before', leastAnswered: 0.9 },
        { ...share, phase: 'after', leastAnswered: 0.8 },
      ],
    });
  });

  it('holds what its load says of reads, after the invariants', () => {
    const load = calls({
      ...{ chaincode: 'mine', clients: 1, setUp: [], next: () => ({ function: 'f', args: [] }) },
      verify: ({ result }) => (result === 'yes' ? undefined : 'no'),
    });
    const own = { name: 'own', guarantee: 'All is well.', height: () => undefined };
    expect(declaredFacts({ load, invariants: [own] }).invariants).toMatchObject([
      { name: 'own' },
      { name: 'verify', read: expect.stringContaining("result === 'yes'") },
    ]);
  });

  it.each([
    ['meets', 'ok', 'valid'],
    ['misses', 'fail', 'invalid'],
  ] as const)('leads to the right judgement of a run that %s it', (_, outcome, verdict) => {
    let next = 0;
    const operation = (at: number, told: Outcome): HistoryRecord[] => [
      {
        ...{ type: 'invoke', operation: ++next, kind: 'submit', function: 'transfer', at },
        ...{ client: 'c', msp: 'Org1MSP', channel: 'x', chaincode: 'bank', args: [], peers: [] },
        transactionId: `t${next}`,
      },
      { type: 'complete', operation: next, outcome: told, at: at + 1, orderer: 'orderer0' },
    ];
    const fault = (phase: 'inject' | 'verified' | 'heal', at: number): HistoryRecord => ({
      ...{ type: 'fault', fault: 1, phase, kind: 'crash', role: 'orderer0', at },
      targets: ['orderer0'],
    });
    const records = [
      ...operation(10, outcome),
      ...[fault('inject', 100), fault('verified', 200)],
      ...operation(2_000, 'unknown'),
      ...[fault('heal', 3_000), ...operation(3_100, 'ok'), ...operation(4_000, 'ok')],
    ];
    const recording = { ...new LedgerBuilder().recording(), scenario: saved() };
    const audited = available.run(recording, indexHistory(records));
    expect(audited).toMatchObject({ verdict, counts: { expectations: 3 } });
    expect(audited.expectations?.map(({ met }) => met)).toEqual([outcome === 'ok', true, true]);
  });
});
