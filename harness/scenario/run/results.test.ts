import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RunResult, ScenarioResult } from '../../report/model.ts';
import { parseResults } from '../../report/schema.ts';
import { closingLine, runVerdict } from '../../report/summary.ts';
import { passedRun } from '../../report/testing/sample-run.ts';
import { type Declared, declaredAt, register, update } from './declared.ts';
import { Results } from './results.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'results-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const files = ['/own/a.scenario.ts', '/own/b.scenario.ts', '/own/c.scenario.ts'];
const [a = '', b = '', c = ''] = files;
const [template] = passedRun().scenarios as readonly [ScenarioResult];

function declare(name: string, source: string): Declared {
  const place = { name, folder: `scenarios/${name}`, file: source, line: 3, suite: 'own' };
  const declared = declaredAt({ ...place, channel: `${name}-1a2b` }, source);
  register(folder, declared);
  return declared;
}

function give(declared: Declared, startedAt: number, status: ScenarioResult['status'] = 'passed') {
  const result = { ...template, ...declared.place, startedAt, status };
  writeFileSync(path.join(folder, declared.place.folder, 'result.json'), JSON.stringify(result));
}

const read = (state: RunResult['state']) => new Results(folder, files, 'own').read(state);
const lines = (state: RunResult['state']) =>
  read(state).map(({ name, status, problems: [problem] }) =>
    problem === undefined ? `${name}: ${status}` : `${name}: ${status}: ${problem}`,
  );

describe('the results of a run', () => {
  it('are those that were given, in the order in which they started', () => {
    give(declare('z', a), 10);
    give(declare('y', b), 20);
    give(declare('x', c), 30, 'failed');
    expect(read('completed').map(({ name }) => name)).toEqual(['z', 'y', 'x']);
  });

  it('have every file before the first is read', () => {
    expect(lines('running')).toEqual([
      'a.scenario.ts: not-run: has not begun',
      'b.scenario.ts: not-run: has not begun',
      'c.scenario.ts: not-run: has not begun',
    ]);
    expect(lines('failed')[0]).toBe('a.scenario.ts: not-run: the run failed before it began');
  });

  it('have every file that gave nothing, however the others ended', () => {
    give(declare('fails', b), 10, 'failed');
    expect(lines('completed')).toEqual([
      'fails: failed',
      'a.scenario.ts: failed: the file gave no result; its output is above',
      'c.scenario.ts: failed: the file gave no result; its output is above',
    ]);
  });

  it('tell apart what was interrupted, what had not begun, and what had its turn', () => {
    give(declare('done', b), 10);
    update(folder, declare('cut', b).place, { begunAt: 20 });
    declare('next', b);
    expect(lines('interrupted')).toEqual([
      'done: passed',
      'a.scenario.ts: failed: the file gave no result; its output is above',
      'cut: interrupted: began, and was interrupted before it gave a result',
      'next: not-run: the run was interrupted before it began',
      'c.scenario.ts: not-run: the run was interrupted before it began',
    ]);
  });

  it('say of each scenario without one how far it came', () => {
    update(folder, declare('hangs', a).place, { begunAt: 20 });
    update(folder, declare('throws', a).place, { begunAt: 30, thrown: 'no network' });
    declare('waits', a);
    const seen = lines('completed');
    expect(seen.slice(0, 3)).toEqual([
      'hangs: failed: began, and gave no result; its output is above',
      'throws: failed: gave no result: no network',
      'waits: failed: did not begin, and gave no result; the output of its file is above',
    ]);
    expect(lines('running')[0]).toBe('hangs: interrupted: has begun; no result yet');
  });

  it('tell of one that was cut off what its evidence tells', () => {
    const declared = declare('cut', a);
    update(folder, declared.place, { begunAt: 20 });
    const crash = {
      type: 'fault',
      fault: 1,
      kind: 'crash',
      role: 'orderer0',
      targets: ['orderer0'],
    };
    const events = [
      { ...crash, phase: 'inject', at: 30 },
      { ...crash, phase: 'verified', at: 31, evidence: 'orderer0 is down' },
    ];
    writeFileSync(
      path.join(folder, declared.place.folder, 'history.jsonl'),
      events.map((event) => `${JSON.stringify(event)}\n`).join(''),
    );
    expect(read('running')[0]?.faults).toEqual([]);
    expect(read('completed')[0]).toMatchObject({
      status: 'failed',
      problems: [
        'began, and gave no result; its output is above',
        'its process ended before its evidence was complete',
        expect.stringContaining('crash of orderer0 took effect and was healed'),
      ],
      faults: [{ kind: 'crash', verifiedAt: 31, healedAt: null }],
    });
  });

  it('find a result that came after the last look', () => {
    const results = new Results(folder, [a], 'own');
    const declared = declare('late', a);
    expect(results.read('running').map(({ status }) => status)).toEqual(['not-run']);
    writeFileSync(path.join(folder, declared.place.folder, 'result.json'), '{"half":');
    expect(results.read('running').map(({ status }) => status)).toEqual(['not-run']);
    give(declared, 10);
    expect(results.read('completed').map(({ status }) => status)).toEqual(['passed']);
  });

  it.each([
    ['completed', 'failed', '1 passed, 2 failed'],
    ['interrupted', 'failed', '1 passed, 1 failed, 1 skipped'],
    ['running', 'failed', '1 passed, 1 failed, 1 skipped'],
  ] as const)('keep a run that is %s from passing', (state, verdict, line) => {
    give(declare('done', b), 10);
    const run = { ...passedRun(), state, scenarios: read(state) };
    expect(runVerdict(run)).toBe(verdict);
    expect(closingLine(run)).toBe(line);
    expect(parseResults(JSON.stringify(run), 'results.json')).toEqual(run);
  });
});

describe('register', () => {
  it('refuses a scenario whose result would replace that of another', () => {
    declare('crash', a);
    expect(() => declare('crash', b)).toThrow(
      /^scenario "crash": expected a name .*, seen "crash" in \/own\/a.scenario.ts too$/,
    );
  });
});
