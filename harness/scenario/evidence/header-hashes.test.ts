import { disagreements } from './header-hashes.ts';

describe('disagreements', () => {
  it('are none where every node has the same headers', () => {
    expect(
      disagreements(
        new Map([
          ['peer0', ['a', 'b']],
          ['orderer0', ['a', 'b']],
        ]),
      ),
    ).toEqual([]);
  });

  it('name the block and who holds what, also where a chain is shorter', () => {
    const hashes = new Map([
      ['peer0', ['a', 'b', 'c']],
      ['peer1', ['a', 'x', 'c']],
      ['orderer0', ['a', 'b']],
    ]);
    expect(disagreements(hashes)).toEqual([
      'block 1: b on peer0, orderer0; x on peer1',
      'block 2: c on peer0, peer1; none on orderer0',
    ]);
  });

  it('are one where nothing was read: nothing was compared then', () => {
    expect(disagreements(new Map())).toEqual(['no block was read from any node']);
    expect(disagreements(new Map([['peer0', []]]))).toHaveLength(1);
  });
});
