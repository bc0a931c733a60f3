import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadTopology } from '../../topology/load.ts';
import { definitionsOf } from './definition.ts';
import type { GivenDefinition } from './own-chaincode.ts';
import { parseOwnChaincode, withOwnChaincodes } from './own-chaincode.ts';

const topology = loadTopology('fixtures/network/article.yaml');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'definition-'));
  writeFileSync(path.join(folder, 'package.json'), '{}');
});
afterEach(() => rmSync(folder, { recursive: true }));

function define(given: GivenDefinition = {}) {
  const own = [parseOwnChaincode(folder, 'asset', given)];
  return definitionsOf(withOwnChaincodes(topology, own), own);
}

const write = (name: string, content: unknown) =>
  writeFileSync(
    path.join(folder, name),
    typeof content === 'string' ? content : JSON.stringify(content),
  );

const COLLECTION = { name: 'prices', policy: "OR('Org1MSP.member','Org2MSP.member')" };

describe('definitionsOf', () => {
  it('leaves to the channel what nobody says', () => {
    expect(define()).toEqual({
      bank: { version: '1.0', sequence: 1 },
      asset: { version: '1.0', sequence: 1 },
    });
  });

  it('takes policy, initialisation and the collections beside the code', () => {
    write('collections_config.json', [
      {
        ...COLLECTION,
        maxPeerCount: 3,
        endorsementPolicy: { signaturePolicy: "OR('Org1MSP.peer')" },
      },
    ]);
    const policy = "AND('Org1MSP.peer','Org2MSP.peer')";
    expect(define({ policy, initRequired: true }).asset).toEqual({
      version: '1.0',
      sequence: 1,
      policy,
      initRequired: true,
      collections: [{ ...COLLECTION, maxPeerCount: 3, endorsementPolicy: "OR('Org1MSP.peer')" }],
    });
  });

  it('takes a policy of the channel', () => {
    const policy = '/Channel/Application/Endorsement';
    expect(define({ policy }).asset?.policy).toBe(policy);
  });

  it.each([
    [{ policy: "AND('Org1MSP.peer'" }, /endorsement policy AND\('Org1MSP.peer'/],
    [{ policy: "OR('Org9MSP.peer')" }, /expected organisations of the network .*seen Org9MSP/],
    [{ policy: "OR('Org1MSP.boss')" }, /Org1MSP.boss/],
  ])('refuses a policy that cannot hold: %j', (given, message) => {
    expect(() => define(given)).toThrow(message);
  });

  it('refuses a collection of a stranger, and a file that is none', () => {
    write('collections_config.json', [{ ...COLLECTION, policy: "OR('Org9MSP.member')" }]);
    expect(() => define()).toThrow(/chaincode asset: policy OR\('Org9MSP.member'\).*Org9MSP/);
    write('collections_config.json', [{ name: 'prices', polcy: 'x' }]);
    expect(() => define()).toThrow(/collections_config.json: 0/);
    write('collections_config.json', '[');
    expect(() => define()).toThrow(/expected JSON/);
  });

  it.each([
    ['main.go', 'const prices = "prices"\n\nctx.GetStub().PutPrivateData(prices, id, price)', 3],
    ['main.mjs', "await stub.putPrivateData('prices', key, value);", 1],
    ['Asset.java', 'static final String P = "prices";\nstub.getPrivateData(P, id);', 2],
  ])('names the collection that %s uses and nobody defines', (file, text, line) => {
    write(file, text);
    expect(() => define()).toThrow(
      new RegExp(`${file}, line ${line}, uses the collection "prices".*collections_config.json`),
    );
    write('collections_config.json', [COLLECTION]);
    expect(define().asset?.collections).toEqual([COLLECTION]);
  });

  it('asks no definition of collections of one organisation, nor of names that only the run knows', () => {
    write(
      'a.js',
      "stub.putPrivateData('_implicit_org_Org1MSP', k, v);\nstub.getPrivateData(name(), k);",
    );
    expect(define().asset).toEqual({ version: '1.0', sequence: 1 });
  });
});
