import { fetchBlock } from '../../fabric-client/fetch.ts';
import { createSigner } from '../../fabric-client/signer.ts';
import { UsageError } from '../base/errors.ts';
import { waitFor } from '../base/wait.ts';
import { decodeBlock } from '../fabric/ledger/decoder.ts';
import { archiveFor, loadArchive } from '../network/chaincode/copy-image.ts';
import type { Topology } from '../topology/schema.ts';
import { configUpdate } from './config-update.ts';
import { channelCapabilities, withV3 } from './configuration.ts';
import type { Leg } from './leg.ts';
import { assertOrderedByRaft } from './no-system-channel.ts';
import { RESTART_MS, type Road } from './road.ts';
import { onFabric3 } from './topologies.ts';

const IMAGE = 'fabric-3';
/** Milliseconds that a peer has to get level before the leg begins. */
const LEVEL_MS = 10_000;

/** Raft on Fabric 2.5 → on Fabric 3: orderers and peers, one after the other, then the capability. */
export const fabric3Leg: Leg = {
  name: 'fabric3',
  title: 'to Fabric 3',
  steps: [
    {
      name: 'image',
      title: 'bring Fabric 3 to every machine',
      byHand: ['Have the 3.1 binaries or images at hand on every host.'],
      run: bringImage,
    },
    {
      name: 'orderers',
      title: 'replace the orderers one after the other, leaders last',
      byHand: [
        'Each orderer in turn, a leader last: stop, 3.1 binary with the orderer.yaml of that release and the same folders, start; go on when it serves every channel.',
      ],
      run: (road) => replaceOrderers(road, onFabric3(road.topology)),
    },
    {
      name: 'peers',
      title: 'replace the peers one after the other',
      byHand: [
        'Each peer in turn, once it has the newest block of every channel: stop, peer node upgrade-dbs ("already up to date" from 2.5), 3.1 binary with its core.yaml, start; go on when it has caught up.',
        'A peer that is behind the change to Raft would never pull a block again, without a word: let it catch up first, or join it from a snapshot.',
      ],
      run: (road) => replacePeers(road, onFabric3(road.topology)),
    },
    {
      name: 'capabilities',
      title: 'give every channel capability V3_0',
      byHand: [
        'One update of each channel: delete OrdererAddresses of /Channel, Capabilities of /Channel = V3_0; signed by an orderer admin and by a majority of the organisations. From here on no 2.5 binary can join.',
      ],
      async run(road) {
        await road.change(
          await road.applicationChannels(),
          (now) =>
            channelCapabilities(now.group).includes('V3_0')
              ? undefined
              : configUpdate(now.channel, now.group, withV3(now.group)),
          road.members,
        );
      },
    },
  ],
  async check(road) {
    const { type, systemChannel } = road.topology.ordering;
    if (type !== 'raft') {
      throw new UsageError([
        `migrate fabric3: expected a network that Raft orders, "${road.network.name}" is ordered by ${type}; Fabric 3 has no ${type === 'kafka' ? 'Kafka' : type}, first: harness migrate raft`,
      ]);
    }
    if (systemChannel) {
      throw new UsageError([
        `migrate fabric3: expected no system channel, seen ${systemChannel}: orderers of Fabric 3 do not start with one; first: harness migrate no-system-channel`,
      ]);
    }
    await assertOrderedByRaft(road, 'fabric3');
    await assertPeersLevel(road);
  },
  async prove(road) {
    const image = road.state.images[IMAGE];
    const names = [...road.orderers, ...road.network.nodes.peers].map(({ name }) => name);
    const images = await Promise.all(names.map((name) => road.imageOf(name)));
    const old = names.filter((_, at) => images[at] !== image);
    if (old.length > 0) throw new Error(`${old.join(', ')}: expected ${image}, seen another image`);
    return [`${names.join(', ')} run Fabric 3`];
  },
  async abort(road) {
    const channels = await road.applicationChannels();
    const states = await Promise.all(channels.map((channel) => road.read(channel)));
    const after = states.filter(({ group }) => channelCapabilities(group).includes('V3_0'));
    if (after.length > 0) {
      throw new UsageError([
        `migrate fabric3 --abort: ${after.map(({ channel }) => channel).join(', ')} has capability V3_0, which Fabric 2.5 does not know; go on with: harness migrate fabric3`,
      ]);
    }
    const { ordering, ...rest } = road.topology;
    const before: Topology = { ...rest, ordering: { ...ordering, fabric: '2.5.9' } };
    await replacePeers(road, before);
    await replaceOrderers(road, before);
    return 'orderers and peers run Fabric 2.5 as before';
  },
};

