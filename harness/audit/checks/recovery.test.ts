import type { Completion, FaultEvent, Invocation } from '../../workload/history.ts';
import type { History } from '../history.ts';
import { indexHistory } from '../history.ts';
import type { AvailabilityExpectation, ScenarioFacts } from '../recording.ts';
import { LedgerBuilder } from '../testing/ledger-builder.ts';
import { busyRecording } from '../testing/scene.ts';
import {
  available,
  backlogDrain,
  faultWindows,
  firstCommitThrough,
  phaseAt,
  recovers,
} from './recovery.ts';

let next = 0;

/** Invocation and completion of one operation. */
function operation(
  at: number,
  end: number | null,
  complete: Partial<Completion> = {},
  invoke: Partial<Invocation> = {},
): (Invocation | Completion)[] {
  next += 1;
  const invocation: Invocation = {
    type: 'invoke',
    operation: next,
    client: `org1-${next}`,
    msp: 'Org1MSP',
    channel: 'mychannel',
    chaincode: 'bank',
    kind: 'submit',
    function: 'transfer',
    args: [],
    transactionId: `tx${next}`,
    peers: [],
    at,
    ...invoke,
  };
  if (end === null) return [invocation];
  return [
    invocation,
    { type: 'complete', operation: next, outcome: 'ok', orderer: 'orderer0', at: end, ...complete },
  ];
}

const fault = (number: number, phase: FaultEvent['phase'], at: number): FaultEvent => ({
  type: 'fault',
  fault: number,
  phase,
  kind: 'crash',
  role: 'orderer',
  targets: ['orderer0'],
  at,
});

const history = (...records: readonly (Invocation | Completion | FaultEvent)[][]): History =>
  indexHistory(records.flat());

const recording = (facts: Partial<ScenarioFacts>) => {
  const paper = new LedgerBuilder().recording();
  paper.scenario = { ...paper.scenario, floors: { operations: 1 }, ...facts };
  return paper;
};

describe('what is measured', () => {
  it('takes a fault from its injection to the order to heal', () => {
    const events = [
      fault(1, 'inject', 10),
      fault(2, 'inject', 20),
      fault(1, 'verified', 21),
      fault(1, 'heal', 30),
      fault(1, 'healed', 35),
      fault(3, 'heal', 36),
    ];
    expect(faultWindows(events)).toEqual([
      { fault: 1, kind: 'crash', injectedAt: 10, healedAt: 30 },
      { fault: 2, kind: 'crash', injectedAt: 20, healedAt: null },
    ]);
    expect(faultWindows([fault(1, 'inject', 10), fault(1, 'healed', 35)])).toMatchObject([
      { healedAt: 35 },
    ]);
  });

  it('finds the first commit that an orderer acknowledged after a time', () => {
    const { operations } = history(
      operation(90, 140, { acknowledgedAt: 95 }),
      operation(95, 190, { acknowledgedAt: 100 }),
      operation(95, 180, { acknowledgedAt: 101 }),
      operation(101, 110, { orderer: 'orderer1' }),
      operation(101, 111, { outcome: 'fail' }),
      operation(101, 112, {}, { kind: 'evaluate' }),
      operation(101, null),
    );
    expect(firstCommitThrough('orderer0', 100, operations)).toBe(80);
    expect(firstCommitThrough('orderer1', 100, operations)).toBe(10);
    expect(firstCommitThrough('orderer1', 111, operations)).toBeNull();
    expect(firstCommitThrough('orderer2', 0, operations)).toBeNull();
  });

  it('drains the backlog with the last operation that was in flight', () => {
    const { operations } = history(operation(10, 50), operation(20, 130), operation(100, 900));
    expect(backlogDrain(100, operations)).toBe(30);
    expect(backlogDrain(10, operations)).toBe(0);
    expect(backlogDrain(100, history(operation(10, null)).operations)).toBeNull();
    expect(backlogDrain(10, history(operation(10, null)).operations)).toBe(0);
  });

  it('tells phases, over several faults too', () => {
    const windows = faultWindows([
      fault(1, 'inject', 10),
      fault(1, 'heal', 20),
      fault(2, 'inject', 30),
      fault(2, 'heal', 40),
      fault(3, 'inject', 35),
    ]);
    expect([9, 10, 19, 20, 29, 30, 39, 40].map((at) => phaseAt(at, windows))).toEqual([
      'before',
      'during',
      'during',
      'after',
      'after',
      'during',
      'during',
      'during',
    ]);
    expect(phaseAt(5, [])).toBe('before');
  });
});

