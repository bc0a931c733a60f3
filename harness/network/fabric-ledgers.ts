import { joinChannel } from '../../fabric-client/channels.ts';
import { Connections } from '../../fabric-client/connections.ts';
import { messageOf } from '../base/errors.ts';
import { type Endpoints, endpointsOfMembers } from '../fabric/endpoints.ts';
import { ordererAdmins, removeOrderer } from '../fabric/participation.ts';
import { consensusFolders } from '../fabric/services/orderer.ts';
import { orderingOf } from '../ordering/registry.ts';
import { addressesOf } from '../topology/addresses.ts';
import { hasSystemChannel } from '../topology/releases.ts';
import type { Deployment } from './deployment.ts';
import { ledgersReading } from './ledgers-reading.ts';
import type { Ledgers, Machine } from './port.ts';
import { define, redefine } from './stack/channels.ts';
import { createOnOrderers } from './stack/create-on-orderers.ts';
import { awaitAnswers } from './stack/first-calls.ts';
import { stateDocuments } from './state-documents.ts';

/** Milliseconds for each step of making a channel; it is made on a healthy network. */
const CREATE_MS = 90_000;
/**
 * The channels of a network that the harness has deployed, over connections of their own.
 *
 * @param job the machine that computes a channel's creation transaction
 * @param inComponent runs a command in a component's container
 */
export function fabricLedgers(
  nodes: Endpoints,
  deployment: Deployment,
  job: () => Promise<Machine>,
  inComponent: (name: string, command: readonly string[]) => Promise<void>,
): Ledgers {
  const connections = new Connections();
  const made = new Map<string, Endpoints>();
  const reading = ledgersReading(
    connections,
    { ...deployment, nodes, ordering: orderingOf(deployment.topology) },
    made,
  );
  return {
    ...reading,
    async create(channel, chaincodes, organisations) {
      const { topology } = deployment;
      const members = organisations ? endpointsOfMembers(nodes, topology, organisations) : nodes;
      if (organisations) made.set(channel, members);
      await createOn(connections, members, deployment, await job(), channel, chaincodes);
      // One of the nodes may be behind, and what it has not got yet belongs to the set-up all the same.
      return greatest(await reading.heights(channel));
    },
    async upgrade(channel, chaincode, to, told) {
      const packageId = packageIdOf(deployment, to);
      const { topology, definitions } = deployment;
      const on = {
        ...{ connections, members: reading.members(channel), topology, channel },
        ...(told && { told }),
      };
      const { version } = definitions[to] ?? { version: '1.0' };
      const definition = { version, ...definitions[to], name: chaincode };
      const { sequence } = await redefine(on, definition, packageId);
      await awaitAnswers(connections, on.members, channel, chaincode);
      return { version, sequence, packageId };
    },
    async remove(channel) {
      const { topology, identities, machines } = deployment;
      if (hasSystemChannel(topology)) return;
      const admins = ordererAdmins(topology, identities, addressesOf(machines));
      const removed = admins.map(async (admin) => {
        await removeOrderer(admin, channel);
        // The orderer forgets the channel and leaves its log behind (orderer/consensus/etcdraft has no removal).
        await inComponent(admin.name, ['rm', '-rf', ...consensusFolders(channel)]);
      });
      const failed = (await Promise.allSettled(removed)).flatMap((one) =>
        one.status === 'rejected' ? [messageOf(one.reason)] : [],
      );
      if (failed.length > 0) throw new Error(failed.join('; '));
    },
    documents: (peer, channel) => stateDocuments(deployment, peer, channel),
  };
}

/** The greatest height that any node has; 0 if none answers. */
export const greatest = (heights: ReadonlyMap<string, number | undefined>): number =>
  Math.max(0, ...[...heights.values()].map((height) => height ?? 0));

async function createOn(
  connections: Connections,
  members: Endpoints,
  deployment: Deployment,
  machine: Machine,
  channel: string,
  chaincodes: readonly string[],
): Promise<void> {
  const { organisations } = members;
  for (const chaincode of chaincodes) packageIdOf(deployment, chaincode);
  const genesisBlock = await createOnOrderers(connections, members, deployment, machine, channel);
  await Promise.all(
    organisations.flatMap(({ admin, peers: own }) =>
      own.map((peer) => joinChannel(connections, peer, genesisBlock, admin, CREATE_MS)),
    ),
  );
  for (const chaincode of chaincodes) {
    await define(connections, members, deployment, channel, chaincode, CREATE_MS);
    // The network's own is quick, and known.
    if (deployment.builds[chaincode]) await awaitAnswers(connections, members, channel, chaincode);
  }
}

/** Id of the package of a chaincode. @throws Error naming those that there are */
function packageIdOf({ packageIds }: Pick<Deployment, 'packageIds'>, chaincode: string): string {
  const id = packageIds[chaincode];
  if (id !== undefined) return id;
  const known = Object.keys(packageIds).join(', ');
  throw new Error(`chaincode ${chaincode}: expected it on the network, seen ${known}`);
}
