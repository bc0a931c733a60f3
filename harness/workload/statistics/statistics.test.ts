import type { Completion, FaultEvent, HistoryRecord, Invocation } from '../history.ts';
import { indexHistory } from '../history-index.ts';
import { availability } from './availability.ts';
import { loadResult, phases, quantile, series } from './load.ts';
import { faultWindows } from './operations.ts';
import { firstCommitThrough, outagesOf } from './outages.ts';
import { longestGap, recovery } from './recovery.ts';

const operationsOf = (records: readonly HistoryRecord[]) => indexHistory(records).operations;
const never = Number.POSITIVE_INFINITY;
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
      { fault: 1, kind: 'crash', from: 10, to: 20, settled: 25 },
      { fault: 2, kind: 'crash', from: 15, to: never, settled: never },
    ]);
  });

  it('have fault windows that settle with whatever was measured after the heal, and not before', () => {
    expect(
      faultWindows([
        fault(1, 'inject', 10),
        fault(1, 'not-confirmed', 12),
        fault(1, 'heal', 20),
        fault(1, 'inconclusive', 29),
        fault(2, 'not-confirmed', 30),
      ]),
    ).toEqual([{ fault: 1, kind: 'crash', from: 10, to: 20, settled: 29 }]);
  });
});

describe('outages', () => {
  const spans = (...events: FaultEvent[]) =>
    outagesOf(events, []).map(({ faults, from, to }) => ({ faults, from, to }));

  it('are faults apart, and faults together where they overlap or touch', () => {
    const first = [fault(1, 'inject', 10), fault(1, 'heal', 20)];
    const second = (at: number) => [fault(2, 'inject', at), fault(2, 'heal', at + 10)];
    expect(spans(...first, ...second(21))).toEqual([
      { faults: [1], from: 10, to: 20 },
      { faults: [2], from: 21, to: 31 },
    ]);
    expect(spans(...first, ...second(20))).toEqual([{ faults: [1, 2], from: 10, to: 30 }]);
    // One inside the other ends nothing.
    const long = [fault(3, 'inject', 5), fault(3, 'heal', 90)];
    expect(spans(...first, ...long)).toEqual([{ faults: [3, 1], from: 5, to: 90 }]);
  });

  it('last for ever without a heal, and end with what was measured where no order was recorded', () => {
    const to = Number.POSITIVE_INFINITY;
    expect(spans(fault(1, 'inject', 10))).toEqual([{ faults: [1], from: 10, to }]);
    expect(spans(fault(1, 'inject', 10), fault(1, 'healed', 35))[0]?.to).toBe(35);
    expect(outagesOf([fault(1, 'inject', 10)], [])[0]?.recovered).toBe(to);
  });

  it('are over when the slowest orderer is back, or its budget is used up', () => {
    const healed = [fault(1, 'inject', 10), fault(1, 'heal', 20)];
    const commits = operationsOf([
      ...operation(21, 25, 'ok', { end: { orderer: 'orderer0' } }),
      ...operation(21, 32, 'ok', { end: { orderer: 'orderer1' } }),
    ]);
    const recovered = (budget: number) =>
      outagesOf(healed, commits, { orderers: ['orderer0', 'orderer1'], budget })[0]?.recovered;
    expect([recovered(50), recovered(12), recovered(11)]).toEqual([32, 32, 31]);
    expect(outagesOf(healed, commits)[0]?.recovered).toBe(20);
  });

  it('are not over before the heal was measured and each orderer had committed after that', () => {
    const healed = [fault(1, 'inject', 10), fault(1, 'heal', 20), fault(1, 'healed', 60)];
    const commits = operationsOf([
      ...operation(21, 25, 'ok', { end: { orderer: 'orderer0' } }),
      ...operation(61, 66, 'ok', { end: { orderer: 'orderer0' } }),
    ]);
    const outage = (budget: number) =>
      outagesOf(healed, commits, { orderers: ['orderer0'], budget })[0];
    expect(outage(50)?.commits).toEqual([{ orderer: 'orderer0', took: 5 }]);
    expect([outage(50)?.recovered, outage(42)?.recovered, outage(9)?.recovered]).toEqual([
      66, 62, 60,
    ]);
  });

  it('take a commit for one after the heal only if the orderer took it then', () => {
    const through = (at: number, end: number, acknowledgedAt?: number) =>
      operation(at, end, 'ok', {
        end: { orderer: 'orderer0', ...(acknowledgedAt && { acknowledgedAt }) },
      });
    const first = (...records: HistoryRecord[][]) =>
      firstCommitThrough('orderer0', 100, operationsOf(records.flat()));
    expect(first(through(90, 140, 95), through(95, 190, 100), through(95, 180, 101))).toBe(80);
    expect(first(through(99, 140))).toBeNull();
    expect(first(through(100, 140))).toBe(40);
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
  const none = { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 };
  const once = [fault(1, 'inject', 10), fault(1, 'heal', 20)];

  it('count an operation as during when it touched the fault', () => {
    expect(phases(operations, outagesOf(once, operations))).toEqual({
      before: { ok: 1, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 },
      during: { ok: 1, refused: 0, refusedUnexpectedly: 0, fail: 2, unknown: 1 },
      recovering: none,
      after: { ok: 1, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 1 },
    });
  });

  it('count what began before the recovery was over as recovering', () => {
    const goal = { orderers: ['orderer0'], budget: 5 };
    const outages = outagesOf(once, operations, goal);
    expect(phases(operations, outages)).toMatchObject({
      recovering: { ok: 1, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 },
      after: { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 1 },
    });
  });

  it('leave healthy time between two faults out of both', () => {
    const twice = [
      ...[fault(1, 'inject', 10), fault(1, 'heal', 20)],
      ...[fault(2, 'inject', 60), fault(2, 'heal', 70)],
    ];
    const history = [
      ...twice,
      ...operation(0, 1),
      ...operation(12, 13, 'fail'),
      ...operation(22, 24),
      ...operation(40, 41),
      ...operation(45, 59, 'unknown'),
      ...operation(46, 60, 'fail'),
      ...operation(15, 65, 'unknown'),
      ...operation(71, 72),
      ...operation(90, 91),
    ];
    const goal = { orderers: ['orderer0'], budget: 15 };
    expect(loadResult(indexHistory(history), { goal })).toMatchObject({
      before: { ok: 1, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 },
      during: { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 2, unknown: 1 },
      recovering: { ok: 2, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 },
      after: { ok: 2, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 1 },
      outages: [
        {
          ...{ faults: [1], from: 10, to: 20, backlogDrain: 45 },
          during: { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 1, unknown: 1 },
          recovering: { ok: 1, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 },
          after: { ok: 1, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 1 },
        },
        {
          ...{ faults: [2], from: 60, to: 70, backlogDrain: 0 },
          during: { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 1, unknown: 1 },
          recovering: { ok: 1, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 },
          after: { ok: 1, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 },
        },
      ],
      backlogDrain: 45,
    });
  });

  it('are only before without a fault, and have no after without a heal', () => {
    expect(phases(operations, [])).toEqual({
      before: { ok: 3, refused: 0, refusedUnexpectedly: 0, fail: 2, unknown: 2 },
      during: none,
      recovering: none,
      after: none,
    });
    const lasting = outagesOf([fault(1, 'inject', 10)], operations);
    expect(phases(operations, lasting)).toMatchObject({ recovering: none, after: none });
  });

  it('have no operations in an empty history', () => {
    expect(loadResult(indexHistory([]))).toEqual({
      ...{ before: none, during: none, recovering: none, after: none },
      ...{ outages: [], backlogDrain: null, series: [], blocks: [] },
    });
  });
});

describe('backlog drain', () => {
  const drain = (...records: HistoryRecord[][]) =>
    loadResult(indexHistory([fault(1, 'inject', 10), fault(1, 'heal', 20), ...records.flat()]))
      .backlogDrain;

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
    expect(loadResult(indexHistory([fault(1, 'inject', 10)]))).toMatchObject({
      outages: [{ to: null, backlogDrain: null }],
      backlogDrain: null,
    });
  });

  it('is the longest of all outages, and unknown when one is', () => {
    const second = [fault(2, 'inject', 60), fault(2, 'heal', 70)];
    expect(drain(second, operation(5, 24), operation(65, 79))).toBe(9);
    expect(drain(second, operation(5, 24), operation(65, null))).toBeNull();
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
    expect(loadResult(indexHistory(records)).before.ok).toBe(1);
    expect(loadResult(indexHistory(records), { select: () => true }).before.ok).toBe(4);
    const blocks = [{ at: 1, number: 7, transactions: 2 }];
    expect(loadResult(indexHistory(records), { blocks }).blocks).toEqual(blocks);
  });
});

