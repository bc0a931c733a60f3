import { transfers } from '../../workload/profile.ts';
import { readingFrom } from './load-phase.ts';

describe('reads of a load', () => {
  const all = [{ name: 'peer0' }, { name: 'peer1' }];
  const load = (peers: readonly string[]) =>
    transfers({ clients: 2, accounts: 20, reads: { share: 0.5, peers } });

  it('are of all peers unless some are named', () => {
    expect(readingFrom(load([]), all).reads).toMatchObject({
      share: 0.5,
      peers: ['peer0', 'peer1'],
    });
    expect(readingFrom(load(['peer1']), all).reads.peers).toEqual(['peer1']);
  });
});
