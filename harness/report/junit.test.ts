import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { junit } from './junit.ts';
import type { ScenarioResult } from './model.ts';
import { abortedRun, incompleteRun, passedRun, sampleRun } from './testing/sample-run.ts';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '',
  isArray: (name) => ['testsuite', 'testcase', 'property'].includes(name),
});

const suitesOf = (xml: string) => parser.parse(xml).testsuites;

describe('junit', () => {
  it.each([
    ['rich', sampleRun()],
    ['passed', passedRun()],
    ['aborted', abortedRun()],
  ])('is well formed for the %s run', (_, run) => {
    expect(XMLValidator.validate(junit(run))).toBe(true);
  });

  it('keeps failed, flaky, broken and skipped apart', () => {
    const [suite] = suitesOf(junit(sampleRun())).testsuite;
    const state = (name: RegExp) => {
      const found = suite.testcase.find((one: { name: string }) => name.test(one.name));
      return ['failure', 'flakyFailure', 'error', 'skipped'].filter((key) => key in found);
    };
    expect(state(/^Partition/)).toEqual(['failure']);
    expect(state(/^Freeze/)).toEqual(['flakyFailure']);
    expect(state(/^Lose/)).toEqual(['error']);
    expect(state(/mid-commit$/)).toEqual(['error']);
    expect(state(/^Fill/)).toEqual(['skipped']);
    expect(state(/^Transfer/)).toEqual([]);
    expect(suite).toMatchObject({ tests: '7', failures: '1', errors: '2', skipped: '1' });
  });

  it('tells the whole story in the failure', () => {
    const [suite] = suitesOf(junit(sampleRun())).testsuite;
    const { failure } = suite.testcase.find((one: { name: string }) => /^Partition/.test(one.name));
    expect(failure.message).toMatch(/^F8 same commit hash/);
    expect(failure['#text']).toMatch(/expectation not met: orderer1 recovers/);
    expect(failure['#text']).toMatch(/F9 invalid: same world state\n +account-0017: 1040/);
    expect(failure['#text']).toMatch(/F15 unknown/);
  });

  it('has what gave no result as a failure and what was not begun as skipped, each with the reason', () => {
    const [suite] = suitesOf(junit(incompleteRun())).testsuite;
    const [failed, skipped] = suite.testcase.slice(-2);
    expect(failed).toMatchObject({
      name: 'broken.scenario.ts',
      failure: { message: 'the file gave no result; its output is above' },
    });
    expect(skipped).toMatchObject({
      name: 'later.scenario.ts',
      skipped: { message: 'the run was interrupted before it began' },
    });
    expect(suite).toMatchObject({ failures: '1', skipped: '1' });
  });

  it('has files relative to where the command ran, and others as they are', () => {
    const [first] = sampleRun().scenarios as readonly [ScenarioResult];
    const files = [`${process.cwd()}/own/a.ts`, `${process.cwd()}/..own/b.ts`, '/elsewhere/c.ts'];
    const run = { ...sampleRun(), scenarios: files.map((file) => ({ ...first, file })) };
    const [suite] = suitesOf(junit(run)).testsuite;
    expect(suite.testcase.map((one: { file: string }) => one.file)).toEqual([
      'own/a.ts',
      '..own/b.ts',
      '/elsewhere/c.ts',
    ]);
  });

  it('carries seed, topology and what stood in', () => {
    const [suite] = suitesOf(junit(sampleRun())).testsuite;
    const properties = new Map(
      suite.properties.property.map((one: { name: string; value: string }) => [
        one.name,
        one.value,
      ]),
    );
    expect(properties.get('seed')).toBe('42');
    expect(properties.get('topology')).toBe('article');
    expect(properties.get('version.couchdb')).toMatch(/stand-in/);
  });

  it('is not empty and green when no scenario ran', () => {
    const { errors, tests, testsuite } = suitesOf(junit(abortedRun()));
    expect({ errors, tests }).toEqual({ errors: '1', tests: '1' });
    expect(testsuite[0].testcase[0].error.message).toMatch(/kafka3 not ready/);
    const killed = { ...passedRun(), state: 'running' as const };
    expect(suitesOf(junit(killed)).errors).toBe('1');
  });

  it('survives markup, quotes, line breaks and characters that XML cannot write', () => {
    const [first] = sampleRun().scenarios as readonly [ScenarioResult];
    const nasty = `<a href="x">&\u0000\u001b[31m ]]> 'q' \ud800 é 残`;
    const run = {
      ...sampleRun(),
      scenarios: [
        { ...first, name: nasty, status: 'failed' as const, problems: [nasty, 'l1\nl2'] },
      ],
    };
    const xml = junit(run);
    expect(XMLValidator.validate(xml)).toBe(true);
    expect(suitesOf(xml).testsuite[0].testcase[0].name).toBe(`<a href="x">&[31m ]]> 'q'  é 残`);
  });
});
