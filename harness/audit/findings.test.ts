import { Findings } from './findings.ts';

const definition = { id: 'F0', name: 'name', guarantee: 'guarantee' };

describe('Findings', () => {
  it('is valid when nothing was wrong and enough was seen', () => {
    const findings = new Findings(definition);
    findings.count('things');
    findings.count('things', 2);
    findings.floor('things', 3);
    expect(findings.counted('things')).toBe(3);
    expect(findings.counted('others')).toBe(0);
    expect(findings.result()).toEqual({
      ...definition,
      verdict: 'valid',
      evidence: [],
      counts: { things: 3, violations: 0 },
    });
  });

  it('is unknown for the first reason given', () => {
    const findings = new Findings(definition);
    findings.floor('things', 1);
    findings.unknown('second reason');
    expect(findings.result()).toEqual({
      ...definition,
      verdict: 'unknown',
      reason: 'saw 0 things, needs at least 1',
      evidence: [],
      counts: { things: 0, violations: 0 },
    });
  });

  it('says when it does not apply, whatever else is unknown', () => {
    const findings = new Findings(definition);
    findings.unknown('first');
    findings.notApplicable('no bank');
    expect(findings.result()).toMatchObject({
      verdict: 'unknown',
      applicable: false,
      reason: 'no bank',
    });
  });

  it('is invalid above all, with the first five pieces of evidence and the whole count', () => {
    const findings = new Findings(definition);
    for (let block = 0; block < 7; block += 1) findings.violation({ message: 'wrong', block });
    findings.notApplicable('no bank');
    const result = findings.result();
    expect(result.verdict).toBe('invalid');
    expect(result).not.toHaveProperty('reason');
    expect(result.evidence.map(({ block }) => block)).toEqual([0, 1, 2, 3, 4]);
    expect(result.counts).toEqual({ violations: 7 });
  });
});
