import { decodeVersion, stateEntry } from './state.ts';

/** Fabric's encoding: field 1 of a message, two numbers as a length byte and big-endian bytes. */
const version = (...bytes: number[]) =>
  Buffer.from([0x0a, bytes.length, ...bytes]).toString('base64');

describe('decodeVersion', () => {
  it.each([
    [version(1, 7, 1, 3), '7:3'],
    [version(1, 7, 0), '7:0'],
    [version(2, 1, 0, 1, 255), '256:255'],
  ])('reads %s as %s', (text, expected) => {
    expect(decodeVersion(text)).toBe(expected);
  });

  it('does not make a version out of something else', () => {
    expect(decodeVersion('AAAA')).toBe('? (AAAA)');
    expect(decodeVersion(version(1, 7))).toMatch(/^\? /);
  });
});

describe('stateEntry', () => {
  const row = { '~version': version(1, 4, 1, 1), _id: 'k', _rev: '1-x' };

  it('gives a JSON document in canonical form, without what CouchDB and Fabric add', () => {
    expect(stateEntry({ id: 'k', doc: { ...row, owner: 'ann', balance: 5 } })).toEqual({
      key: 'k',
      value: '{"balance":5,"owner":"ann"}',
      version: '4:1',
    });
  });

  it('gives other values as base64', () => {
    const data = Buffer.from('90').toString('base64');
    expect(
      stateEntry({ id: 'a', doc: { ...row, _attachments: { valueBytes: { data } } } }),
    ).toEqual({
      key: 'a',
      value: data,
      version: '4:1',
    });
  });

  it('leaves index definitions out', () => {
    expect(stateEntry({ id: '_design/owner', doc: row })).toBeUndefined();
  });
});
