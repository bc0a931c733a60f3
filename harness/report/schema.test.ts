import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parseResults, resultsJsonSchema } from './schema.ts';
import { abortedRun, passedRun, sampleRun } from './testing/sample-run.ts';

const published = JSON.parse(
  readFileSync(new URL('./results.schema.json', import.meta.url), 'utf8'),
);

describe('results.schema.json', () => {
  it('is what schema.ts says (else: node harness/report/schema-file.ts)', () => {
    expect(published).toEqual(JSON.parse(JSON.stringify(resultsJsonSchema())));
  });

  const validate = new Ajv2020({ allErrors: true }).compile(published);

  it.each([
    ['rich', sampleRun()],
    ['passed', passedRun()],
    ['aborted', abortedRun()],
  ])('accepts the %s run', (_, run) => {
    validate(run);
    expect(validate.errors).toBeNull();
  });

  it.each([
    ['no seed', { ...sampleRun(), seed: undefined }],
    ['a state of its own', { ...sampleRun(), state: 'fine' }],
    ['another version', { ...sampleRun(), schema: 3 }],
    ['an unknown key', { ...sampleRun(), verdict: 'passed' }],
    ['a two-valued verdict', withVerdict(true)],
  ])('refuses %s', (_, run) => {
    expect(validate(JSON.parse(JSON.stringify(run)))).toBe(false);
  });
});

function withVerdict(verdict: unknown): unknown {
  const run = sampleRun();
  const [first] = run.scenarios;
  return { ...run, scenarios: [{ ...first, audit: { ...first?.audit, verdict } }] };
}

describe('parseResults', () => {
  it.each([
    ['rich', sampleRun()],
    ['aborted', abortedRun()],
  ])('reads back the %s run', (_, run) => {
    expect(parseResults(JSON.stringify(run), 'results.json')).toEqual(run);
  });

  it('names file, key and expectation', () => {
    const broken = { ...sampleRun(), seed: 'forty-two' };
    expect(() => parseResults(JSON.stringify(broken), 'x/results.json')).toThrow(
      /x\/results\.json: .*\n.*expected number, received string\n.*seed/s,
    );
  });

  it('says that a cut-off file is no JSON', () => {
    const cut = JSON.stringify(sampleRun()).slice(0, 500);
    expect(() => parseResults(cut, 'x/results.json')).toThrow(/x\/results\.json: expected.*JSON/);
  });
});
