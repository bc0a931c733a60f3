import type { Completion, FaultEvent, Invocation } from '../../workload/history.ts';
import type { RecordedHistory } from '../../workload/history-index.ts';
import { indexHistory } from '../../workload/history-index.ts';
import type { AvailabilityExpectation, ScenarioFacts } from '../recording.ts';
import { LedgerBuilder } from '../testing/ledger-builder.ts';
import { busyRecording } from '../testing/scene.ts';
import { available, recovers } from './recovery.ts';

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

const history = (
  ...records: readonly (Invocation | Completion | FaultEvent)[][]
): RecordedHistory => indexHistory(records.flat());

const recording = (facts: Partial<ScenarioFacts>) => {
  const paper = new LedgerBuilder().recording();
  paper.scenario = { ...paper.scenario, floors: { operations: 1 }, ...facts };
  return paper;
};

describe('F18 ordering resumes', () => {
  const both = { recovery: { orderers: ['orderer0', 'orderer1'], budget: 50 } };
  const healed = [fault(1, 'inject', 10), fault(1, 'heal', 100)];
  const run = (past: RecordedHistory, expectations: ScenarioFacts['expectations'] = both) =>
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
    expect(run(never).expectations).toMatchObject([
      { id: 'F18', name: 'recovery through orderer0', met: true, seen: '0.1 s' },
      {
        name: 'recovery through orderer1',
        met: false,
        expected: 'a VALID commit within 0.1 s of the heal',
        seen: 'none',
      },
    ]);
    expect(run(never).evidence).toEqual([
      {
        expectation: 'recovery through orderer1',
        sources: ['orderer1'],
        message:
          'after the heal at 100 ms the first commit through orderer1 never came, the budget is 50 ms',
      },
    ]);
  });

  it('does not know what would have come after an interruption, but what came too late did', () => {
    const cut = (...operations: readonly (Invocation | Completion | FaultEvent)[][]) => ({
      ...history(healed, ...operations),
      marks: [{ type: 'mark' as const, label: 'interrupted', at: 200 }],
    });
    expect(run(cut())).toMatchObject({ verdict: 'unknown', reason: 'the run was interrupted' });
    expect(run(cut(operation(101, 150)))).toMatchObject({ verdict: 'unknown' });
    expect(run(cut(operation(101, 151)))).toMatchObject({ verdict: 'invalid' });
    const budget = { recovery: { ...both.recovery, backlog: 30 } };
    expect(run(cut(operation(90, null)), budget)).toMatchObject({ verdict: 'unknown' });
    expect(run(cut(operation(90, 131)), budget)).toMatchObject({ verdict: 'invalid' });
    expect(run({ ...cut(), faults: history([fault(7, 'inject', 10)]).faults })).toMatchObject({
      verdict: 'unknown',
    });
  });

  it('rejects a backlog that drained too late, or never, if the scenario has a budget for it', () => {
    const commits = [operation(101, 110), operation(101, 111, { orderer: 'orderer1' })];
    const judged = (end: number | null, backlog?: number) =>
      run(history(healed, ...commits, operation(90, end)), {
        recovery: { ...both.recovery, ...(backlog !== undefined && { backlog }) },
      });
    expect(judged(130, 30)).toMatchObject({
      verdict: 'valid',
      counts: { 'slowest backlog drain (ms)': 30 },
    });
    expect(judged(131, 30)).toMatchObject({
      verdict: 'invalid',
      evidence: [
        {
          message: 'after the heal at 100 ms the backlog took 31 ms to drain, the budget is 30 ms',
        },
      ],
    });
    expect(judged(null, 30).evidence[0]?.message).toMatch(/the backlog never drained/);
    expect(judged(131).verdict).toBe('valid');
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
    expect(run(apart).expectations?.map(({ name }) => name)).toEqual([
      'recovery through orderer0 after fault 1 (crash)',
      'recovery through orderer1 after fault 1 (crash)',
      'recovery through orderer0 after fault 2 (crash)',
      'recovery through orderer1 after fault 2 (crash)',
    ]);
    const declared = { text: 'crash', role: 'orderer0' };
    const facts = { expectations: both, faults: [declared, declared] };
    expect(recovers.run(recording(facts), apart).expectations?.at(-1)?.name).toBe(
      'recovery through orderer1 after fault 2 (crash of orderer0)',
    );
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
  const run = (past: RecordedHistory, ...availability: AvailabilityExpectation[]) =>
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
      operation(at === 150 ? 50 : 150, at === 150 ? 60 : 160),
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

  /** What `expect.ok` and `expect.mostOkDuring` of a scenario become. */
  const load = { kind: 'submit' } as const;
  const answered = (phase: AvailabilityExpectation['phase'], leastAnswered: number) =>
    ({ ...load, phase, leastAnswered }) as const;

  it.each([
    ['before', 50, 'transfers answered before the faults'],
    ['during', 150, 'transfers answered during the faults'],
    ['after', 250, 'transfers answered after recovery'],
  ] as const)('judges the share of the load that was answered %s', (phase, at, name) => {
    const past = (...last: Partial<Completion>[]) =>
      history(
        outage,
        ...last.map((completion) => operation(at, at + 1, completion, { refusal: 'possible' })),
        operation(at, at + 1, { outcome: 'fail', code: 'MVCC_READ_CONFLICT' }),
        operation(at, at + 1, { outcome: 'fail' }, { intent: 'probe' }),
        operation(at, at + 1, { outcome: 'fail' }, { kind: 'evaluate' }),
        operation(at === 50 ? 150 : 50, at === 50 ? 160 : 60, { outcome: 'fail' }),
      );
    // Twins: an answer by the chaincode, and none by the network.
    const good = past({ outcome: 'fail', refused: true }, { outcome: 'unknown' }, {});
    const bad = past({ outcome: 'fail' }, { outcome: 'unknown' }, {});
    const unannounced = operation(at, at + 1, { outcome: 'fail', refused: true });
    expect(run(history(outage, unannounced), answered(phase, 0.1)).verdict).toBe('invalid');
    expect(run(good, answered(phase, 0.75))).toMatchObject({
      verdict: 'valid',
      counts: { expectations: 1 },
    });
    expect(run(bad, answered(phase, 0.75))).toMatchObject({
      verdict: 'invalid',
      evidence: [{ message: `${name}: expected at least 75 %, seen 50 % (2 of 4)` }],
    });
  });

  it('judges by default only what there was to judge', () => {
    const byDefault = { ...answered('after', 0.8), byDefault: true };
    expect(run(history(outage, operation(50, 60)), byDefault).verdict).toBe('valid');
    expect(run(history(outage, operation(50, 60)), answered('after', 0.8)).verdict).toBe('unknown');
    const failed = operation(250, 251, { outcome: 'fail' });
    expect(run(history(outage, failed), byDefault).verdict).toBe('invalid');
  });

  it('judges nothing by what was found in the ledger, of which nobody was told', () => {
    const told = { phase: 'before', kind: 'submit', leastAnswered: 0.9, byDefault: true } as const;
    const unknown = (intent: string) =>
      run(history(operation(1, 2, { outcome: 'unknown' }, { intent })), told);
    expect(unknown('found')).toMatchObject({ verdict: 'valid', counts: { violations: 0 } });
    expect(unknown('program')).toMatchObject({ verdict: 'invalid', counts: { violations: 1 } });
  });

  it('counts neither healthy time between two faults as during, nor a recovery as after', () => {
    const twice = [...outage, fault(2, 'inject', 900), fault(2, 'heal', 1_000)];
    const past = (...more: (Invocation | Completion)[][]) =>
      history(twice, operation(150, 160, { outcome: 'fail' }), operation(1_500, 1_501), ...more);
    const between = past(operation(500, 510), operation(520, 530));
    expect(run(between, answered('during', 0.5)).verdict).toBe('invalid');
    expect(run(past(operation(850, 910)), answered('during', 0.5)).verdict).toBe('valid');
    const recovery = { orderers: ['orderer0'], budget: 400 };
    const judged = (at: number) =>
      available.run(
        recording({
          patience: 5_000,
          expectations: { recovery, availability: [answered('after', 1)] },
        }),
        past(operation(210, 310), operation(at, at + 1, { outcome: 'fail' })),
      ).verdict;
    expect([judged(309), judged(310)]).toEqual(['valid', 'invalid']);
  });

  it('judges whether writes were refused while the faults were in force', () => {
    const long = [fault(1, 'inject', 0), fault(1, 'verified', 100), fault(1, 'heal', 9_000)];
    const most = { ...load, phase: 'during', mostOkInForce: 0 } as const;
    const refused = operation(2_000, 3_000, { outcome: 'fail' });
    // Twins: acknowledged just before the effect, and in the midst of it.
    expect(run(history(long, refused, operation(900, 1_100)), most).verdict).toBe('valid');
    expect(run(history(long, refused, operation(900, 1_101)), most).evidence).toEqual([
      {
        expectation: 'transfers refused during the faults',
        message:
          'transfers refused during the faults: expected at most 0 % told ok in that time, seen 50 % (1 of 2)',
      },
    ]);
    // Healthy time between two faults is not one in which they must be refused.
    const twice = [
      ...[...long, fault(2, 'inject', 20_000), fault(2, 'verified', 20_001)],
      fault(2, 'heal', 25_000),
    ];
    expect(run(history(twice, refused, operation(12_000, 12_100)), most).verdict).toBe('valid');
    expect(run(history(twice, refused, operation(22_000, 22_100)), most).verdict).toBe('invalid');
    expect(run(history(long, operation(9_001, 9_002)), most)).toMatchObject({
      verdict: 'unknown',
      reason:
        'transfers refused during the faults: expected at most 0 % told ok in that time, seen no transfers',
    });
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
      reason: 'saw 1 operations of the load, needs at least 10',
    });
  });
});