describe('F18 ordering resumes', () => {
  const both = { recovery: { orderers: ['orderer0', 'orderer1'], budget: 50 } };
  const healed = [fault(1, 'inject', 10), fault(1, 'heal', 100)];
  const run = (past: History, expectations: ScenarioFacts['expectations'] = both) =>
    recovers.run(recording({ expectations }), past);

  it('accepts a commit through each orderer within the budget', () => {
    const past = history(healed, operation(101, 150), operation(102, 120, { orderer: 'orderer1' }));
    expect(run(past)).toMatchObject({
      verdict: 'valid',
      counts: { faults: 1, recoveries: 2, 'slowest recovery (ms)': 50, violations: 0 },
    });
  });

  it('rejects one that came too late, or never', () => {
    const late = history(healed, operation(101, 151), operation(102, 120, { orderer: 'orderer1' }));
    expect(run(late)).toMatchObject({
      verdict: 'invalid',
      evidence: [
        {
          sources: ['orderer0'],
          message:
            'after the heal at 100 ms the first commit through orderer0 took 51 ms, the budget is 50 ms',
        },
      ],
    });
    const never = history(healed, operation(101, 150));
    expect(run(never).evidence).toEqual([
      {
        sources: ['orderer1'],
        message:
          'after the heal at 100 ms the first commit through orderer1 never came, the budget is 50 ms',
      },
    ]);
  });

  it('rejects a fault that was never healed, unless it was meant to last', () => {
    const past = history([fault(7, 'inject', 10)]);
    expect(run(past).evidence).toEqual([{ message: 'fault 7 (crash) was never healed' }]);
    expect(run(past, { ...both, unhealed: [7] }).verdict).toBe('valid');
  });

  it('measures from the heal after which no fault is left, for each such heal', () => {
    const overlapping = history(
      [
        fault(1, 'inject', 10),
        fault(2, 'inject', 20),
        fault(1, 'heal', 100),
        fault(2, 'heal', 500),
      ],
      operation(501, 510),
      operation(501, 511, { orderer: 'orderer1' }),
    );
    expect(run(overlapping)).toMatchObject({ verdict: 'valid', counts: { recoveries: 2 } });
    const apart = history(
      [
        fault(1, 'inject', 10),
        fault(1, 'heal', 100),
        fault(2, 'inject', 200),
        fault(2, 'heal', 500),
      ],
      operation(501, 510),
      operation(501, 511, { orderer: 'orderer1' }),
    );
    expect(run(apart)).toMatchObject({
      verdict: 'invalid',
      counts: { recoveries: 4, violations: 2 },
    });
    const together = history(
      [
        fault(1, 'inject', 10),
        fault(2, 'inject', 20),
        fault(1, 'heal', 100),
        fault(2, 'heal', 100),
      ],
      operation(101, 110),
      operation(101, 111, { orderer: 'orderer1' }),
    );
    expect(run(together)).toMatchObject({ verdict: 'valid', counts: { recoveries: 2 } });
  });

  it('is unknown when the scenario expects nothing, and not applicable without a fault', () => {
    const past = history(healed, operation(101, 150));
    for (const expectations of [{}, { recovery: { orderers: [], budget: 9 } }]) {
      expect(run(past, expectations)).toMatchObject({
        verdict: 'unknown',
        reason: 'the scenario has a fault but no expectation of recovery',
      });
    }
    expect(run(history(operation(1, 2)))).toMatchObject({
      applicable: false,
      reason: 'the scenario has no fault',
    });
  });

  it('is unknown when a fault that lasts leaves no heal to measure from', () => {
    const past = history([fault(1, 'inject', 10), fault(1, 'heal', 100), fault(2, 'inject', 50)]);
    expect(run(past, { ...both, unhealed: [2] })).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 recoveries, needs at least 1',
    });
  });
});