describe('recovery', () => {
  const healed = [fault(1, 'inject', 1_000), fault(1, 'heal', 5_000), fault(1, 'healed', 6_000)];
  const through = (orderer: string, acknowledgedAt?: number) => ({
    end: { orderer, ...(acknowledgedAt === undefined ? {} : { acknowledgedAt }) },
  });
  const options = { orderers: ['orderer0', 'orderer1'], budget: 10_000 };
  const of = { faults: [1], healedAt: 5_000 };
  const seen = (...records: HistoryRecord[][]) =>
    recovery(indexHistory([...healed, ...records.flat()]), options).map(
      ({ firstCommit }) => firstCommit,
    );

  it('is the first commit through each orderer that it took after the heal', () => {
    expect(
      recovery(
        indexHistory([
          ...healed,
          ...operation(4_000, 5_001, 'ok', through('orderer0', 4_500)),
          ...operation(4_000, 7_500, 'ok', through('orderer0', 7_000)),
          ...operation(5_500, 6_500, 'ok', through('orderer0')),
          ...operation(5_200, 5_400, 'fail', through('orderer0', 5_300)),
          ...operation(9_000, 9_700, 'ok', through('orderer1', 9_100)),
        ]),
        options,
      ),
    ).toEqual([
      { ...of, orderer: 'orderer0', firstCommit: 1_500, budget: 10_000 },
      { ...of, orderer: 'orderer1', firstCommit: 4_700, budget: 10_000 },
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

  it('is told for each fault, and once for faults that overlapped', () => {
    const later = (inject: number) => [
      ...[fault(2, 'inject', inject), fault(2, 'heal', 8_000)],
      ...operation(5_500, 6_500, 'ok', through('orderer0')),
      ...operation(8_500, 9_500, 'ok', through('orderer0')),
    ];
    const told = (inject: number, budget: number) =>
      recovery(indexHistory([...healed, ...later(inject)]), { orderers: ['orderer0'], budget }).map(
        ({ faults, healedAt, firstCommit }) => [faults, healedAt, firstCommit],
      );
    expect(told(7_000, 9_000)).toEqual([
      [[1], 5_000, 1_500],
      [[2], 8_000, 1_500],
    ]);
    expect(told(4_000, 9_000)).toEqual([[[1, 2], 8_000, 1_500]]);
    expect(told(4_000, 1_499)).toEqual([[[1, 2], 8_000, null]]);
  });

  it('needs a heal', () => {
    expect(recovery(indexHistory(operation(1, 2, 'ok', through('orderer0'))), options)).toEqual([]);
    expect(recovery(indexHistory([fault(1, 'inject', 1)]), options)).toEqual([]);
  });
});

describe('availability', () => {
  const operations = operationsOf([
    ...operation(10, 11),
    ...operation(20, 21, 'fail', { refusal: 'expected', end: { refused: true } }),
    ...operation(30, 31, 'fail', { end: { code: 'MVCC_READ_CONFLICT' } }),
    ...operation(40, 41, 'fail', { end: { error: 'SERVICE_UNAVAILABLE' } }),
    ...operation(50, 51, 'unknown'),
    ...operation(60, null),
    ...operation(70, 71, 'ok', { kind: 'evaluate' }),
  ]);

  it('counts definite answers of a working network', () => {
    expect(availability(operations.slice(0, -1))).toMatchObject({
      answered: 3,
      total: 6,
      share: 0.5,
    });
    expect(availability(operations.slice(0, 3)).share).toBe(1);
    expect(availability(operations.slice(3, -1))).toMatchObject({
      answered: 0,
      total: 3,
      share: 0,
    });
    const unannounced = operationsOf(operation(80, 81, 'fail', { end: { refused: true } }));
    expect(availability(unannounced)).toMatchObject({ answered: 0, total: 1, share: 0 });
  });

  it('is nothing where nothing was asked', () => {
    expect(availability([])).toEqual({ answered: 0, total: 0, share: null, unanswered: [] });
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
