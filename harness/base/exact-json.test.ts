import fc from 'fast-check';
import { canonicalNumber, exactNumber, parseExact } from './exact-json.ts';

describe('parseExact', () => {
  it('keeps numbers as they are written, in lists and objects', () => {
    const parsed = parseExact('{"a":1732800000123456789,"b":[-0.10,1E+3],"c":"12 \\"7\\" \\\\"}');
    const { a, b, c } = parsed as { a: unknown; b: unknown[]; c: string };
    expect(exactNumber(a)).toBe('1732800000123456789');
    expect(b.map(exactNumber)).toEqual(['-0.10', '1E+3']);
    expect(c).toBe('12 "7" \\');
    expect(exactNumber(c)).toBeUndefined();
    expect(exactNumber(null)).toBeUndefined();
  });

  it.each(['01', '-01', '1.', '.5', '{"a":1', '+1', '', '1 2', '"a\nb"'])('refuses %j', (text) => {
    expect(() => parseExact(text)).toThrow(SyntaxError);
  });

  it('parses what JSON.parse parses, to the same but for numbers', () => {
    const plain = (value: unknown): unknown => {
      const number = exactNumber(value);
      if (number !== undefined) return Number(number) + 0;
      if (Array.isArray(value)) return value.map(plain);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
    };
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(plain(parseExact(text))).toEqual(
          JSON.parse(text, (_, value) => (typeof value === 'number' ? value + 0 : value)),
        );
      }),
    );
  });
});

describe('canonicalNumber', () => {
  it.each([
    ['1', '1'],
    ['1.0', '1'],
    ['10e-1', '1'],
    ['-1.50', '-1.5'],
    ['100', '100'],
    ['1e2', '100'],
    ['0', '0'],
    ['-0', '0'],
    ['0.000', '0'],
    ['0.10', '0.1'],
    ['12.5e-3', '0.0125'],
    ['1732800000123456789', '1732800000123456789'],
    ['1732800000123456789.0', '1732800000123456789'],
    ['5e-400', '5e-400'],
    ['5e401', '5e401'],
  ])('writes %s as %s', (text, expected) => {
    expect(canonicalNumber(text)).toBe(expected);
  });
});
