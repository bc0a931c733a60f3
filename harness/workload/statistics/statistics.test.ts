import type { Completion, FaultEvent, HistoryRecord, Invocation } from '../history.ts';
import { backlogDrain, loadResult, phases, quantile, series } from './load.ts';
import { faultWindows, operationsOf } from './operations.ts';
import { availability, longestGap, recovery } from './recovery.ts';

let numbers = 0;
type Extra = Partial<Omit<Invocation, 'type'>> & { end?: Partial<Omit<Completion, 'type'>> };

/** An operation from `at` to `end`; without an end the history breaks off before. */
function operation(
  at: number,
  end: number | null,
  outcome: Completion['outcome'] = 'ok',
  { end: more, ...extra }: Extra = {},
): HistoryRecord[] {
  numbers += 1;
  const invocation: Invocation = {
    ...{ type: 'invoke', operation: numbers, client: 'org1-0', msp: 'Org1MSP', at },
    ...{ channel: 'mychannel', chaincode: 'bank', kind: 'submit', function: 'transfer' },
    ...{ args: [], peers: [], ...extra },
  };
  if (end === null) return [invocation];
  return [invocation, { type: 'complete', operation: numbers, outcome, at: end, ...more }];
}

const fault = (number: number, phase: FaultEvent['phase'], at: number): FaultEvent => ({
  ...{ type: 'fault', fault: number, phase, kind: 'crash', role: 'orderer' },
  ...{ targets: ['orderer0'], at },
});

describe('operations', () => {
  it('are joined in the order of their invocations', () => {
    const [a, b] = [operation(1, 9), operation(2, 3)];
    const records = [a[0], b[0], b[1], a[1]].filter((record) => record !== undefined);
    expect(operationsOf([...records, ...operation(4, null)])).toMatchObject([
      { invocation: { at: 1 }, completion: { at: 9 } },
      { invocation: { at: 2 }, completion: { at: 3 } },
      { invocation: { at: 4 }, completion: null },
    ]);
  });

  it('that contradict themselves are refused', () => {
    const [invoke, complete] = operation(1, 2) as [Invocation, Completion];
    const number = invoke.operation;
    expect(() => operationsOf([complete])).toThrow(
      `history: operation ${number} was completed without an invocation`,
    );
    expect(() => operationsOf([invoke, invoke])).toThrow(`operation ${number} was invoked twice`);
    expect(() => operationsOf([invoke, complete, complete])).toThrow('was completed twice');
  });

  it('have fault windows from inject to heal', () => {
    expect(
      faultWindows([
        fault(1, 'inject', 10),
        fault(1, 'verified', 12),
        fault(2, 'inject', 15),
        fault(1, 'heal', 20),
        fault(1, 'healed', 25),
      ]),
    ).toEqual([
      { fault: 1, kind: 'crash', from: 10, to: 20 },
      { fault: 2, kind: 'crash', from: 15, to: Number.POSITIVE_INFINITY },
    ]);
  });
});

describe('phases', () => {
  const records = [
    ...operation(0, 9),
    ...operation(5, 10, 'fail'),
    ...operation(1, 50, 'unknown'),
    ...operation(12, 14, 'fail'),
    ...operation(20, 30),
    ...operation(21, 22),
    ...operation(25, null),
  ];
  const operations = operationsOf(records);
  const none = { ok: 0, fail: 0, unknown: 0 };

  it('count an operation as during when it touched the fault', () => {
    const windows = faultWindows([fault(1, 'inject', 10), fault(1, 'heal', 20)]);
    expect(phases(operations, windows)).toEqual({
      before: { ok: 1, fail: 0, unknown: 0 },
      during: { ok: 1, fail: 2, unknown: 1 },
      after: { ok: 1, fail: 0, unknown: 1 },
    });
  });

  it('span all faults', () => {
    const windows = faultWindows([
      ...[fault(1, 'inject', 10), fault(1, 'heal', 11)],
      ...[fault(2, 'inject', 23), fault(2, 'heal', 24)],
    ]);
    expect(phases(operations, windows).during).toEqual({ ok: 2, fail: 2, unknown: 1 });
  });

  it('are only before without a fault, and have no after without a heal', () => {
    expect(phases(operations, [])).toEqual({
      before: { ok: 3, fail: 2, unknown: 2 },
      during: none,
      after: none,
    });
    expect(phases(operations, faultWindows([fault(1, 'inject', 10)])).after).toEqual(none);
  });

  it('have no operations in an empty history', () => {
    expect(loadResult([])).toEqual({
      ...{ before: none, during: none, after: none },
      ...{ backlogDrain: null, series: [], blocks: [] },
    });
  });
});

