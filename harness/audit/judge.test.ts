import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { HistoryRecord } from '../workload/history.ts';
import { COMPLETE, INTERRUPTED, TIMED_OUT } from '../workload/history.ts';
import { audit } from './audit.ts';
import { openEvidence } from './evidence.ts';
import { judge, verdictOf } from './judge.ts';
import type { ScenarioFacts } from './recording.ts';
import type { TestRecording } from './testing/ledger-builder.ts';
import { save } from './testing/save.ts';
import { busyRecording } from './testing/scene.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'judge-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const place = {
  ...{ name: 'crash an orderer', folder: 'scenarios/crash-an-orderer', file: '/own/a.scenario.ts' },
  ...{ line: 7, suite: 'own', channel: 'mychannel' },
};
const marks = (...labels: readonly string[]): HistoryRecord[] =>
  labels.map((label) => ({ type: 'mark', label, at: 90_000 }));

/** A run in which all is well, as a scenario left it. */
function scenario(
  facts: Partial<ScenarioFacts> = {},
  more: readonly HistoryRecord[] = marks(COMPLETE),
): TestRecording {
  const recording = busyRecording();
  recording.scenario = {
    ...recording.scenario,
    ...{ name: place.name, place, begunAt: 100, kind: 'scenario' },
    faults: [{ text: 'crash', role: 'orderer' }],
    components: [{ name: 'orderer0', machine: 1 }],
    ...facts,
  };
  recording.history.push(...more);
  return recording;
}

const judged = (recording: TestRecording) => {
  save(dir, recording);
  return judge(dir);
};

/** One document of one peer was edited. */
function edited(recording: TestRecording): TestRecording {
  const [first, ...rest] = recording.states.get('peer0.org2') ?? [];
  if (first) recording.states.set('peer0.org2', [{ ...first, value: '{}' }, ...rest]);
  return recording;
}

describe('the judge', () => {
  it('makes the whole result from the evidence', () => {
    const recording = scenario();
    const result = judged(recording);
    expect(result).toMatchObject({
      ...place,
      status: 'passed',
      startedAt: 100,
      duration: 89_900,
      faults: [{ kind: 'crash', targets: ['orderer0'], confirmation: 'confirmed' }],
      recovery: [
        { orderer: 'orderer0', faults: [1] },
        { orderer: 'orderer1', faults: [1] },
      ],
      problems: [],
      excerpts: [],
    });
    expect(result.audit).toEqual(audit(openEvidence(dir)));
    expect(result.expectations.map(({ id }) => id)).toEqual(['S1', 'F18', 'F18']);
    expect(result.load.during.ok).toBeGreaterThan(0);
    expect(result.load.blocks.map(({ number }) => number)).toEqual(
      recording.chain.get('peer0.org1')?.map((_, index) => index),
    );
    expect(verdictOf(result)).toBe('valid');
  });

  it('gives the same again', () => {
    const result = judged(edited(scenario()));
    expect(judge(dir)).toEqual(result);
    expect(result.status).toBe('failed');
    expect(result.problems).toEqual([
      expect.stringMatching(/^F9 .*peer0.org2/),
      expect.stringMatching(/^F10 .*peer0.org2/),
    ]);
    expect(verdictOf(result)).toBe('invalid');
  });

  it('does not pass what ran into trouble, and tells it first', () => {
    const trouble: HistoryRecord = { type: 'trouble', message: 'blocks: orderer1 is gone', at: 9 };
    const result = judged(scenario({}, [trouble, ...marks(COMPLETE)]));
    expect(result).toMatchObject({ status: 'failed', problems: ['blocks: orderer1 is gone'] });
    expect(verdictOf(result)).toBe('invalid');
  });

  it('leaves open what nothing is wrong with but too little is known of', () => {
    const result = judged({ ...scenario(), environment: null });
    expect(result.problems).toEqual([expect.stringMatching(/^F25 .*: unknown: /)]);
    expect([result.status, verdictOf(result)]).toEqual(['failed', 'unknown']);
  });

  it.each([
    ['interrupted', marks(INTERRUPTED, COMPLETE), []],
    ['timed-out', marks(TIMED_OUT, INTERRUPTED, COMPLETE), []],
    ['interrupted', [], ['its process ended before its evidence was complete']],
  ] as const)('knows one that was %s by its marks %j', (status, labels, problems) => {
    const result = judged(scenario({}, labels));
    expect(result.status).toBe(status);
    expect(result.problems).toEqual(expect.arrayContaining([...problems]));
    expect(verdictOf(result)).toBe('unknown');
  });

  it('turns a planted defect round: red for the stated reason is a pass', () => {
    const control = { because: '^F9 .*peer0', flags: '' };
    const red = judged(edited(scenario({ control })));
    expect(red).toMatchObject({
      status: 'passed',
      problems: [],
      expectations: [{ id: 'S3', met: true }, { id: 'S1' }, {}, {}],
    });
    expect([red.audit?.verdict, verdictOf(red)]).toEqual(['invalid', 'valid']);
    rmSync(dir, { recursive: true });
    const green = judged(scenario({ control }));
    expect(green.status).toBe('failed');
    expect(green.problems[0]).toContain(
      'expected a problem that matches /^F9 .*peer0/, seen: none',
    );
    rmSync(dir, { recursive: true });
    expect(judged(edited(scenario({ control: { ...control, because: '^F4 ' } }))).status).toBe(
      'failed',
    );
  });

  it('judges a check by its steps, and one without steps as nothing', () => {
    const check = (...records: readonly HistoryRecord[]) => {
      rmSync(dir, { recursive: true, force: true });
      const recording = scenario({ kind: 'check', channels: {}, faults: [] });
      recording.history = [...records, ...marks(COMPLETE)];
      recording.chain.clear();
      return judged(recording);
    };
    const step = { type: 'step', name: 'log in', expected: '200', met: true, seen: '200', at: 5 };
    expect(check(step as HistoryRecord)).toMatchObject({
      status: 'passed',
      audit: null,
      expectations: [{ id: 'S2', name: 'log in', met: true }],
    });
    expect(check({ ...step, met: false } as HistoryRecord)).toMatchObject({
      status: 'failed',
      problems: ['log in: expected 200, seen 200'],
    });
    expect(check().problems).toEqual(['nothing was checked']);
  });

  it('says what was thrown instead of a result', () => {
    const result = judged(scenario({ thrown: 'no network' }));
    expect(result.problems).toEqual(['gave no result: no network']);
  });
});
