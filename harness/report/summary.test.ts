import type { RunResult, ScenarioResult } from './model.ts';
import {
  auditWords,
  closingLine,
  duration,
  headline,
  okShare,
  percent,
  recoveryColumns,
  repeatCommand,
  runVerdict,
  slowestRecovery,
  standIns,
  statesOfFailed,
  worstFirst,
} from './summary.ts';
import { abortedRun, incompleteRun, passedRun, sampleRun } from './testing/sample-run.ts';

function runWith(...statuses: readonly ScenarioResult['status'][]): RunResult {
  const run = passedRun();
  const [first] = run.scenarios as readonly [ScenarioResult];
  return { ...run, scenarios: statuses.map((status) => ({ ...first, status })) };
}

describe('slowestRecovery', () => {
  const [first] = passedRun().scenarios as readonly [ScenarioResult];
  const slowest = (...commits: readonly (number | null)[]) => {
    const recovery = commits.flatMap((firstCommit, index) => [
      { faults: [index + 1], healedAt: index, orderer: 'orderer0', firstCommit, budget: 9 },
      { faults: [index + 1], healedAt: index, orderer: 'orderer1', firstCommit: 8, budget: 9 },
    ]);
    return slowestRecovery({ ...first, recovery }, ['orderer0'])?.faults;
  };

  it('is the longest of all faults, and never is longer than any', () => {
    expect(slowest(3, 7, 5)).toEqual([2]);
    expect(slowest(3, null, 5)).toEqual([2]);
    expect(slowest()).toBeUndefined();
  });
});

describe('runVerdict', () => {
  it.each<[string, RunResult, string]>([
    ['all passed', runWith('passed', 'passed'), 'passed'],
    ['one failed', runWith('passed', 'failed'), 'failed'],
    ['one timed out', runWith('passed', 'timed-out'), 'failed'],
    ['one flaky', runWith('passed', 'flaky'), 'flaky'],
    ['failed and flaky', runWith('flaky', 'failed'), 'failed'],
    ['one interrupted', runWith('passed', 'interrupted'), 'interrupted'],
    ['nothing ran', runWith(), 'unknown'],
    ['only skipped', runWith('not-run'), 'unknown'],
    ['one of two not run', runWith('passed', 'not-run'), 'unknown'],
    ['a file without a result', incompleteRun(), 'failed'],
    ['killed', { ...runWith('passed'), state: 'running' }, 'interrupted'],
    [
      'interrupted between scenarios',
      { ...runWith('passed'), state: 'interrupted' },
      'interrupted',
    ],
    ['failed after a scenario', { ...runWith('passed'), state: 'failed' }, 'failed'],
    ['a problem outside scenarios', { ...runWith('passed'), problems: ['x'] }, 'failed'],
    ['killed with a problem', abortedRun(), 'failed'],
  ])('%s', (_, run, verdict) => {
    expect(runVerdict(run)).toBe(verdict);
  });
});

describe('closingLine', () => {
  it.each<[string, RunResult, string]>([
    ['all passed', runWith('passed', 'passed'), '2 passed, 0 failed'],
    ['each kind', sampleRun(), '2 passed, 4 failed, 1 skipped'],
    ['flaky is not passed', runWith('flaky'), '0 passed, 1 failed'],
    ['a broken bring-up is not green', abortedRun(), '0 passed, 1 failed'],
    ['a killed run is not green', { ...runWith('passed'), state: 'running' }, '1 passed, 1 failed'],
  ])('%s', (_, run, line) => {
    expect(closingLine(run)).toBe(line);
  });

  it('has the states that are not plain failures beside it', () => {
    expect(statesOfFailed(sampleRun())).toBe('1 timed out, 1 flaky, 1 interrupted');
    expect(statesOfFailed(passedRun())).toBe('');
  });
});

