import type { MachinesNetwork, NetworkState } from '../network/machines/network.ts';
import { componentsOf } from '../topology/components.ts';
import { loadTopology } from '../topology/load.ts';
import { migrateToRaft, orderedByRaft } from './raft.ts';

const topologyOf = (name: string) => loadTopology(`fixtures/network/${name}.yaml`);

it('refuses a network that Kafka does not order, before anything is asked', async () => {
  const topology = topologyOf('raft');
  const network = { name: 'other', topology } as MachinesNetwork;
  const progress = { step: () => Promise.reject(new Error('begun')) } as never;
  const { signal } = new AbortController();
  await expect(migrateToRaft(network, { progress, signal })).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('"other" is ordered by raft'),
  });
});

it('leaves a network without brokers, ordered by Raft, with its system channel', () => {
  const before = { name: 'fabric', topology: topologyOf('article') } as NetworkState;
  const { topology } = orderedByRaft(before);
  expect(topology.ordering).toMatchObject({
    type: 'raft',
    systemChannel: 'system-channel',
    raft: { tickInterval: 500 },
  });
  const kinds = new Set(componentsOf(topology).map(({ kind }) => kind));
  expect(kinds.has('kafka') || kinds.has('zookeeper')).toBe(false);
  expect(kinds.has('orderer')).toBe(true);
  expect(before.topology.kafka).toBeDefined();
});
