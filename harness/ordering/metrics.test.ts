import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadTopology } from '../topology/load.ts';
import { bft } from './bft/bft.ts';
import { leaderIdAmong } from './bft/leader.ts';
import { metricsOf } from './metrics.ts';
import { leaderAmong } from './raft/leader.ts';
import { raft } from './raft/raft.ts';

const text = [
  '# HELP consensus_etcdraft_is_leader The leadership status of the current node',
  'consensus_etcdraft_is_leader{channel="mychannel"} 1',
  'consensus_etcdraft_is_leader{channel="mychannel2"} 0',
  'consensus_etcdraft_active_nodes{channel="mychannel"} 3',
  'broadcast_enqueue_duration_count{channel="mychannel",type="ENDORSER_TRANSACTION"} 4',
].join('\n');

const of = (values: Record<string, Record<string, number>>) =>
  new Map(Object.entries(values).map(([name, one]) => [name, new Map(Object.entries(one))]));

it('reads what an orderer measures of one channel', () => {
  expect([...metricsOf(text, 'mychannel')]).toEqual([
    ['consensus_etcdraft_is_leader', 1],
    ['consensus_etcdraft_active_nodes', 3],
  ]);
});

it.each([
  ['the one that says so', { orderer0: [0, 0], orderer1: [1, 3] }, 'orderer1'],
  ['of two, the one that others still follow', { orderer0: [1, 1], orderer1: [1, 2] }, 'orderer1'],
  ['none in an election', { orderer0: [0, 0], orderer1: [0, 0] }, undefined],
  ['none when nobody answers', {}, undefined],
])('takes for Raft’s leader %s', (_, said: Record<string, readonly number[]>, expected) => {
  const values = Object.entries(said).map(([name, [leader = 0, active = 0]]) => [
    name,
    { consensus_etcdraft_is_leader: leader, consensus_etcdraft_active_nodes: active },
  ]);
  expect(leaderAmong(of(Object.fromEntries(values)))).toBe(expected);
});

it('takes for BFT’s leader whom most orderers follow, whatever one that restarted says', () => {
  const leader = 'consensus_smartbft_view_leader_id';
  const metrics = { a: { [leader]: 1 }, b: { [leader]: 2 }, c: { [leader]: 2 } };
  expect(leaderIdAmong(of(metrics))).toBe(2);
  expect(leaderIdAmong(new Map())).toBeUndefined();
});

describe('a network whose first orderer alone answers', () => {
  let port = 0;
  const bftText = ['consensus_smartbft_view_leader_id{channel="mychannel"} 3'];
  const server = createServer((_, response) => {
    response.end(`${text}\n${bftText.join('\n')}\n`);
  });
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.close();
  });

  const place = (name: string) => {
    const topology = loadTopology(`fixtures/network/${name}.yaml`);
    const orderers = topology.ordering.orderers.map((orderer, i) => ({
      ...orderer,
      ports: { ...orderer.ports, operations: i === 0 ? port : 1 },
    }));
    const addresses = { 1: '127.0.0.1', 2: '127.0.0.1', 3: '127.0.0.1', 4: '127.0.0.1' };
    const ordering = { ...topology.ordering, orderers };
    return { topology: { ...topology, ordering }, addresses, channel: 'mychannel' };
  };

  it('Raft: it leads, and nobody is known to follow', async () => {
    expect(await raft.roles.leader(place('raft'))).toEqual(['orderer0']);
    expect(await raft.roles.followers(place('raft'))).toEqual([]);
    expect(await raft.roles.blocking(place('raft'))).toEqual(['orderer0', 'orderer1']);
    expect(await raft.roles.consenters(place('raft'))).toEqual([
      'orderer0',
      'orderer1',
      'orderer2',
    ]);
  });

  it('BFT: the third leads, by its number in the channel’s configuration', async () => {
    expect(await bft.roles.leader(place('bft'))).toEqual(['orderer2']);
    expect(await bft.roles.followers(place('bft'))).toEqual(['orderer0']);
    expect(await bft.roles.blocking(place('bft'))).toEqual(['orderer2', 'orderer0']);
    expect(await bft.roles.consenters(place('bft'))).toHaveLength(4);
  });

  it('BFT: it is settled once it holds no request and is in a view', async () => {
    await expect(bft.settled(place('bft'))).resolves.toBeUndefined();
    bftText.push(
      'consensus_smartbft_pool_count_of_elements{channel="mychannel"} 5',
      'consensus_smartbft_viewchange_next_view{channel="mychannel"} 7',
      'consensus_smartbft_viewchange_real_view{channel="mychannel"} 1',
    );
    await expect(bft.settled(place('bft'))).rejects.toThrow(
      'orderer0 holds 5 requests between view 1 and 7',
    );
  });
});
