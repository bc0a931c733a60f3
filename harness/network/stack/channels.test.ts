import { jest } from '@jest/globals';
import type { Endpoints } from '../../fabric/endpoints.ts';
import { loadTopology } from '../../topology/load.ts';
import type { Deployment } from '../deployment.ts';

const budgets: (number | undefined)[] = [];
const definitions: unknown[] = [];
let committed: { readonly sequence: number } | undefined;
let failures = 0;
jest.unstable_mockModule('../../../fabric-client/lifecycle.ts', () => ({
  installChaincode: async () => {},
  defineChaincode: async (
    { budgetMs }: { budgetMs?: number },
    _organisations: unknown,
    definition: unknown,
    packageId: string,
  ) => {
    budgets.push(budgetMs);
    definitions.push([definition, packageId]);
    if (budgets.length <= failures) throw new Error('no commit event');
    return { committed: true };
  },
}));
jest.unstable_mockModule('./committed.ts', () => ({ committedOn: async () => committed }));
const { define, redefine } = await import('./channels.ts');

const nodes = { orderers: [], peers: [], organisations: [] } as unknown as Endpoints;
const defined = (network: string, failing: number) => {
  budgets.length = 0;
  failures = failing;
  const deployment = {
    topology: loadTopology(`fixtures/network/${network}.yaml`),
    definitions: { bank: { version: '1.0', sequence: 1 } },
    packageIds: { bank: 'bank_1.0:0123' },
  } as unknown as Deployment;
  return define({} as never, nodes, deployment, 'mychannel', 'bank', 80_000);
};

describe('define', () => {
  it.each(['raft', 'bft'])(
    'on %s asks again for what may never have been ordered',
    async (name) => {
      await expect(defined(name, 3)).resolves.toBeUndefined();
      expect(budgets).toEqual([20_000, 20_000, 20_000, 20_000]);
    },
  );

  it('gives up when it has asked as often as the budget allows', async () => {
    await expect(defined('raft', 4)).rejects.toThrow('no commit event');
    expect(budgets).toHaveLength(4);
  });

  it('asks Kafka once, with the whole budget: what it took is not lost', async () => {
    await expect(defined('article', 1)).rejects.toThrow('no commit event');
    expect(budgets).toEqual([80_000]);
  });
});

describe('redefine', () => {
  it.each([
    [{ sequence: 3 }, 4],
    [undefined, 1],
  ])('goes on from what is committed, %j: sequence %i', async (known, sequence) => {
    committed = known;
    failures = 0;
    definitions.length = 0;
    const members = { orderers: [], organisations: [{ peers: [{}] }] } as unknown as Endpoints;
    const topology = loadTopology('fixtures/network/article.yaml');
    const on = { connections: {} as never, members, topology, channel: 'c' };
    const next = { name: 'asset', version: '2.0', sequence };
    expect(await redefine(on, { name: 'asset', version: '2.0' }, 'asset_2.0:cd')).toEqual(next);
    expect(definitions).toEqual([[next, 'asset_2.0:cd']]);
  });
});
