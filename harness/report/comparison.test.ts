import { cellWords, compareRuns, comparisonMarkdown } from './comparison.ts';
import { renderComparison } from './html/comparison.ts';
import type { RunResult, ScenarioResult } from './model.ts';
import { sampleRun } from './testing/sample-run.ts';

const SAMPLE = sampleRun();

/** A crash from second 10 to 15, with blocks until 11 and from 18 on. */
const crash = (name: string, status: ScenarioResult['status'] = 'passed'): ScenarioResult => {
  const [first] = SAMPLE.scenarios.filter(({ faults, audit }) => faults.length > 0 && audit);
  if (!first) throw new Error('sample: expected a scenario with a fault, seen none');
  const [fault] = first.faults;
  const series = [10, 19].map((second) => ({
    at: second * 1000,
    ok: 5,
    fail: 0,
    unknown: 0,
    p50: null,
    p95: null,
    p99: null,
  }));
  const none = { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 };
  const recovered = { faults: [1], healedAt: 15_000, budget: 30_000 };
  return {
    ...first,
    name,
    status,
    faults: fault ? [{ ...fault, injectedAt: 10_000, healedAt: 15_000 }] : [],
    load: {
      ...first.load,
      series,
      during: { ...none, ok: 9, fail: 1 },
      blocks: [9_500, 11_000, 13_000, 18_000].map((at, number) => ({
        at,
        number,
        transactions: at === 13_000 ? 0 : 4,
      })),
    },
    recovery: [
      { ...recovered, orderer: 'orderer0', firstCommit: 900 },
      { ...recovered, orderer: 'orderer1', firstCommit: 3_000 },
    ],
  };
};

const run = (
  topology: string,
  startedAt: string,
  ...scenarios: readonly ScenarioResult[]
): RunResult => ({
  ...SAMPLE,
  id: `${topology}-${startedAt}`,
  startedAt,
  network: { ...SAMPLE.network, topology },
  scenarios,
});

const runs = [
  run('raft', '2026-11-28T10:00:00.000Z', crash('a'), crash('b')),
  run('bft', '2026-11-28T11:00:00.000Z', crash('a'), crash('never run', 'not-run')),
  run('raft', '2026-11-28T12:00:00.000Z', crash('a', 'failed')),
];

it('puts scenarios by placement, the newest run first, and says what did not run', () => {
  const { placements, rows } = compareRuns(runs);
  expect(placements).toEqual(['raft', 'bft']);
  expect(rows.map(({ scenario, cells }) => [scenario, cells.map((c) => c?.status)])).toEqual([
    ['a', ['failed', 'passed']],
    ['b', ['passed', undefined]],
  ]);
});

it('measures the longest time without a block that holds something, and the slowest recovery', () => {
  const [cell] =
    compareRuns([run('bft', '2026-11-28T11:00:00.000Z', crash('a'))]).rows[0]?.cells ?? [];
  expect(cell).toMatchObject({ standstill: 7_000, recovery: 3_000, answered: 0.9 });
  expect(cellWords(cell ?? null)).toBe(
    'survived, stood still 7.0 s, recovered in 3.0 s, 90 % answered',
  );
});

it('names what the audit found, and never calls it survived', () => {
  const lost = crash('a', 'failed');
  const [check] = lost.audit?.checks ?? [];
  if (!lost.audit || !check) throw new Error('sample: expected a check, seen none');
  const audit = { ...lost.audit, checks: [{ ...check, verdict: 'invalid' as const }] };
  const { rows } = compareRuns([run('raft', '2026-11-28T11:00:00.000Z', { ...lost, audit })]);
  expect(cellWords(rows[0]?.cells[0] ?? null)).toContain(`failed (${check.id})`);
});

it('writes a table in Markdown and a page of its own', () => {
  const comparison = compareRuns(runs);
  expect(comparisonMarkdown(comparison).split('\n')[0]).toBe('| scenario | raft | bft |');
  expect(comparisonMarkdown(comparison)).toContain('not run');
  const page = renderComparison(comparison, ['x<y']);
  expect(page).toContain('2 of 3 survived');
  expect(page).toContain('x&lt;y');
});
