import { UsageError } from '../base/errors.ts';
import { artefactJob } from '../fabric/artefacts/artefacts.ts';
import { managerOf } from '../network/components.ts';
import { runJob } from '../network/stack/run-job.ts';
import { fabricImage } from '../topology/releases.ts';
import { configUpdate, type Group } from './config-update.ts';
import { groupOf, withBft } from './configuration.ts';
import { untilLevel } from './fabric3.ts';
import type { Leg } from './leg.ts';
import { backOut, enterMaintenance, leaveMaintenance } from './maintenance.ts';
import { bftProblems } from './readiness.ts';
import { RESTART_MS, type Road } from './road.ts';
import { orderedByBft, RAFT_DEFAULTS } from './topologies.ts';

const BACKUP = 'before-bft';

/** Raft → BFT (docs/source/raft_bft_migration.md), and the policy for blocks that page does not name. */
export const bftLeg: Leg = {
  name: 'bft',
  title: 'from Raft to BFT',
  stops: ['maintenance', 'normal'],
  steps: [
    {
      name: 'maintenance',
      title: 'put every channel into maintenance',
      byHand: ['peer channel update: ConsensusType.state = STATE_MAINTENANCE, on every channel.'],
      run: async (road) => enterMaintenance(road, await road.applicationChannels(), 'etcdraft'),
    },
    {
      name: 'backup',
      title: 'stop the orderers, copy what they keep, start them',
      byHand: [
        'Stop all orderers. Copy ledger, etcdraft/wal and etcdraft/snapshot of each: after the next step this copy is the only way back. Start them.',
      ],
      run: backup,
    },
    {
      name: 'type',
      title: 'change the type to BFT',
      byHand: [
        'One update of each channel: ConsensusType {type BFT, metadata smartbft.Options, STATE_MAINTENANCE}, Orderers {consenter_mapping: one for each Raft consenter}, policy BlockValidation = signatures of a quorum of the consenters.',
        'No block may be written between this one and the restart: check on every orderer that it is the newest.',
      ],
      run: changeType,
    },
    {
      name: 'restart',
      title: 'stop all orderers, start all orderers',
      byHand: [
        'Stop all orderers, start all orderers. Log of each, for each channel: "SmartBFT-v3 is now servicing chain".',
      ],
      run: restart,
    },
    {
      name: 'normal',
      title: 'take every channel out of maintenance',
      byHand: ['peer channel update: ConsensusType.state = STATE_NORMAL, given to every orderer.'],
      run: async (road) => leaveMaintenance(road, await road.applicationChannels()),
    },
    {
      name: 'peers',
      title: 'restart the peers, so that they watch for censorship',
      byHand: [
        'Restart each peer. Log: "Creating a BFT (byzantine fault tolerant) BlockDeliverer".',
      ],
      run: restartPeers,
    },
  ],
  async check(road) {
    const { type, fabric } = road.topology.ordering;
    if (type === 'kafka' || fabric !== '3.1.1') {
      throw new UsageError([
        `migrate bft: expected a network on Fabric 3 that Raft orders, "${road.network.name}" is ordered by ${type} on Fabric ${fabric}; first: harness migrate ${type === 'kafka' ? 'raft' : 'fabric3'}`,
      ]);
    }
    const problems = bftProblems(
      await road.held(await road.applicationChannels()),
      road.certificates,
    );
    if (problems.length > 0) {
      throw new UsageError([...new Set(problems)].map((text) => `migrate bft: ${text}`));
    }
  },
  async abort(road) {
    const channels = await road.applicationChannels();
    const states = await Promise.all(channels.map((channel) => road.read(channel)));
    if (states.every(({ type }) => type === 'etcdraft')) {
      return backOut(road, 'bft', 'etcdraft', channels);
    }
    const written = states.filter(({ type, maintenance }) => type === 'BFT' && !maintenance);
    if (written.length > 0) {
      throw new UsageError([
        `migrate bft --abort: ${written.map(({ channel }) => channel).join(', ')} is ordered by BFT already: what it has ordered would be lost`,
      ]);
    }
    await rollBack(road);
    await leaveMaintenance(road, channels);
    return `${channels.join(', ')}: as before the change of the type, ordered by Raft`;
  },
};