async function bringImage(road: Road): Promise<void> {
  const machines = road.network.machines.map(({ docker }) => docker);
  const { tag, lend } = await road.fabric3();
  const held = await Promise.all(
    machines.map(async (docker) =>
      (await docker.listImages()).some(({ RepoTags }) => RepoTags?.includes(tag)),
    ),
  );
  const lacking = machines.filter((_, at) => !held[at]);
  const [first] = lacking;
  if (first) {
    await lend(async (engine) => loadArchive(lacking, await archiveFor(first, engine, tag)));
  }
  await road.become({ images: { ...road.state.images, [IMAGE]: tag } });
}

async function replaceOrderers(road: Road, topology: Topology): Promise<void> {
  const channels = await road.applicationChannels();
  const definitions = road.definitions(topology);
  for (const orderer of await road.leadersLast(channels)) {
    const definition = definitions.get(orderer.name);
    if ((await road.imageOf(orderer.name)) === road.state.images[definition?.image ?? '']) continue;
    const heads = await road.heads(channels);
    await road.redeploy(definition);
    for (const { channel, number } of heads) await road.untilServes(orderer, channel, number);
  }
}

async function replacePeers(road: Road, topology: Topology): Promise<void> {
  const definitions = road.definitions(topology);
  const channels = await road.applicationChannels();
  for (const { name } of road.network.nodes.peers) {
    const definition = definitions.get(name);
    if ((await road.imageOf(name)) === road.state.images[definition?.image ?? '']) continue;
    await road.redeploy(definition);
    await untilLevel(road, name, channels, RESTART_MS);
  }
  await road.become({ topology });
}

/** @throws UsageError naming the peers that have not pulled all blocks: on Fabric 3 they may never do */
async function assertPeersLevel(road: Road): Promise<void> {
  const behind: string[] = [];
  const channels = await road.applicationChannels();
  for (const { name } of road.network.nodes.peers) {
    await untilLevel(road, name, channels, LEVEL_MS).catch((error: Error) =>
      behind.push(error.message),
    );
  }
  if (behind.length > 0) throw new UsageError(behind.map((text) => `migrate fabric3: ${text}`));
}

/** Waits until a peer, which may be starting, has what the orderers have of channels. */
export async function untilLevel(
  road: Road,
  name: string,
  channels: readonly string[],
  budgetMs: number,
): Promise<void> {
  const { organisations } = road.network.nodes;
  const organisation = organisations.find(({ peers }) => peers.some((peer) => peer.name === name));
  const peer = organisation?.peers.find((one) => one.name === name);
  if (!organisation || !peer) throw new Error(`${name}: expected a peer, seen none`);
  const signer = createSigner(organisation.admin);
  for (const { channel, number } of await road.heads(channels)) {
    const seek = { kind: 'peer', channel, start: number } as const;
    await waitFor(
      {
        subject: `channel ${channel} on ${name}`,
        expected: `block ${number}`,
        budgetMs,
        lookAt: `harness logs ${name}`,
        signal: road.signal,
      },
      async () => {
        const bytes = await fetchBlock(road.connections, peer, signer, seek, 2_000);
        return decodeBlock(bytes).number === number ? true : undefined;
      },
    );
  }
}
