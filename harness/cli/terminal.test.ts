import { PassThrough } from 'node:stream';
import { table, terminalProgress } from './terminal.ts';

it('a table has columns as wide as their widest cell, and nothing behind the last', () => {
  expect(
    table([
      ['A', 'B'],
      ['long', ''],
      ['x', 'y', 'z'],
    ]),
  ).toBe('A     B\nlong\nx     y  z');
  expect(table([])).toBe('');
});

describe('progress without a terminal', () => {
  it('is one plain line for a step that ended, good or bad', async () => {
    const stream = new PassThrough();
    const progress = terminalProgress(stream as unknown as NodeJS.WriteStream);
    await progress.step('form swarm', async () => 1, 'machine 1');
    await expect(
      progress.step('join', async () => Promise.reject(new Error('no'))),
    ).rejects.toThrow('no');
    progress.stop();
    const lines = String(stream.read()).trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^ +\d\.\d s {2}✓ form swarm {2}\(machine 1\) {2}\d\.\d s$/);
    expect(lines[1]).toMatch(/✗ join/);
    expect(progress.steps.map(({ step }) => step)).toEqual(['form swarm', 'join']);
  });
});