describe('backlog drain', () => {
  const windows = faultWindows([fault(1, 'inject', 10), fault(1, 'heal', 20)]);
  const drain = (...records: HistoryRecord[][]) =>
    backlogDrain(operationsOf(records.flat()), windows);

  it('lasts until the last operation that was pending at the heal', () => {
    expect(drain(operation(5, 26), operation(12, 33), operation(21, 90), operation(0, 15))).toBe(
      13,
    );
  });

  it('is nothing when nothing was pending, and unknown when something never ended', () => {
    expect(drain(operation(5, 15), operation(21, 22))).toBe(0);
    expect(drain(operation(5, null))).toBeNull();
    expect(drain(operation(5, 15), operation(25, null))).toBe(0);
  });

  it('needs a heal', () => {
    expect(backlogDrain([], [])).toBeNull();
    expect(backlogDrain([], faultWindows([fault(1, 'inject', 10)]))).toBeNull();
  });
});

describe('series', () => {
  it('has a bucket for every second, by completion, with exact quantiles of what was ok', () => {
    const records = [
      ...operation(1_200, 1_300),
      ...operation(1_000, 1_999, 'fail'),
      ...operation(900, 1_100),
      ...operation(3_000, 3_999),
      ...operation(1_000, 4_000, 'unknown'),
      ...operation(1_000, null),
    ];
    const none = { p50: null, p95: null, p99: null };
    expect(series(operationsOf(records))).toEqual([
      { at: 0, ok: 0, fail: 0, unknown: 0, ...none },
      { at: 1_000, ok: 2, fail: 1, unknown: 0, p50: 100, p95: 200, p99: 200 },
      { at: 2_000, ok: 0, fail: 0, unknown: 0, ...none },
      { at: 3_000, ok: 1, fail: 0, unknown: 0, p50: 999, p95: 999, p99: 999 },
      { at: 4_000, ok: 0, fail: 0, unknown: 1, ...none },
    ]);
  });

  it('takes quantiles by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    expect([0.5, 0.95, 0.99, 1, 0].map((q) => quantile(hundred, q))).toEqual([50, 95, 99, 100, 1]);
    expect(quantile([7], 0.99)).toBe(7);
    expect(quantile([1, 2], 0.5)).toBe(1);
    expect(quantile([], 0.5)).toBeNull();
  });

  it('leaves set-up, probes and reads out unless they are asked for', () => {
    const records = [
      ...operation(0, 1, 'ok', { intent: 'set-up' }),
      ...operation(0, 1, 'ok', { intent: 'probe' }),
      ...operation(0, 1, 'ok', { kind: 'evaluate', intent: 'read' }),
      ...operation(0, 1, 'ok', { intent: 'transfer' }),
    ];
    expect(loadResult(records).before.ok).toBe(1);
    expect(loadResult(records, { select: () => true }).before.ok).toBe(4);
    const blocks = [{ at: 1, number: 7, transactions: 2 }];
    expect(loadResult(records, { blocks }).blocks).toEqual(blocks);
  });
});

