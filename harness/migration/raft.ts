import { UsageError } from '../base/errors.ts';
import { consensusUpdate } from './consensus.ts';
import type { Leg } from './leg.ts';
import { backOut, enterMaintenance, leaveMaintenance } from './maintenance.ts';
import { addOrderers } from './orderers.ts';
import { raftMetadata } from './raft-metadata.ts';
import { raftProblems } from './readiness.ts';
import type { Road } from './road.ts';
import { orderedByRaft } from './topologies.ts';

/**
 * Kafka → Raft in Fabric's order (docs/source/kafka_raft_migration.md): all channels into maintenance, the system
 * channel first; the new type; orderers and Kafka down, orderers up; out of maintenance.
 */
export const raftLeg: Leg = {
  name: 'raft',
  title: 'from Kafka to Raft',
  stops: ['maintenance', 'normal'],
  steps: [
    {
      name: 'orderers',
      title: 'add orderers on Kafka, until there are enough for BFT',
      byHand: [
        'Start further orderers (identity, TLS certificate, the genesis block of the system channel) until there are four; they replay the topics.',
        'Add them to OrdererAddresses and to Endpoints of their organisation, on the system channel and on every channel.',
      ],
      run: addOrderers,
    },
    {
      name: 'maintenance',
      title: 'put every channel into maintenance',
      byHand: [
        'peer channel update, system channel first: ConsensusType.state = STATE_MAINTENANCE, and nothing else.',
        'peer channel fetch config from every orderer as an orderer admin: kafka, STATE_MAINTENANCE.',
      ],
      run: async (road) => enterMaintenance(road, await road.channels(), 'kafka'),
    },
    {
      name: 'type',
      title: 'change the type to Raft',
      byHand: [
        'Stop orderers, Kafka, ZooKeeper; back up their file systems; start them again.',
        'peer channel update: ConsensusType.type = etcdraft, metadata = consenters (host, port, both TLS certificates) and options; the state stays STATE_MAINTENANCE. It must be the last configuration of each channel before the restart.',
      ],
      async run(road) {
        const metadata = raftMetadata(road.topology, road.state.identities);
        await road.change(await road.channels(), (now) =>
          now.type === 'kafka' ? consensusUpdate(now, { type: 'etcdraft', metadata }) : undefined,
        );
      },
    },
    {
      name: 'restart',
      title: 'stop orderers, Kafka and ZooKeeper, start the orderers',
      byHand: [
        'Stop all orderers, then Kafka, then ZooKeeper. Start the orderers alone, with an admin listener (ORDERER_ADMIN_…) and channel participation enabled.',
        'Log of each orderer, for each channel: "Consensus-type migration detected", then "Raft leader changed: 0 -> N".',
      ],
      run: restart,
    },
    {
      name: 'normal',
      title: 'take every channel out of maintenance',
      byHand: ['peer channel update, system channel first: ConsensusType.state = STATE_NORMAL.'],
      run: async (road) => leaveMaintenance(road, await road.channels()),
    },
  ],
  async check(road) {
    const { type, systemChannel } = road.topology.ordering;
    // One that was interrupted after the restart is Raft's already, and has its system channel yet.
    if (!systemChannel || type === 'bft') {
      throw new UsageError([
        `migrate raft: expected a network that Kafka orders, "${road.network.name}" is ordered by ${type}`,
      ]);
    }
    const channels = await road.channels();
    const seen = (await Promise.all(channels.map((channel) => road.readAll(channel)))).flat();
    const odd = seen.filter((one) => !['kafka', 'etcdraft'].includes(one.type));
    if (odd.length > 0) {
      throw new UsageError(odd.map((one) => `channel ${one.channel}: ordered by ${one.type}`));
    }
  },
  async abort(road) {
    const channels = await road.channels();
    // Until the orderers are restarted, Kafka orders whatever the type is, and Fabric lets it be changed back.
    if (road.topology.kafka) {
      await road.change(channels, (now) =>
        now.type === 'etcdraft' && now.maintenance
          ? consensusUpdate(now, { type: 'kafka', metadata: new Uint8Array() })
          : undefined,
      );
    }
    return backOut(road, 'raft', 'kafka', channels);
  },
};

async function restart(road: Road): Promise<void> {
  const names = road.orderers.map(({ name }) => name);
  await road.scale(names, 1);
  const channels = await road.channels();
  const states = await Promise.all(channels.map((channel) => road.read(channel)));
  const { kafka, zookeeper } = road.topology;
  if (!kafka && states.every(({ maintenance }) => !maintenance)) return;
  const [systemChannel] = channels;
  if (!systemChannel) throw new Error('migrate: expected a system channel, seen none');
  const problems = raftProblems(await road.held(channels), road.certificates);
  if (problems.length > 0) throw new Error([...new Set(problems)].join('; '));
  const genesis = await road.rawBlock(systemChannel, 0);
  await road.scale(names, 0);
  await road.scale(
    (kafka?.brokers ?? []).map(({ name }) => name),
    0,
  );
  await road.scale(
    (zookeeper?.ensemble ?? []).map(({ name }) => name),
    0,
  );
  await road.become({ topology: orderedByRaft(road.topology) });
  const definitions = road.definitions(road.topology, genesis);
  await Promise.all(names.map((name) => road.redeploy(definitions.get(name))));
  for (const { channel, newestBlock } of states) {
    await road.untilLed(channel);
    await Promise.all(
      road.orderers.map((orderer) => road.untilServes(orderer, channel, newestBlock)),
    );
  }
}
