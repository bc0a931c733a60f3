import type { AuditResult, CheckResult } from './model.ts';
import { problemsOf } from './problems.ts';

const missed = {
  id: 'F19',
  name: 'transfers answered before the faults',
  met: false,
  expected: 'at least 99 %',
  seen: '50 % (1 of 2)',
};
const words = 'transfers answered before the faults: expected at least 99 %, seen 50 % (1 of 2)';

const check = (rest: Partial<CheckResult>): AuditResult => ({
  verdict: 'invalid',
  channels: [],
  checks: [
    {
      ...{ id: 'F19', name: 'availability', guarantee: '', verdict: 'invalid', counts: {} },
      evidence: [],
      ...rest,
    },
  ],
});
const told = (...messages: string[]) => messages.map((message) => ({ message }));

describe('problems', () => {
  it('are what went wrong, then missed expectations, then checks', () => {
    const met = { ...missed, name: 'another', met: true };
    expect(problemsOf(['logs: gone'], [met, missed], check({ evidence: told('late') }))).toEqual([
      'logs: gone',
      words,
      'F19 availability: invalid: late',
    ]);
  });

  it('say once what an expectation says', () => {
    const own = [{ message: words, expectation: missed.name }];
    expect(problemsOf([], [missed], check({ evidence: own }))).toEqual([words]);
    const unknown = check({ verdict: 'unknown', reason: words });
    expect(problemsOf([], [missed], unknown)).toEqual([words]);
  });

  it('keep what the check has seen besides', () => {
    const evidence = [{ message: words, expectation: missed.name }, ...told('hung')];
    expect(problemsOf([], [missed], check({ evidence }))).toEqual([
      words,
      'F19 availability: invalid: hung',
    ]);
    const another = { ...missed, id: 'F18' };
    expect(problemsOf([], [another], check({ evidence: told(words) }))).toEqual([
      words,
      `F19 availability: invalid: ${words}`,
    ]);
    expect(problemsOf([], [another], check({}))[1]).toBe(
      'F19 availability: invalid: no evidence given',
    );
  });

  it('are none of a check that is valid or has nothing to say', () => {
    expect(problemsOf([], [], check({ verdict: 'valid' }))).toEqual([]);
    expect(problemsOf([], [], check({ verdict: 'unknown', applicable: false }))).toEqual([]);
    expect(problemsOf([], [], null)).toEqual([]);
  });
});
