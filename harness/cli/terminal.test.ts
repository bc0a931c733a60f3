import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { table } from '../base/table.ts';
import { terminalProgress } from './terminal.ts';

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

describe('lines of progress', () => {
  /** What is printed to a stream without a width while something is done. */
  async function printed(work: (progress: ReturnType<typeof terminalProgress>) => Promise<void>) {
    const stream = new PassThrough();
    const progress = terminalProgress(stream as unknown as NodeJS.WriteStream);
    await work(progress);
    progress.stop();
    return String(stream.read()).trimEnd().split('\n');
  }

  it('that are long go on below their beginning, within 80 columns', async () => {
    const text = Array.from({ length: 30 }, (_, i) => `word${i}`).join(' ');
    const lines = await printed(async (progress) => {
      progress.say(text);
      await progress.step(text, async () => undefined, 'machines 1, 2, 3');
    });
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines[1]).toMatch(/^ {12}word/);
    expect(lines.join(' ').match(/word\d+/g)).toHaveLength(60);
    expect(lines.at(-1)).toMatch(/\(machines 1, 2, 3\) \d\.\d s$/);
  });

  it('are whole when they fit', async () => {
    const [line] = await printed(async (progress) => progress.say('removed  two objects'));
    expect(line).toMatch(/^ +\d\.\d s {4}removed {2}two objects$/);
  });
});

describe('progress on a terminal', () => {
  it('says where a running step is at work, and in detail what it does, in one line', async () => {
    const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
    const progress = terminalProgress(stream as unknown as NodeJS.WriteStream, undefined, 'xterm');
    await progress.step(
      'start machines',
      async (detail) => detail('waiting for 2, 3'),
      'machines 1, 2, 3',
    );
    progress.stop();
    const drawn = String(stream.read()).split('\r\x1b[K');
    expect(drawn).toContainEqual(
      expect.stringMatching(/… start machines {2}\(machines 1, 2, 3\): waiting for 2, 3$/),
    );
  });
});

describe('progress on a terminal that can only print', () => {
  it.each([
    ['is dumb', { columns: 80 }, 'dumb'],
    ['says that it has no columns', { columns: 0 }, 'xterm'],
    ['says that it has five', { columns: 5 }, 'xterm'],
  ])('that %s is plain lines', async (_, size, term) => {
    const stream = Object.assign(new PassThrough(), { isTTY: true, ...size });
    const progress = terminalProgress(stream as unknown as NodeJS.WriteStream, undefined, term);
    await progress.step('a step with quite a few words in its title', async (detail) => {
      detail('half of it');
    });
    progress.say('one line of text');
    progress.stop();
    const text = String(stream.read());
    expect(text.replaceAll('\n', '')).toBe(
      stripVTControlCharacters(text).replaceAll(/[\r\n]/g, ''),
    );
    expect(text.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/✓ a step with quite a few words in its title {2}\d\.\d s$/),
      expect.stringMatching(/one line of text$/),
    ]);
  });
});
