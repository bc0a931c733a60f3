/**
 * JSON with its numbers as they are written. JavaScript's own parser makes them doubles, and so takes 2^53 + 1 for 2^53.
 */

/** What a number becomes: a string with this in front, which no sensible text begins with. */
const MARK = '\u0000#';

const TOKENS = /"(?:[^"\\]|\\.)*"|-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/g;

/** A number as it was written. */
export type ExactNumber = string;

/**
 * Parses JSON, keeping each number as a marked string: see {@link exactNumber}.
 *
 * @throws {SyntaxError} when it is no JSON
 */
export function parseExact(text: string): unknown {
  return JSON.parse(
    text.replace(TOKENS, (token) =>
      // A number that is none, such as 01, is left for the parser to refuse.
      token.startsWith('"') || !isNumber(token) ? token : `"\\u0000#${token}"`,
    ),
  ) as unknown;
}

const isNumber = (token: string): boolean => !/^-?0[0-9]/.test(token);

/** The text of a number that {@link parseExact} has read; `undefined` for anything else. */
export const exactNumber = (value: unknown): ExactNumber | undefined =>
  typeof value === 'string' && value.startsWith(MARK) ? value.slice(MARK.length) : undefined;

/**
 * One form for all ways of writing the same decimal number: `1.0`, `1` and `10e-1` are `1`. Nothing is rounded.
 */
export function canonicalNumber(text: ExactNumber): string {
  const [, sign = '', whole = '0', fraction = '', exponent = '0'] =
    /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([-+]?[0-9]+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  if (digits === '') return '0';
  const significant = digits.replace(/0+$/, '');
  const scale = Number(exponent) - fraction.length + (digits.length - significant.length);
  if (scale >= 0 && scale <= 400) return `${sign}${significant}${'0'.repeat(scale)}`;
  const point = significant.length + scale;
  if (scale < 0 && point > 0) {
    return `${sign}${significant.slice(0, point)}.${significant.slice(point)}`;
  }
  if (scale < 0 && point > -30) return `${sign}0.${'0'.repeat(-point)}${significant}`;
  return `${sign}${significant}e${scale}`;
}
