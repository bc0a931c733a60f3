import type { MachinesNetwork } from '../network/machines/network.ts';
import { componentsOf } from '../topology/components.ts';
import { loadTopology } from '../topology/load.ts';
import { bftLeg } from './bft.ts';
import { fabric3Leg } from './fabric3.ts';
import { LEGS, legsNamed, stepNamed } from './migrate.ts';
import { noSystemChannelLeg } from './no-system-channel.ts';
import { raftLeg } from './raft.ts';
import type { Road } from './road.ts';
import {
  onFabric3,
  orderedByBft,
  orderedByRaft,
  withEnoughOrderers,
  withoutSystemChannel,
} from './topologies.ts';

const topologyOf = (name: string) => loadTopology(`fixtures/network/${name}.yaml`);

/** A network of which nothing may be asked. */
const roadOf = (name: string) => {
  const topology = topologyOf(name);
  return {
    topology,
    network: { name: 'other', topology } as MachinesNetwork,
  } as Road;
};

it.each([
  [raftLeg, 'raft', '"other" is ordered by raft'],
  [noSystemChannelLeg, 'article', '"other" is ordered by kafka, with system-channel'],
  [noSystemChannelLeg, 'raft', '"other" is ordered by raft, without one'],
  [fabric3Leg, 'article', 'Fabric 3 has no Kafka, first: harness migrate raft'],
  [bftLeg, 'article', 'ordered by kafka on Fabric 2.5.9; first: harness migrate raft'],
  [bftLeg, 'raft', 'ordered by raft on Fabric 2.5.9; first: harness migrate fabric3'],
])('%o refuses %s before anything is asked', async (leg, placement, reason) => {
  await expect(leg.check(roadOf(placement))).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(reason),
  });
});

it('refuses Fabric 3 beside a system channel', async () => {
  const road = { ...roadOf('article'), topology: orderedByRaft(topologyOf('article')) } as Road;
  await expect(fabric3Leg.check(road)).rejects.toThrow(
    'expected no system channel, seen system-channel',
  );
});

it('names legs in the order of the way, and steps of a leg', () => {
  expect(legsNamed(['bft', 'raft'])).toEqual([raftLeg, bftLeg]);
  expect(legsNamed(['all'])).toEqual(LEGS);
  expect(() => legsNamed(['fabric4'])).toThrow('seen "fabric4"');
  expect(stepNamed(raftLeg, 'type').title).toBe('change the type to Raft');
  expect(() => stepNamed(raftLeg, 'types')).toThrow('maintenance, type, restart, normal');
});

it('adds orderers up to four, where there are fewest, on ports that nothing else has', () => {
  const topology = withEnoughOrderers(topologyOf('article'));
  expect(topology.ordering.orderers).toEqual([
    { name: 'orderer0', machine: 1, ports: { general: 7050, operations: 17050, admin: 7150 } },
    { name: 'orderer1', machine: 3, ports: { general: 7049, operations: 17049, admin: 7150 } },
    { name: 'orderer2', machine: 2, ports: { general: 7050, operations: 17050, admin: 7150 } },
    { name: 'orderer3', machine: 3, ports: { general: 7050, operations: 17050, admin: 7151 } },
  ]);
  const ports = componentsOf(topology).flatMap(({ machine, ports: published }) =>
    published.map(({ host }) => `${machine}:${host}`),
  );
  expect(new Set(ports).size).toBe(ports.length);
  expect(withEnoughOrderers(topology)).toEqual(topology);
});

it('ends as a network that BFT orders on Fabric 3, without brokers and system channel', () => {
  const before = topologyOf('article');
  const raft = orderedByRaft(withEnoughOrderers(before));
  expect(raft.ordering).toMatchObject({
    type: 'raft',
    systemChannel: 'system-channel',
    raft: { tickInterval: 500 },
  });
  const after = orderedByBft(onFabric3(withoutSystemChannel(raft)));
  expect(after.ordering).toMatchObject({ type: 'bft', fabric: '3.1.1', bft: {} });
  expect(after.ordering).not.toHaveProperty('raft');
  expect(after.ordering).not.toHaveProperty('systemChannel');
  const kinds = new Set(componentsOf(after).map(({ kind }) => kind));
  expect(kinds.has('kafka') || kinds.has('zookeeper')).toBe(false);
  expect(before.kafka).toBeDefined();
});
