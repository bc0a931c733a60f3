import fc from 'fast-check';
import { compareKeys, OrderedKeys } from './keys.ts';

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
/** Strings around everything that makes UTF-16 and UTF-8 order differ. */
const key = fc.string({
  unit: fc.constantFrom(
    'a',
    'b',
    '\u0000',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{10ffff}',
  ),
  maxLength: 4,
});

describe('compareKeys', () => {
  it('orders as the bytes of UTF-8 do', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        expect(Math.sign(compareKeys(a, b))).toBe(byBytes(a, b));
      }),
      { numRuns: 2_000, seed: 1 },
    );
  });
});

describe('OrderedKeys', () => {
  it('gives what sorting and filtering gives, whatever was added and deleted', () => {
    const command = fc.tuple(fc.boolean(), key);
    fc.assert(
      fc.property(
        fc.array(key),
        fc.array(command, { maxLength: 60 }),
        key,
        key,
        (initial, commands, start, end) => {
          const expected = new Set(initial);
          const keys = new OrderedKeys(expected);
          for (const [add, name] of commands) {
            if (add) {
              expected.add(name);
              keys.add(name);
            } else {
              expected.delete(name);
              keys.delete(name);
            }
          }
          const inRange = [...expected]
            .filter((name) => byBytes(name, start) >= 0 && (end === '' || byBytes(name, end) < 0))
            .sort(byBytes);
          expect([...keys.range(start, end)]).toEqual(inRange);
        },
      ),
      { numRuns: 500, seed: 1 },
    );
  });

  it('stays sorted over many chunks', () => {
    const name = (number: number): string => String(number).padStart(5, '0');
    const all = Array.from({ length: 5_000 }, (_, number) => name(number));
    const keys = new OrderedKeys(all.filter((_, number) => number % 7 === 0));
    // A stride that is prime to the count visits all in a scattered order; every key is added at least once.
    for (let step = 0; step < 5_000; step += 1) keys.add(name((step * 2_003) % 5_000));
    expect([...keys.range('', '')]).toEqual(all);
    expect([...keys.range(name(1_000), name(1_003))]).toEqual(['01000', '01001', '01002']);
    for (let step = 0; step < 5_000; step += 1) {
      if (step % 5 !== 0) keys.delete(name((step * 2_003) % 5_000));
    }
    expect([...keys.range('', '')]).toEqual(all.filter((_, number) => number % 5 === 0));
    keys.delete('nothing');
    for (const each of all) keys.delete(each);
    expect([...keys.range('', '')]).toEqual([]);
    keys.delete('00000');
    keys.add('z');
    expect([...keys.range('', '')]).toEqual(['z']);
  });
});
