import { UsageError } from '../base/errors.ts';
import { ordererAdmins, removeOrderer } from '../fabric/participation.ts';
import { consensusFolders } from '../fabric/services/orderer.ts';
import { addressesOf } from '../topology/addresses.ts';
import type { Leg } from './leg.ts';
import { enterMaintenance, leaveMaintenance } from './maintenance.ts';
import type { Road } from './road.ts';
import { withoutSystemChannel } from './topologies.ts';

const FROM_NOTHING = 'ORDERER_GENERAL_BOOTSTRAPMETHOD=none';

/** Raft with a system channel → without: Fabric 3 does not start beside one. Transactions go on. */
export const noSystemChannelLeg: Leg = {
  name: 'no-system-channel',
  title: 'without the system channel',
  steps: [
    {
      name: 'bootstrap',
      title: 'restart the orderers without a genesis block, leaders last',
      byHand: [
        'Each orderer in turn, a leader last: ORDERER_GENERAL_BOOTSTRAPMETHOD=none, no bootstrap file, restart; go on when it serves every channel again.',
      ],
      run: bootstrap,
    },
    {
      name: 'maintenance',
      title: 'put the system channel into maintenance',
      byHand: [
        'peer channel update of the system channel: ConsensusType.state = STATE_MAINTENANCE.',
      ],
      async run(road) {
        const channel = systemChannelOf(road);
        // One that was interrupted may have removed it from some orderers already.
        if (await isEverywhere(road, channel)) await enterMaintenance(road, [channel], 'etcdraft');
      },
    },
    {
      name: 'remove',
      title: 'remove the system channel from every orderer, leaders last',
      byHand: [
        'Each orderer in turn, a leader last: osnadmin channel remove --channelID SYSTEM-CHANNEL -o HOST:ADMIN-PORT … Answer 204. First wait until it has the newest block of every channel: it starts every chain of the orderer anew, and one that is still catching up may write a block twice. Then wait until it serves every channel.',
        'What a leader has acknowledged in that moment may be lost: clients submit again what does not commit.',
        'Remove etcdraft/wal/SYSTEM-CHANNEL and etcdraft/snapshot/SYSTEM-CHANNEL by hand.',
      ],
      run: remove,
    },
  ],
  async check(road) {
    const { type, systemChannel } = road.topology.ordering;
    if (type !== 'raft' || !systemChannel) {
      throw new UsageError([
        `migrate no-system-channel: expected a network with a system channel that Raft orders, "${road.network.name}" is ordered by ${type}, ${systemChannel ? `with ${systemChannel}` : 'without one'}`,
      ]);
    }
    await assertOrderedByRaft(road, 'no-system-channel');
  },
  async prove(road) {
    return [
      `no orderer of ${road.orderers.map(({ name }) => name).join(', ')} has a system channel`,
    ];
  },
  async abort(road) {
    const channel = systemChannelOf(road);
    if (!(await isEverywhere(road, channel))) {
      throw new UsageError([
        'migrate no-system-channel --abort: an orderer has no system channel any more; go on with: harness migrate no-system-channel',
      ]);
    }
    await leaveMaintenance(road, [channel]);
    return `${channel}: out of maintenance; channels are made through it as before`;
  },
};

/** @throws UsageError when a channel that peers are on is not Raft's, or is in maintenance, on any orderer */
export async function assertOrderedByRaft(road: Road, leg: string): Promise<void> {
  const channels = await road.applicationChannels();
  const seen = (await Promise.all(channels.map((channel) => road.readAll(channel)))).flat();
  const odd = seen.filter(({ type, maintenance }) => type !== 'etcdraft' || maintenance);
  if (odd.length === 0) return;
  throw new UsageError(
    odd.map(
      ({ channel, type, maintenance }) =>
        `migrate ${leg}: channel ${channel}: expected etcdraft, seen ${type}${maintenance ? ' in maintenance; finish with: harness migrate raft' : ''}`,
    ),
  );
}

/** Whether every orderer still has a channel. */
const isEverywhere = (road: Road, channel: string) =>
  road.readAll(channel).then(
    () => true,
    () => false,
  );

function systemChannelOf({ topology }: Road): string {
  const { systemChannel } = topology.ordering;
  if (systemChannel) return systemChannel;
  throw new UsageError(['migrate no-system-channel: expected a system channel, seen none']);
}

async function bootstrap(road: Road): Promise<void> {
  const channels = await road.applicationChannels();
  const definitions = road.definitions(road.topology);
  for (const orderer of await road.leadersLast(channels)) {
    const facts = await road.network.component(orderer.name).container();
    const env = facts && (await facts.container.inspect()).Config.Env;
    if (env?.includes(FROM_NOTHING)) continue;
    const heads = await road.heads(channels);
    await road.redeploy(definitions.get(orderer.name));
    for (const { channel, number } of heads) await road.untilServes(orderer, channel, number);
  }
}

async function remove(road: Road): Promise<void> {
  const { topology, state, network } = road;
  const systemChannel = systemChannelOf(road);
  const channels = await road.applicationChannels();
  const admins = ordererAdmins(topology, state.identities, addressesOf(network.machines));
  for (const orderer of await road.leadersLast(channels)) {
    const admin = admins.find(({ name }) => name === orderer.name);
    if (!admin) throw new Error(`${orderer.name}: expected an admin listener, seen none`);
    // It starts every chain of the orderer anew. One that still writes what it had missed, as after a restart, may then
    // have two chains write to one ledger, and a block is there twice.
    for (const { channel, number } of await road.heads(channels)) {
      await road.untilServes(orderer, channel, number);
    }
    await removeOrderer(admin, systemChannel);
    for (const channel of channels) await road.untilServes(orderer, channel);
    const component = network.component(orderer.name);
    const id = (await component.container())?.id;
    if (id === undefined) throw new Error(`${orderer.name}: expected a container, seen none`);
    const folders = consensusFolders(systemChannel);
    await component.machine.execOk(['docker', 'exec', id, 'rm', '-rf', ...folders]);
  }
  await road.become({ topology: withoutSystemChannel(topology) });
}
