import { canonicalJson, canonicalValue, roundedValue } from './canonical.ts';

describe('canonicalJson', () => {
  it('sorts keys at every depth and leaves lists in order', () => {
    expect(canonicalJson({ b: [{ d: 1, c: null }, 2], a: 'ü"' })).toBe(
      '{"a":"ü\\"","b":[{"c":null,"d":1},2]}',
    );
    expect(canonicalJson(null)).toBe('null');
  });
});

describe('canonicalValue', () => {
  it('takes JSON objects as documents, given as bytes or as latin1', () => {
    const json = '{ "b": "ü", "a": 1.0 }';
    const expected = '{"a":1,"b":"ü"}';
    expect(canonicalValue(Buffer.from(json))).toBe(expected);
    expect(canonicalValue(Buffer.from(json).toString('latin1'))).toBe(expected);
  });

  it('keeps every digit of a number, and gives equal ones one form', () => {
    expect(canonicalValue('{"a":1732800000123456789,"b":[1.50,1e2]}')).toBe(
      '{"a":1732800000123456789,"b":[1.5,100]}',
    );
    expect(roundedValue('{"a":1732800000123456789}')).toBe('{"a":1732800000123456800}');
    expect(roundedValue('rubbish')).toBe(canonicalValue('rubbish'));
  });

  it.each(['100', '[1]', 'null', '"text"', 'rubbish', ''])('takes %j as bytes', (value) => {
    expect(canonicalValue(Buffer.from(value))).toBe(Buffer.from(value).toString('base64'));
  });

  it('keeps bytes that are no text', () => {
    expect(canonicalValue(Uint8Array.of(0, 255))).toBe('AP8=');
    expect(canonicalValue('\u0000\u00ff')).toBe('AP8=');
  });
});