describe('words', () => {
  it('puts the worst first and keeps the order within', () => {
    const statuses = worstFirst(
      runWith('passed', 'not-run', 'interrupted', 'flaky', 'timed-out', 'failed').scenarios,
    ).map(({ status }) => status);
    expect(statuses).toEqual(['failed', 'timed-out', 'flaky', 'interrupted', 'passed', 'not-run']);
  });

  it.each([
    [1, '100 %'],
    [0.99999, '99.9 %'],
    [0.9552, '95 %'],
    [0.0004, '0 %'],
    [0.031, '3.1 %'],
    [null, '–'],
  ])('percent %p never rounds up to 100 %%', (share, text) => {
    expect(percent(share)).toBe(text);
  });

  it.each([
    [640, '640 ms'],
    [4_210, '4.2 s'],
    [9_990, '10 s'],
    [59_600, '1 min'],
    [185_000, '3 min 5 s'],
    [3_720_000, '1 h 2 min'],
  ])('duration %p', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it('has no share of ok without operations', () => {
    expect(okShare({ ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 })).toBeNull();
    expect(okShare({ ok: 1, refused: 0, refusedUnexpectedly: 0, fail: 1, unknown: 2 })).toBe(0.25);
    expect(okShare({ ok: 1, refused: 1, refusedUnexpectedly: 2, fail: 0, unknown: 0 })).toBe(0.25);
  });

  it('says what the audit found, without the checks that do not apply', () => {
    const words = Object.fromEntries(sampleRun().scenarios.map((s) => [s.status, auditWords(s)]));
    expect(words).toMatchObject({
      failed: 'F8 F9 invalid',
      'timed-out': '1/21 unknown',
      interrupted: 'not audited',
      flaky: '21 valid',
    });
    expect(auditWords(sampleRun().scenarios[0] as ScenarioResult)).toBe('20 valid');
  });

  it('finds a headline even where none was recorded', () => {
    const failed = sampleRun().scenarios.find(({ status }) => status === 'failed');
    const bare = { ...(failed as ScenarioResult), problems: [] };
    expect(headline(bare)).toMatch(/^F8 same commit hash at every height: Block 214/);
    expect(headline({ ...bare, audit: null })).toBe(
      'orderer1 recovers: expected within 20 s, seen not at all',
    );
    expect(headline({ ...bare, audit: null, expectations: [] })).toMatch(/see the logs/);
    expect(headline({ ...bare, status: 'passed' })).toBeUndefined();
  });

  it('says who stood in, or that nobody wrote it down', () => {
    expect(standIns(sampleRun()).map(({ served }) => served)).toEqual([
      'PouchDB-based compatible server (stand-in)',
      'FerretDB 1.24.2 with SQLite (stand-in)',
    ]);
    expect(standIns({ ...sampleRun(), versions: { 'mongo-express': '1.0.0' } })).toEqual([
      { component: 'CouchDB', served: 'not recorded' },
      { component: 'MongoDB', served: 'not recorded' },
    ]);
  });

  it('repeats with the same suite, topology and seed', () => {
    expect(repeatCommand(sampleRun())).toBe(
      'npx harness test --suite pull-request --topology article --seed 42',
    );
  });

  it('repeats what was given instead of the suite', () => {
    const settings = {
      suite: 'pull-request',
      topology: 'own/three racks.yaml',
      scenarios: "own/a.scenario.ts\nown/it's b.scenario.ts",
      chaincode: 'registry.example:5000/own/cc@sha256:12ab',
      chaincodeName: 'ledger',
    };
    expect(repeatCommand({ ...sampleRun(), settings })).toBe(
      [
        "npx harness test --scenario own/a.scenario.ts 'own/it'\\''s b.scenario.ts'",
        '--chaincode registry.example:5000/own/cc@sha256:12ab --chaincode-name ledger',
        "--topology 'own/three racks.yaml' --seed 42",
      ].join(' '),
    );
  });
});

describe('columns of recovery', () => {
  const run = (count: number) => {
    const { scenarios, ...rest } = sampleRun();
    const [first] = scenarios;
    if (!first) throw new Error('no sample');
    const recovery = Array.from({ length: count }, (_, index) => ({
      orderer: `orderer${index}`,
      faults: [1],
      healedAt: 0,
      firstCommit: index,
      budget: 30_000,
    }));
    return { ...rest, scenarios: [{ ...first, recovery }] };
  };

  it('are one for each orderer, or for the slowest of many', () => {
    expect(recoveryColumns(run(0)).map(({ head }) => head)).toEqual(['orderer0', 'orderer1']);
    expect(recoveryColumns(run(3)).map(({ head }) => head)).toEqual([
      'orderer0',
      'orderer1',
      'orderer2',
    ]);
    const [only, ...others] = recoveryColumns(run(7));
    expect(others).toEqual([]);
    expect(only).toMatchObject({ head: 'slowest of 7', orderers: { length: 7 } });
  });
});
