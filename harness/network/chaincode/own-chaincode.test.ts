import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseOwnChaincode } from './own-chaincode.ts';

let folder: string;
beforeEach(() => {
  folder = path.join(mkdtempSync(path.join(tmpdir(), 'own-')), 'my-assets');
  mkdirSync(folder);
});
afterEach(() => rmSync(path.dirname(folder), { recursive: true }));

const file = (name: string) => writeFileSync(path.join(folder, name), '');

describe('parseOwnChaincode', () => {
  it('takes a folder with a Dockerfile, and its name', () => {
    file('Dockerfile');
    file('go.mod');
    expect(parseOwnChaincode(folder)).toEqual({
      name: 'my-assets',
      source: { kind: 'dockerfile', folder, sources: 'go' },
    });
  });

  it.each([
    [['go.mod'], 'go'],
    [['package.json'], 'javascript'],
    [['package.json', 'tsconfig.json'], 'typescript'],
    [['pom.xml', 'build.gradle'], 'java'],
  ])('takes sources without one: %j', (files, language) => {
    for (const name of files) file(name);
    expect(parseOwnChaincode(folder).source).toEqual({ kind: 'sources', folder, language });
  });

  it.each([
    ['ghcr.io/me/assets:1.2', 'assets'],
    ['localhost:5000/acme/asset:1.2', 'asset'],
    ['localhost:5000/acme/asset', 'asset'],
    ['registry.example.com:443/a/b/notary@sha256:0123', 'notary'],
  ])('takes anything else as an image: %s', (image, name) => {
    expect(parseOwnChaincode(image)).toEqual({ name, source: { kind: 'image', image } });
  });

  it('takes a name of the user’s choice', () => {
    expect(parseOwnChaincode('registry/Assets:1', 'assets').name).toBe('assets');
  });

  it.each([
    [() => parseOwnChaincode(folder), /expected a Dockerfile, go.mod, package.json or pom.xml/],
    [() => parseOwnChaincode('./nowhere'), /no such folder/],
    [() => parseOwnChaincode('x/Assets'), /--chaincode-name: expected a lower-case letter/],
    [() => parseOwnChaincode('x/bank'), /"bank" is the chaincode of the harness/],
  ])('refuses what cannot be one', (parse, message) => {
    expect(parse).toThrow(message);
  });

  it('says that Gradle is not to be had', () => {
    file('build.gradle');
    expect(() => parseOwnChaincode(folder)).toThrow(/built with Gradle.*expected a pom.xml/);
  });
});
