import { noneAnswers } from './reader.ts';

describe('why a channel cannot be read', () => {
  const node = (problem: 'silent' | 'refused' | 'not there' | 'broken') => ({
    name: problem,
    kind: 'peer' as const,
    problem,
    text: `${problem} it is`,
  });
  const head = (...problems: Parameters<typeof node>[0][]) =>
    noneAnswers(problems.map(node), 'trade')[0];

  it('is one thing where all nodes say the same', () => {
    expect(head('refused', 'refused')).toMatch(/^channel trade: every node refuses the identity/);
    expect(head('not there')).toBe('channel trade: no node has it');
    expect(head('refused', 'not there')).toMatch(/expected at least one node that answers/);
    expect(head('silent')).toMatch(/expected at least one node that answers/);
  });

  it('is told of each', () => {
    expect(noneAnswers([node('silent'), node('broken')], 'trade').slice(1)).toEqual([
      '  silent it is',
      '  broken it is',
    ]);
  });
});
