import type { RunResult, ScenarioResult } from './model.ts';
import { passedRun } from './testing/sample-run.ts';
import { type Night, trendOf } from './trend.ts';
import { changed, flagged, trendMarkdown } from './trend-words.ts';

const sample = passedRun().scenarios.find(({ faults }) => faults.length > 0) as ScenarioResult;

interface Numbers {
  readonly recovery?: number | null;
  readonly okDuring?: number;
  /** Checks that are not valid. */
  readonly audit?: number;
  readonly rate?: number;
  readonly status?: ScenarioResult['status'];
  readonly name?: string;
}

function result({ recovery = 1_000, okDuring = 90, audit = 0, rate = 50, ...rest }: Numbers) {
  const refusals = { refused: 0, refusedUnexpectedly: 0 };
  const quantiles = { fail: 0, unknown: 0, p50: 1, p95: 1, p99: 1 };
  return {
    ...sample,
    name: rest.name ?? 'crash',
    status: rest.status ?? 'passed',
    faults: sample.faults,
    recovery: [
      { faults: [1], healedAt: 0, orderer: 'orderer0', firstCommit: 10, budget: 60_000 },
      { faults: [1], healedAt: 0, orderer: 'orderer1', firstCommit: recovery, budget: 60_000 },
    ],
    audit: sample.audit && {
      ...sample.audit,
      checks: sample.audit.checks.map((check, i) => ({
        ...check,
        verdict: i < audit ? ('unknown' as const) : ('valid' as const),
      })),
    },
    load: {
      ...sample.load,
      before: { ok: 100, ...refusals, fail: 0, unknown: 0 },
      during: { ok: okDuring, ...refusals, fail: 100 - okDuring, unknown: 0 },
      series: [
        { at: 0, ok: rate, ...quantiles },
        { at: 1_000, ok: rate, ...quantiles },
      ],
    },
  };
}

function run(topology: string, scenarios: readonly ScenarioResult[], start = 20): RunResult {
  const sampled = passedRun();
  return { ...sampled, network: { ...sampled.network, topology, start }, scenarios };
}

const night = (
  name: string,
  runs: readonly RunResult[],
  benches: Night['benches'] = {},
): Night => ({
  name,
  runs,
  benches,
});

const twoNights = (before: Numbers, now: Numbers) =>
  trendOf([
    night('first', [run('article', [result(before)])]),
    night('second', [run('article', [result(now)])]),
  ]);

describe('what doubled from one night to the next', () => {
  it.each<[string, Numbers, Numbers, string[]]>([
    [
      'recovery',
      { recovery: 1_000 },
      { recovery: 2_100 },
      ['recovery of crash (article): 1.0 s → 2.1 s'],
    ],
    [
      'a recovery that never came',
      { recovery: 1_000 },
      { recovery: null },
      ['recovery of crash (article): 1.0 s → 1 min'],
    ],
    ['a recovery that is short all the same', { recovery: 100 }, { recovery: 400 }, []],
    ['refusals', { okDuring: 90 }, { okDuring: 80 }, ['share ok of crash (article): 90 % → 80 %']],
    ['a few refusals more', { okDuring: 99 }, { okDuring: 97 }, []],
    [
      'half the throughput',
      { rate: 50 },
      { rate: 25 },
      ['throughput of crash (article): 50/s → 25/s'],
    ],
    ['audit', { audit: 0 }, { audit: 2 }, ['audit of crash (article): valid → 2 not valid']],
    ['nothing', {}, {}, []],
    ['something that is better', { recovery: 4_000, rate: 10 }, { recovery: 1_000, rate: 90 }, []],
  ])('%s', (_, before, now, lines) => {
    expect(flagged(twoNights(before, now))).toEqual(lines);
  });

  it('is seen across a night that measured nothing', () => {
    const one = (recovery: number) => [run('article', [result({ recovery })])];
    const found = trendOf([night('a', one(1_000)), night('b', []), night('c', one(3_000))]);
    expect(flagged(found)).toEqual(['recovery of crash (article): 1.0 s → 3.0 s']);
  });

  it('is the median of the runs of a night, by placement', () => {
    const runs = (...values: number[]) =>
      values.map((recovery) => run('spread', [result({ recovery })]));
    const found = trendOf([
      night('a', runs(1_000, 1_100, 9_000)),
      night('b', runs(900, 1_200, 9_000)),
    ]);
    expect(found.series.find(({ measure }) => measure === 'recovery')?.values).toEqual([
      1_100, 1_200,
    ]);
    expect(flagged(found)).toEqual([]);
  });

  it('covers the start and benches', () => {
    const found = trendOf([
      night('a', [run('article', [], 20)], { up: { median: 15, steps: [{ seconds: 1 }] } }),
      night('b', [run('article', [], 41)], { up: { median: 31, steps: [{ seconds: 9 }] } }),
    ]);
    expect(flagged(found)).toEqual([
      'start (article): 20.0 s → 41.0 s',
      'bench up median: 15 → 31',
    ]);
  });
});

describe('survival', () => {
  const found = trendOf([
    night('a', [
      run('article', [
        result({ name: 'x' }),
        result({ name: 'y', status: 'failed' }),
        result({ name: 'z' }),
      ]),
    ]),
    night('b', [
      run('article', [result({ name: 'x' }), result({ name: 'y' })]),
      run('article', [result({ name: 'x', status: 'timed-out' }), result({ name: 'y' })]),
      run('spread', [result({ name: 'x' })]),
    ]),
  ]);

  it('counts the runs of the newest night by scenario and placement', () => {
    expect(found.survival).toEqual([
      {
        scenario: 'x',
        topology: 'article',
        passed: 1,
        of: 2,
        others: ['timed-out'],
        change: 'broken',
      },
      { scenario: 'y', topology: 'article', passed: 2, of: 2, others: [], change: 'mended' },
      { scenario: 'x', topology: 'spread', passed: 1, of: 1, others: [], change: 'new' },
    ]);
    expect(found.gone).toEqual(['z (article)']);
  });

  it('is said in words, and as a table of scenario by placement', () => {
    expect(changed(found)).toEqual([
      'x (article): 1 of 2 passed, timed out (passed the night before)',
      'y (article): 2 of 2 passed (did not pass the night before)',
      'x (spread): 1 of 1 passed (new)',
      'z (article): did not run',
    ]);
    const markdown = trendMarkdown(found);
    expect(markdown).toContain('| Scenario | article | spread |');
    expect(markdown).toContain('| x | ⚠️ 1 of 2 passed, timed out | ✅ 1 of 1 passed |');
    expect(markdown).toContain('| y | ✅ 2 of 2 passed | – |');
  });
});
