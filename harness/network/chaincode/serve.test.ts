import { loadTopology } from '../../topology/load.ts';
import { serving } from './serve.ts';

describe('the machines that hold the image of a chaincode', () => {
  it('are those with a peer, and the first', () => {
    const topology = loadTopology('fixtures/network/article.yaml');
    const machines = topology.machines.map(({ number }) => ({ number }));
    expect(serving(machines, topology).map(({ number }) => number)).toEqual([1, 2]);
    expect(serving(machines.toReversed(), topology).map(({ number }) => number)).toEqual([3, 2, 1]);
  });
});
