import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { earlierRuns, markFlaky } from './flaky.ts';
import type { RunResult, ScenarioResult, ScenarioStatus } from './model.ts';
import { closingLine, runVerdict } from './summary.ts';
import { passedRun } from './testing/sample-run.ts';
import { writeReport } from './write.ts';

const [sample] = passedRun().scenarios as readonly [ScenarioResult];

function run(id: string, statuses: Readonly<Record<string, ScenarioStatus>>): RunResult {
  return {
    ...passedRun(),
    id,
    scenarios: Object.entries(statuses).map(([name, status]) => ({
      ...sample,
      name,
      status,
      problems: status === 'passed' ? [] : ['lost money'],
    })),
  };
}

const OLDER = '2026-01-01T00-00-00-aaaa';
const OLD = '2026-01-02T00-00-00-bbbb';
const NOW = '2026-01-03T00-00-00-cccc';

describe('markFlaky', () => {
  it.each<[ScenarioStatus, ScenarioStatus, ScenarioStatus]>([
    ['passed', 'passed', 'passed'],
    ['failed', 'passed', 'flaky'],
    ['timed-out', 'passed', 'flaky'],
    ['passed', 'failed', 'flaky'],
    ['passed', 'timed-out', 'flaky'],
    ['failed', 'failed', 'failed'],
    ['timed-out', 'failed', 'failed'],
    ['failed', 'timed-out', 'timed-out'],
    ['flaky', 'passed', 'flaky'],
    ['flaky', 'failed', 'flaky'],
    ['interrupted', 'passed', 'passed'],
    ['not-run', 'failed', 'failed'],
    ['passed', 'interrupted', 'interrupted'],
    ['failed', 'not-run', 'not-run'],
  ])('%s then and %s now is %s', (then, now, status) => {
    const marked = markFlaky(run(NOW, { a: now }), [run(OLD, { a: then })]);
    expect(marked.scenarios[0]?.status).toBe(status);
  });

  it('says so first, names the other run, and keeps what went wrong', () => {
    const [failed, passed] = markFlaky(run(NOW, { a: 'failed', b: 'passed' }), [
      run(OLD, { a: 'passed', b: 'flaky' }),
    ]).scenarios;
    expect(failed?.problems).toEqual([
      `flaky: failed now, passed in run ${OLD} with the same seed and versions`,
      'lost money',
    ]);
    expect(passed?.problems).toEqual([
      `flaky: passed now, was flaky in run ${OLD} with the same seed and versions`,
    ]);
  });

  it('finds the newest run that ended otherwise, also behind one that ended alike', () => {
    const earlier = [run(OLD, { a: 'passed' }), run(OLDER, { a: 'failed' })];
    expect(markFlaky(run(NOW, { a: 'passed' }), earlier).scenarios[0]?.problems[0]).toContain(
      OLDER,
    );
    const both = [run(OLD, { a: 'failed' }), run(OLDER, { a: 'failed' })];
    expect(markFlaky(run(NOW, { a: 'passed' }), both).scenarios[0]?.problems[0]).toContain(OLD);
  });

  const old = run(OLD, { a: 'failed' });
  it.each<[string, RunResult]>([
    ['seed', { ...old, seed: old.seed + 1 }],
    ['version', { ...old, versions: { ...old.versions, Kafka: '3.9.1' } }],
    ['record of a version', { ...old, versions: { ...old.versions, harness: 'abc' } }],
    ['topology', { ...old, network: { ...old.network, topology: 'spread' } }],
    ['placement', { ...old, network: { ...old.network, machines: [] } }],
    ['name', run(OLD, { b: 'failed' })],
    ['run: itself', { ...old, id: NOW }],
  ])('compares nothing of another %s', (_, other) => {
    const now = run(NOW, { a: 'passed' });
    expect(markFlaky(now, [other])).toEqual(now);
  });

  it('does not let a run pass', () => {
    const marked = markFlaky(run(NOW, { a: 'passed', b: 'passed' }), [run(OLD, { a: 'failed' })]);
    expect(runVerdict(marked)).toBe('flaky');
    expect(closingLine(marked)).toBe('1 passed, 1 failed');
  });
});

describe('earlierRuns', () => {
  let reports: string;
  beforeEach(async () => {
    reports = await mkdtemp(path.join(tmpdir(), 'flaky-'));
  });
  afterEach(() => rm(reports, { recursive: true }));
  const ids = async (except = NOW) => (await earlierRuns(reports, except)).map(({ id }) => id);

  it('are the others, the newest first; what is no run is left out', async () => {
    for (const id of [OLD, NOW, OLDER]) {
      await writeReport(run(id, { a: 'passed' }), path.join(reports, id));
    }
    for (const name of ['up-2026-01-05T00-00-00', '2026-01-06T00-00-00-none', 'mutation']) {
      await mkdir(path.join(reports, name));
    }
    await mkdir(path.join(reports, '2026-01-07T00-00-00-torn'));
    await writeFile(path.join(reports, '2026-01-07T00-00-00-torn/results.json'), '{"schema"');
    await writeFile(path.join(reports, '2026-01-08'), 'a file');
    expect(await ids()).toEqual([OLD, OLDER]);
  });

  it('are none where there is no folder', async () => {
    expect(await earlierRuns(path.join(reports, 'nowhere'), NOW)).toEqual([]);
  });

  it('are twenty at most', async () => {
    const all = Array.from(
      { length: 22 },
      (_, i) => `2026-02-${String(i + 1).padStart(2, '0')}T00-00-00-ffff`,
    );
    for (const id of all) {
      await mkdir(path.join(reports, id));
      await writeFile(path.join(reports, id, 'results.json'), JSON.stringify(run(id, {})));
    }
    expect(await ids()).toEqual(all.toReversed().slice(0, 20));
  });
});
