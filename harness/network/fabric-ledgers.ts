import { chaincodeEvents } from '../../fabric-client/chaincode-events.ts';
import { joinChannel } from '../../fabric-client/channels.ts';
import { Connections } from '../../fabric-client/connections.ts';
import { fetchBlock, ordererHeight } from '../../fabric-client/fetch.ts';
import { query } from '../../fabric-client/proposing.ts';
import { common, protos, toNumber } from '../../fabric-client/protos.ts';
import { createSigner } from '../../fabric-client/signer.ts';
import { streamBlocks } from '../../fabric-client/stream.ts';

import { messageOf } from '../base/errors.ts';

import { type Endpoints, endpointsOfChannel } from '../fabric/endpoints.ts';
import { ordererAdmins, removeOrderer } from '../fabric/participation.ts';
import { consensusFolders } from '../fabric/services/orderer.ts';
import { orderingOf } from '../ordering/registry.ts';
import { addressesOf } from '../topology/addresses.ts';
import { hasSystemChannel } from '../topology/releases.ts';
import type { Deployment } from './deployment.ts';
import type { Ledgers, Machine } from './port.ts';
import { define } from './stack/channels.ts';
import { createOnOrderers } from './stack/create-on-orderers.ts';
import { stateDocuments } from './state-documents.ts';

/** Milliseconds for each step of making a channel; it is made on a healthy network. */
const CREATE_MS = 90_000;
/** Milliseconds in which a node says its height. */
const HEIGHT_MS = 2_000;
/** Milliseconds that a node may stay away while its blocks are read. */
const BLOCKS_MS = 20_000;
/** A listener must outlive every fault of a scenario; milliseconds. */
const LISTENER_MS = 10 * 60_000;

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
  const { orderers, organisations, peers } = nodes;
  const reader = () => {
    const [first] = organisations;
    if (!first) throw new Error('ledgers: expected an organisation to read as, seen none');
    return createSigner(first.admin);
  };
  // A channel that is not the topology's is a scenario's, and has every organisation.
  const members = (channel: string) =>
    deployment.topology.channels.some(({ name }) => name === channel)
      ? endpointsOfChannel(nodes, deployment.topology, channel)
      : nodes;
  const heights = async (channel: string) => {
    const ofOrderers = orderers.map(async (orderer) => {
      const height = ordererHeight(connections, orderer, reader(), channel, HEIGHT_MS);
      return [orderer.name, await height.catch(() => undefined)] as const;
    });
    const request = { channel, chaincode: 'qscc', args: ['GetChainInfo', channel] };
    const ofPeers = members(channel).organisations.flatMap(({ admin, peers: own }) => {
      const signer = createSigner(admin);
      return own.map(async (peer) => {
        const height = query(connections, peer, signer, request, HEIGHT_MS).then(
          (bytes) => toNumber(common.BlockchainInfo.decode(bytes).height),
          () => undefined,
        );
        return [peer.name, await height] as const;
      });
    });
    return new Map(await Promise.all([...ofOrderers, ...ofPeers]));
  };
  const memberOf = (peer: string) => {
    const organisation = organisations.find((o) => o.peers.some(({ name }) => name === peer));
    const endpoint = organisation?.peers.find(({ name }) => name === peer);
    if (organisation && endpoint) return { identity: organisation.admin, endpoint };
    throw new Error(`no peer "${peer}"; expected one of ${peers.map((p) => p.name).join(', ')}`);
  };
  return {
    members,
    heights,
    async create(channel, chaincode) {
      await createOn(connections, nodes, deployment, await job(), channel, chaincode);
      // One of the nodes may be behind, and what it has not got yet belongs to the set-up all the same.
      return greatest(await heights(channel));
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
    blocks(node, channel, to) {
      const orderer = orderers.find(({ name }) => name === node);
      const from = orderer
        ? { kind: 'orderer' as const, endpoint: orderer, identity: reader() }
        : { kind: 'peer' as const, ...memberOf(node) };
      return streamBlocks({
        ...from,
        connections,
        channel,
        from: 0,
        to,
        reconnectBudgetMs: BLOCKS_MS,
      });
    },
    async *events(peer, channel, signal) {
      const blocks = streamBlocks({
        ...memberOf(peer),
        connections,
        channel,
        kind: 'peer-filtered',
        from: 0,
        to: 'follow',
        signal,
        reconnectBudgetMs: LISTENER_MS,
      });
      for await (const bytes of blocks) {
        const block = protos.FilteredBlock.decode(bytes);
        yield {
          number: toNumber(block.number),
          transactions: block.filtered_transactions.map((transaction) => ({
            id: transaction.txid ?? '',
            code: transaction.tx_validation_code ?? 0,
          })),
        };
      }
    },
    chaincodeEvents: (peer, channel, chaincode, signal) =>
      chaincodeEvents({ ...memberOf(peer), channel, chaincode, signal }),
    async ready(channel) {
      // An orderer refuses a strict seek while it cannot order: with Kafka from its consumer's first error to the next
      // record that it has consumed (orderer/consensus/kafka/chain.go, `errorChan`), with Raft while it knows no leader.
      const seek = { kind: 'orderer', channel, start: 'newest', errors: 'strict' } as const;
      await Promise.all(
        orderers.map((orderer) => fetchBlock(connections, orderer, reader(), seek, HEIGHT_MS)),
      );
      const { topology, machines } = deployment;
      const addresses = addressesOf(machines);
      await orderingOf(topology).settled({ topology, addresses, channel });
    },
    documents: (peer, channel) => stateDocuments(deployment, peer, channel),
    close: () => connections.close(),
  };
}

/** The greatest height that any node has; 0 if none answers. */
export const greatest = (heights: ReadonlyMap<string, number | undefined>): number =>
  Math.max(0, ...[...heights.values()].map((height) => height ?? 0));

async function createOn(
  connections: Connections,
  nodes: Endpoints,
  deployment: Deployment,
  machine: Machine,
  channel: string,
  chaincode: string,
): Promise<void> {
  const { organisations } = nodes;
  const { packageIds } = deployment;
  if (!packageIds[chaincode]) {
    const known = Object.keys(packageIds).join(', ');
    throw new Error(`chaincode ${chaincode}: expected it on the network, seen ${known}`);
  }
  const genesisBlock = await createOnOrderers(connections, nodes, deployment, machine, channel);
  await Promise.all(
    organisations.flatMap(({ admin, peers: own }) =>
      own.map((peer) => joinChannel(connections, peer, genesisBlock, admin, CREATE_MS)),
    ),
  );
  await define(connections, nodes, deployment, channel, chaincode, CREATE_MS);
}
