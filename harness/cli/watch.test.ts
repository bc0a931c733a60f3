import type { ScenarioResult } from '../audit/result.ts';
import { WatchLines } from './watch.ts';

describe('a watched channel', () => {
  const lines = new WatchLines();
  const look = (
    height: number,
    heights: Record<string, number>,
    problems: readonly string[] = [],
  ) =>
    lines.of(
      {
        channel: 'trade',
        look: { height, heights: new Map(Object.entries(heights)) },
        result: {
          status: problems.length > 0 ? 'failed' : 'passed',
          problems,
          expectations: [],
          audit: { verdict: problems.length > 0 ? 'invalid' : 'valid', checks: [], channels: [] },
        } as unknown as ScenarioResult,
      },
      '14:02:11',
    );

  it('tells what has come, who is behind, and each problem when it comes and when it goes', () => {
    expect(look(7, { a: 7, b: 7 })).toEqual(['14:02:11 trade: valid, 7 blocks']);
    expect(look(9, { a: 9, b: 7 }, ['F6'])).toEqual([
      '14:02:11 trade: invalid, 9 blocks (+2), b 2 behind',
      '  F6',
    ]);
    expect(look(9, { a: 9, b: 8 }, ['F6', 'F7'])).toEqual([
      '14:02:11 trade: invalid, 9 blocks (+0), b 1 behind',
      '  F7',
    ]);
    expect(look(10, { a: 10, b: 10 })).toEqual([
      '14:02:11 trade: valid, 10 blocks (+1)',
      '  no longer: F6',
      '  no longer: F7',
    ]);
  });
});
