import { loadTopology } from '../topology/load.ts';
import { type Endpoints, endpointsOfChannel, endpointsOfMembers } from './endpoints.ts';

const topology = {
  ...loadTopology('fixtures/network/article.yaml'),
  channels: [
    { name: 'all', organisations: ['Org1', 'Org2'], chaincodes: ['bank'] },
    { name: 'private', organisations: ['Org2'], chaincodes: ['bank'] },
  ],
};
const peer = (name: string, mspId: string) => ({ name, mspId }) as Endpoints['peers'][number];
const organisation = (mspId: string, ...names: string[]) =>
  ({
    mspId,
    peers: names.map((name) => peer(name, mspId)),
  }) as unknown as Endpoints['organisations'][number];
const organisations = [
  organisation('Org1MSP', 'peer0.org1', 'peer1.org1'),
  organisation('Org2MSP', 'peer0.org2', 'peer1.org2'),
];
const endpoints: Endpoints = {
  orderers: [{ name: 'orderer0' }] as unknown as Endpoints['orderers'],
  organisations,
  peers: organisations.flatMap(({ peers }) => peers),
};
const namesOf = ({ peers }: Endpoints) => peers.map(({ name }) => name);

describe('the endpoints of a channel', () => {
  it('are those of its members alone, and every orderer', () => {
    const found = endpointsOfChannel(endpoints, topology, 'private');
    expect(namesOf(found)).toEqual(['peer0.org2', 'peer1.org2']);
    expect(found.organisations.map(({ mspId }) => mspId)).toEqual(['Org2MSP']);
    expect(found.orderers).toBe(endpoints.orderers);
  });

  it('are all of them where all are members', () => {
    expect(endpointsOfChannel(endpoints, topology, 'all')).toEqual(endpoints);
  });

  it.each([
    [['Org1', 'Org9'], 'Org9'],
    [[], 'none'],
  ])('are refused for members %j', (members, seen) => {
    expect(() => endpointsOfMembers(endpoints, topology, members)).toThrow(
      `members of a channel: expected organisations of the network (Org1, Org2), seen ${seen}`,
    );
  });

  it('are refused for a channel that is not there', () => {
    expect(() => endpointsOfChannel(endpoints, topology, 'other')).toThrow(/^channel other: /);
  });
});
