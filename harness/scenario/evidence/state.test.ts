import { parseExact } from '../../base/exact-json.ts';
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
    expect(decodeVersion(text)).toEqual({ version: expected, metadata: '' });
  });

  it('reads the metadata behind it', () => {
    const both = Buffer.concat([
      Buffer.from(version(1, 7, 0), 'base64'),
      Buffer.from([0x12, 1, 9]),
    ]);
    expect(decodeVersion(both.toString('base64'))).toEqual({ version: '7:0', metadata: 'CQ==' });
  });

  it('does not make a version out of something else', () => {
    expect(decodeVersion('AAAA').version).toBe('? (AAAA)');
    expect(decodeVersion(version(1, 7)).version).toMatch(/^\? /);
  });
});

describe('stateEntry', () => {
  const row = { '~version': version(1, 4, 1, 1), _id: 'k', _rev: '1-x' };

  it('gives a JSON document in canonical form, without what CouchDB and Fabric add', () => {
    expect(
      stateEntry({ namespace: 'bank', id: 'k', doc: { ...row, owner: 'ann', balance: 5 } }),
    ).toEqual({
      key: 'k',
      value: '{"balance":5,"owner":"ann"}',
      version: '4:1',
    });
  });

  it('gives other values as base64', () => {
    const data = Buffer.from('90').toString('base64');
    expect(
      stateEntry({
        namespace: 'bank',
        id: 'a',
        doc: { ...row, _attachments: { valueBytes: { data } } },
      }),
    ).toEqual({
      key: 'a',
      value: data,
      version: '4:1',
    });
  });

  it('leaves index definitions out', () => {
    expect(stateEntry({ namespace: 'bank', id: '_design/owner', doc: row })).toBeUndefined();
    expect(stateEntry({ namespace: '', id: 'channel_metadata', doc: {} })).toBeUndefined();
    expect(stateEntry({ namespace: 'bank', id: 'channel_metadata', doc: row })?.version).toBe(
      '4:1',
    );
  });

  it('keeps numbers as the database has them, and the savepoint without a version', () => {
    const doc = parseExact('{"at":1732800000123456789,"n":1.50}') as object;
    expect(stateEntry({ namespace: 'bank', id: 'k', doc: { ...row, ...doc } })?.value).toBe(
      '{"at":1732800000123456789,"n":1.5}',
    );
    const savepoint = parseExact('{"_id":"s","BlockNum":12,"TxNum":3}') as Record<string, unknown>;
    expect(stateEntry({ namespace: '', id: 'statedb_savepoint', doc: savepoint })).toEqual({
      key: 'statedb_savepoint',
      value: '{"BlockNum":12,"TxNum":3}',
      version: '',
    });
  });
});
