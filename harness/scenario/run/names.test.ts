import fc from 'fast-check';
import { namesOf } from './names.ts';

const SUFFIX = '1a2b';
const shown = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .filter((name) => name.trim() !== '' && name.length <= 200 && !/\p{C}/u.test(name));

describe('names of a scenario', () => {
  it('are its words, where they say it all', () => {
    expect(namesOf('crash an orderer', SUFFIX)).toEqual({
      folder: 'scenarios/crash-an-orderer',
      channel: 'crash-an-orderer-1a2b',
    });
  });

  it('exist in any script', () => {
    expect(namesOf('主节点崩溃', SUFFIX)).toEqual({
      folder: expect.stringMatching(/^scenarios\/[0-9a-f]{10}$/),
      channel: expect.stringMatching(/^s-[0-9a-f]{10}-1a2b$/),
    });
    expect(namesOf('Für Elise', SUFFIX).folder).toMatch(/^scenarios\/fur-elise-[0-9a-f]{10}$/);
  });

  it.each([
    ['crash the leader of the topic once', 'crash the leader of the topic twice'],
    ['crash a peer', 'crash a-peer'],
    ['crash a peer', 'Crash a peer'],
    ['crash a peer', 'crash a peer!'],
    ['1 a', '2 a'],
    ['主节点崩溃', '主节点恢复'],
    ['e', 'é'],
    [`${'a '.repeat(40)}b`, `${'a '.repeat(40)}c`],
  ])('of "%s" and "%s" differ', (one, other) => {
    const a = namesOf(one, SUFFIX);
    const b = namesOf(other, SUFFIX);
    expect(a.folder).not.toBe(b.folder);
    expect(a.channel).not.toBe(b.channel);
  });

  it('of any two names differ, and are what Fabric and a file system take', () => {
    fc.assert(
      fc.property(shown, shown, (one, other) => {
        const a = namesOf(one, SUFFIX);
        const b = namesOf(other, SUFFIX);
        expect(a.channel).toMatch(/^[a-z][a-z0-9-]{0,44}$/);
        expect(a.folder).toMatch(/^scenarios\/[a-z0-9-]{1,51}$/);
        expect(a.folder === b.folder).toBe(one === other);
        expect(a.channel === b.channel).toBe(one === other);
      }),
    );
  });

  it.each(['', '  ', 'two\nlines', `${'x'.repeat(201)}`, 'a\u200bb'])('refuse %j', (name) => {
    expect(() => namesOf(name, SUFFIX)).toThrow(/expected a name of one line/);
  });
});