/** Ends all orderers, does something to the folder that each keeps its ledger in, and has them run again. */
async function atRest(road: Road, script: (folder: string) => string): Promise<void> {
  const names = road.orderers.map(({ name }) => name);
  const folders = await Promise.all(
    names.map(async (name) => {
      const [volume] = (await road.network.component(name).container())?.volumes ?? [];
      if (!volume) throw new Error(`${name}: expected a volume, seen none`);
      return volume.inMachine;
    }),
  );
  await road.scale(names, 0);
  await Promise.all(
    names.map((name, at) =>
      road.network
        .component(name)
        .machine.execOk(['sh', '-ec', script(folders[at] ?? '')], { budgetMs: RESTART_MS }),
    ),
  );
}

async function backup(road: Road): Promise<void> {
  const channels = await road.applicationChannels();
  const states = await Promise.all(channels.map((channel) => road.read(channel)));
  if (states.some(({ type }) => type === 'BFT')) return;
  const copy = (folder: string) =>
    `rm -rf ${folder}/../${BACKUP} && cp -a --sparse=always ${folder} ${folder}/../${BACKUP}`;
  await atRest(road, copy);
  await road.scale(
    road.orderers.map(({ name }) => name),
    1,
  );
  await untilRaft(road, channels);
}

async function untilRaft(road: Road, channels: readonly string[]): Promise<void> {
  for (const channel of channels) {
    await road.untilLed(channel);
    await Promise.all(road.orderers.map((orderer) => road.untilServes(orderer, channel)));
  }
}

async function rollBack(road: Road): Promise<void> {
  const restore = (folder: string) =>
    `test -d ${folder}/../${BACKUP} && find ${folder} -mindepth 1 -delete && cp -a --sparse=always ${folder}/../${BACKUP}/. ${folder}/`;
  await atRest(road, restore);
  const { ordering, ...rest } = road.topology;
  const { bft: _, ...others } = ordering;
  await road.become({
    topology: {
      ...rest,
      ordering: { ...others, type: 'raft', raft: ordering.raft ?? RAFT_DEFAULTS },
    },
  });
  const definitions = road.definitions(road.topology);
  await Promise.all(road.orderers.map(({ name }) => road.redeploy(definitions.get(name))));
  await untilRaft(road, await road.applicationChannels());
}

/** A channel of the same network as configtxgen makes it for BFT. */
export async function madeForBft(road: Road, channel: string): Promise<Group> {
  const target = orderedByBft(road.topology);
  const manager = await managerOf(road.network);
  const organisations = target.organisations.map(({ name }) => name);
  const job = artefactJob(target, road.state.identities, {
    genesis: false,
    channels: [{ name: channel, organisations }],
  });
  const image = road.state.images[fabricImage(target)] ?? '';
  const { [channel]: made } = await runJob(manager.docker, image, job);
  if (!made) throw new Error(`configtxgen: expected a block of ${channel}, seen none`);
  return groupOf(made);
}

async function changeType(road: Road): Promise<void> {
  const channels = await road.applicationChannels();
  await road.change(channels, async (now) => {
    if (now.type === 'BFT') return undefined;
    const made = await madeForBft(road, now.channel);
    return configUpdate(now.channel, now.group, withBft(now.group, made));
  });
  for (const now of (await Promise.all(channels.map((channel) => road.readAll(channel)))).flat()) {
    if (now.type === 'BFT' && (!now.maintenance || now.newestBlock === now.configBlock)) continue;
    throw new Error(
      `channel ${now.channel}: expected the change of the type as the newest block on every orderer, seen block ${now.newestBlock} after ${now.configBlock}: peers would refuse what comes then; go back with: harness migrate bft --abort`,
    );
  }
}

async function restart(road: Road): Promise<void> {
  const channels = await road.applicationChannels();
  const states = await Promise.all(channels.map((channel) => road.read(channel)));
  if (states.every(({ maintenance }) => !maintenance)) return;
  const heads = await road.heads(channels);
  const names = road.orderers.map(({ name }) => name);
  await road.scale(names, 0);
  await road.become({ topology: orderedByBft(road.topology) });
  const definitions = road.definitions(road.topology);
  await Promise.all(names.map((name) => road.redeploy(definitions.get(name))));
  for (const { channel, number } of heads) {
    await Promise.all(road.orderers.map((orderer) => road.untilServes(orderer, channel, number)));
  }
}

async function restartPeers(road: Road): Promise<void> {
  const definitions = road.definitions(road.topology);
  const channels = await road.applicationChannels();
  for (const { name } of road.network.nodes.peers) {
    await road.redeploy(definitions.get(name));
    await untilLevel(road, name, channels, RESTART_MS);
  }
}
