import { loadTopology } from '../../topology/load.ts';
import { plannedCall } from './custom-load.ts';
import { shares } from './definition.ts';

const network = { topology: loadTopology('fixtures/network/article.yaml') };
const call = { function: 'set', args: ['a'] };

describe('plannedCall', () => {
  it('passes on what an author says in the words of the workload', () => {
    const planned = plannedCall(
      { ...call, transient: { price: '7' }, endorsers: ['Org2'], refusal: 'possible', init: true },
      network,
      0,
    );
    expect(planned).toEqual({
      ...call,
      transient: { price: Buffer.from('7') },
      endorsers: ['Org2MSP'],
      refusal: 'possible',
      init: true,
    });
    expect(plannedCall(call, network, 0)).toEqual(call);
  });

  it('asks the peers of the client’s organisation in turn, or the one that the author names', () => {
    const asked = (turn: number, peer?: string) =>
      plannedCall({ ...call, evaluate: true, ...(peer ? { peer } : {}) }, network, turn, 'Org2MSP')
        .peer;
    expect([0, 1, 2].map((turn) => asked(turn))).toEqual([
      'peer0.org2',
      'peer1.org2',
      'peer0.org2',
    ]);
    expect(asked(0, 'peer1.org1')).toBe('peer1.org1');
  });

  it('says what the network does not have', () => {
    expect(() => plannedCall({ ...call, peer: 'peer9' }, network, 0)).toThrow(
      /call of set: expected a peer of the network \(peer0.org1.*seen peer9/,
    );
    expect(() => plannedCall({ ...call, endorsers: ['Org9'] }, network, 0)).toThrow(
      /expected an organisation of the network \(Org1, Org2\), seen Org9/,
    );
  });
});

describe('shares', () => {
  it('gives each part its share', () => {
    const next = shares(
      [0.75, () => ({ function: 'write', args: [] })],
      [0.25, () => ({ function: 'read', args: [] })],
    );
    const drawn = [0, 0.74, 0.75, 0.999].map((value) => next(0, 0, () => value).function);
    expect(drawn).toEqual(['write', 'write', 'read', 'read']);
  });

  it('refuses shares that do not add up', () => {
    expect(() => shares([0.5, () => call])).toThrow('expected a sum of 1, seen 0.5');
  });
});
