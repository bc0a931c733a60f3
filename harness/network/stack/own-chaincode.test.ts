import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { indexesFolder, parseOwnChaincode } from './own-chaincode.ts';

let folder: string;
beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(tmpdir(), 'own-')), 'my-assets');
  mkdirSync(folder);
});
afterEach(() => rmSync(path.dirname(folder), { recursive: true }));

describe('parseOwnChaincode', () => {
  it('takes a folder with a Dockerfile, and its name', () => {
    writeFileSync(path.join(folder, 'Dockerfile'), 'FROM x');
    const chaincode = parseOwnChaincode(folder);
    expect(chaincode).toEqual({ name: 'my-assets', source: { folder } });
    expect(indexesFolder(chaincode)).toBe(`${folder}/META-INF/statedb/couchdb/indexes`);
  });

  it('takes anything else as an image', () => {
    expect(parseOwnChaincode('ghcr.io/me/assets:1.2')).toEqual({
      name: 'assets',
      source: { image: 'ghcr.io/me/assets:1.2' },
    });
    expect(parseOwnChaincode('registry/Assets:1', 'assets').name).toBe('assets');
  });

  it.each([
    [() => parseOwnChaincode(folder), /expected a Dockerfile/],
    [() => parseOwnChaincode('./nowhere'), /no such folder/],
    [() => parseOwnChaincode('x/Assets'), /--chaincode-name: expected a lower-case letter/],
    [() => parseOwnChaincode('x/bank'), /"bank" is the chaincode of the harness/],
  ])('refuses what cannot be one', (parse, message) => {
    expect(parse).toThrow(message);
  });
});
