import { canonicalJson, canonicalValue } from './canonical.ts';

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

  it.each(['100', '[1]', 'null', '"text"', 'rubbish', ''])('takes %j as bytes', (value) => {
    expect(canonicalValue(Buffer.from(value))).toBe(Buffer.from(value).toString('base64'));
  });

  it('keeps bytes that are no text', () => {
    expect(canonicalValue(Uint8Array.of(0, 255))).toBe('AP8=');
    expect(canonicalValue('\u0000\u00ff')).toBe('AP8=');
  });
});
