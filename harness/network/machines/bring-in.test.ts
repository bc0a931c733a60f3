import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type Docker from 'dockerode';
import { loadTopology } from '../../topology/load.ts';
import { type GivenDefinition, parseOwnChaincode } from '../chaincode/own-chaincode.ts';
import { hashOfGiven } from '../chaincode/prepare.ts';
import { newToNetwork } from './bring-in.ts';
import type { MachinesNetwork } from './network.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bring-in-'));
  writeFileSync(path.join(folder, 'package.json'), '{}');
});
afterEach(() => rmSync(folder, { recursive: true }));

const outer = {} as Docker;
const own = (definition?: GivenDefinition) => parseOwnChaincode(folder, 'asset', definition);

/** A network that runs the folder as it is now. */
async function running() {
  const state = {
    topology: loadTopology('fixtures/network/article.yaml'),
    builds: { asset: { hash: await hashOfGiven(own(), outer) } },
    definitions: { asset: { version: '1.0', sequence: 1 } },
  };
  return { state } as unknown as MachinesNetwork;
}

describe('newToNetwork', () => {
  it('is nothing while build and definition are the same', async () => {
    expect(await newToNetwork(await running(), [own()], outer)).toEqual([]);
  });

  it('is a chaincode that the network lacks', async () => {
    const other = parseOwnChaincode(folder, 'other');
    expect(await newToNetwork(await running(), [own(), other], outer)).toEqual([other]);
  });

  it('is one whose sources have changed', async () => {
    const network = await running();
    writeFileSync(path.join(folder, 'index.js'), '');
    expect(await newToNetwork(network, [own()], outer)).toEqual([own()]);
  });

  it('is one that is to be defined otherwise', async () => {
    const given = own({ policy: "OR('Org1MSP.peer')" });
    expect(await newToNetwork(await running(), [given], outer)).toEqual([given]);
    const newer = own({ version: '1.1' });
    expect(await newToNetwork(await running(), [newer], outer)).toEqual([newer]);
  });

  it('is refused where its policy names a stranger', async () => {
    const given = own({ policy: "OR('Org9MSP.peer')" });
    await expect(newToNetwork(await running(), [given], outer)).rejects.toThrow(/Org9MSP/);
  });
});