describe('F19 availability as designed', () => {
  const run = (past: History, ...availability: AvailabilityExpectation[]) =>
    available.run(recording({ patience: 5_000, expectations: { availability } }), past);
  const outage = [fault(1, 'inject', 100), fault(1, 'heal', 200)];

  it('accepts a run that met what was expected of it', () => {
    const paper = busyRecording();
    expect(available.run(paper, indexHistory(paper.history))).toMatchObject({
      verdict: 'valid',
      counts: { operations: 39, expectations: 3, violations: 0 },
    });
  });

  it('rejects an operation that never came back, or outlasted the patience of its client', () => {
    expect(run(history(operation(1, 6_001))).verdict).toBe('valid');
    const late = history(operation(1, 6_002, {}, { operation: 77 }), [
      { type: 'complete', operation: 77, outcome: 'ok', at: 6_002 },
    ]);
    expect(run(late).evidence).toMatchObject([
      { operation: 77, message: "operation 77 took 6001 ms, the client's patience is 5000 ms" },
    ]);
    const { evidence } = run(
      history(operation(1, null, {}, { operation: 78, client: 'org1-7', transactionId: 'abc' })),
    );
    expect(evidence).toEqual([
      { operation: 78, transactionId: 'abc', message: 'operation 78 of org1-7 never came back' },
    ]);
  });

  it.each([
    ['before', 50],
    ['during', 150],
    ['after', 250],
  ] as const)('judges the share of success %s the fault', (phase, at) => {
    const past = history(
      outage,
      operation(at, at + 1),
      operation(at, at + 1, { outcome: 'fail' }),
      operation(at, at + 1, { outcome: 'unknown' }),
      operation(at === 150 ? 50 : 150, 160),
    );
    expect(run(past, { phase, kind: 'submit', leastOk: 0.3, mostOk: 0.4 }).verdict).toBe('valid');
    expect(run(past, { phase, kind: 'submit', leastOk: 1 / 3, mostOk: 1 / 3 }).verdict).toBe(
      'valid',
    );
    expect(run(past, { phase, kind: 'submit', leastOk: 0.5 }).evidence).toEqual([
      {
        message: `submits ${phase} the fault: 1 of 3 succeeded (33.3 %), expected at least 50 %`,
      },
    ]);
    expect(run(past, { phase, kind: 'submit', mostOk: 0 }).evidence).toEqual([
      { message: `submits ${phase} the fault: 1 of 3 succeeded (33.3 %), expected at most 0 %` },
    ]);
  });

  it('looks at the clients that it is told to', () => {
    const past = history(
      operation(1, 2, {}, { client: 'org1-1' }),
      operation(1, 2, { outcome: 'fail' }, { client: 'org2-1', msp: 'Org2MSP' }),
      operation(1, 2, { outcome: 'fail' }, { client: 'xorg1-9', kind: 'evaluate' }),
    );
    const of = (choice: Partial<AvailabilityExpectation>) =>
      run(past, { phase: 'before', kind: 'submit', leastOk: 1, ...choice });
    expect(of({ msp: 'Org1MSP' }).verdict).toBe('valid');
    expect(of({ client: 'org1' }).verdict).toBe('valid');
    expect(of({ msp: 'Org2MSP', client: 'org2' }).evidence).toEqual([
      {
        message:
          'submits before the fault (Org2MSP, clients org2*): 0 of 1 succeeded (0 %), expected at least 100 %',
      },
    ]);
    expect(of({ kind: 'evaluate' }).evidence[0]?.message).toMatch(/^evaluates before the fault: 0/);
  });

  it('rejects refusals that took too long', () => {
    const past = history(
      operation(1, 31, { outcome: 'fail' }, { operation: 80 }).map((record) =>
        record.type === 'complete' ? { ...record, operation: 80 } : record,
      ),
      operation(1, 900),
      operation(1, 900, { outcome: 'unknown' }),
      operation(1, null),
    );
    const late = run(past, { phase: 'before', kind: 'submit', refusedWithin: 29 });
    expect(late.evidence).toContainEqual({
      operation: 80,
      message: 'operation 80 was refused after 30 ms, expected within 29 ms',
    });
    expect(late.counts.violations).toBe(2);
    const within = run(past, { phase: 'before', kind: 'submit', refusedWithin: 30 });
    expect(within.counts.violations).toBe(1);
  });

  it('is unknown when there was nobody to be available to, or too little', () => {
    const past = history(outage, operation(1, 2));
    expect(run(past, { phase: 'during', kind: 'submit', leastOk: 0.5 })).toMatchObject({
      verdict: 'unknown',
      reason: 'there were no submits during the fault',
    });
    const paper = new LedgerBuilder().recording();
    expect(available.run(paper, past)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 1 operations, needs at least 10',
    });
  });
});