describe('recovery', () => {
  const healed = [fault(1, 'inject', 1_000), fault(1, 'heal', 5_000), fault(1, 'healed', 6_000)];
  const through = (orderer: string, acknowledgedAt?: number) => ({
    end: { orderer, ...(acknowledgedAt === undefined ? {} : { acknowledgedAt }) },
  });
  const options = { orderers: ['orderer0', 'orderer1'], budget: 10_000 };
  const seen = (...records: HistoryRecord[][]) =>
    recovery([...healed, ...records.flat()], options).map(({ firstCommit }) => firstCommit);

  it('is the first commit through each orderer that it took after the heal', () => {
    expect(
      recovery(
        [
          ...healed,
          ...operation(4_000, 5_001, 'ok', through('orderer0', 4_500)),
          ...operation(4_000, 7_500, 'ok', through('orderer0', 7_000)),
          ...operation(5_500, 6_500, 'ok', through('orderer0')),
          ...operation(5_200, 5_400, 'fail', through('orderer0', 5_300)),
          ...operation(9_000, 9_700, 'ok', through('orderer1', 9_100)),
        ],
        options,
      ),
    ).toEqual([
      { orderer: 'orderer0', firstCommit: 1_500, budget: 10_000 },
      { orderer: 'orderer1', firstCommit: 4_700, budget: 10_000 },
    ]);
  });

  it('is none beyond the budget, through nobody, or by a read', () => {
    expect(
      seen(
        operation(14_000, 15_000, 'ok', through('orderer0')),
        operation(15_000, 15_001, 'ok', through('orderer1')),
        operation(6_000, 6_500, 'ok'),
        operation(6_000, 6_500, 'ok', { kind: 'evaluate', ...through('orderer1') }),
        operation(6_000, null),
      ),
    ).toEqual([10_000, null]);
  });

  it('counts from the last heal or from the time given', () => {
    const records = [
      ...[...healed, fault(2, 'inject', 7_000), fault(2, 'heal', 8_000)],
      ...operation(5_500, 6_500, 'ok', through('orderer0')),
      ...operation(8_500, 9_500, 'ok', through('orderer0')),
    ];
    const orderers = ['orderer0'];
    expect(recovery(records, { orderers, budget: 9_000 })[0]?.firstCommit).toBe(1_500);
    expect(recovery(records, { orderers, budget: 9_000, healedAt: 5_000 })[0]?.firstCommit).toBe(
      1_500,
    );
    expect(recovery(records, { orderers, budget: 9_000, healedAt: 6_000 })[0]?.firstCommit).toBe(
      3_500,
    );
  });

  it('needs a heal', () => {
    expect(recovery(operation(1, 2, 'ok', through('orderer0')), options)).toEqual([]);
    expect(recovery([fault(1, 'inject', 1)], options)).toEqual([]);
  });
});

describe('availability', () => {
  const operations = operationsOf([
    ...operation(10, 11),
    ...operation(20, 21, 'fail', { end: { refused: true } }),
    ...operation(30, 31, 'fail', { end: { code: 'MVCC_READ_CONFLICT' } }),
    ...operation(40, 41, 'fail', { end: { error: 'SERVICE_UNAVAILABLE' } }),
    ...operation(50, 51, 'unknown'),
    ...operation(60, null),
    ...operation(70, 71, 'ok', { kind: 'evaluate' }),
  ]);

  it('counts definite answers of a working network', () => {
    expect(availability(operations)).toEqual({ answered: 3, total: 6, share: 0.5 });
    expect(availability(operations, { between: { from: 10, to: 40 } }).share).toBe(1);
    expect(availability(operations, { between: { from: 40, to: 70 } })).toEqual({
      ...{ answered: 0, total: 3, share: 0 },
    });
    const reads = {
      select: ({ invocation }: { invocation: Invocation }) => invocation.kind === 'evaluate',
    };
    expect(availability(operations, reads).total).toBe(1);
  });

  it('is nothing where nothing was asked', () => {
    expect(availability([])).toEqual({ answered: 0, total: 0, share: null });
  });

  it('comes with the longest time without a success', () => {
    const ended = operationsOf([
      ...[...operation(0, 10), ...operation(0, 25), ...operation(0, 30, 'fail')],
      ...operation(0, 90),
    ]);
    expect(longestGap(ended, { from: 0, to: 100 })).toBe(65);
    expect(longestGap(ended, { from: 20, to: 40 })).toBe(15);
    expect(longestGap([], { from: 0, to: 100 })).toBe(100);
  });
});
