import { chaincodeEvents } from '../../fabric-client/chaincode-events.ts';
import type { Connections } from '../../fabric-client/connections.ts';
import { fetchBlock, newestBlock } from '../../fabric-client/fetch.ts';
import { chainInfo } from '../../fabric-client/ledger.ts';
import { inquire } from '../../fabric-client/proposing.ts';
import { protos, toNumber } from '../../fabric-client/protos.ts';
import { createSigner } from '../../fabric-client/signer.ts';
import { streamBlocks } from '../../fabric-client/stream.ts';
import { type Endpoints, endpointsOfChannel } from '../fabric/endpoints.ts';
import { addressesOf } from '../topology/addresses.ts';
import type { Ledgers, Machine, Network } from './port.ts';
import { committedOn } from './stack/committed.ts';

/** Milliseconds in which a node says its height. */
const HEIGHT_MS = 2_000;
/** Milliseconds that a node may stay away while its blocks are read. */
const BLOCKS_MS = 20_000;
/** A listener must outlive every fault of a scenario; milliseconds. */
const LISTENER_MS = 10 * 60_000;

/**
 * Reading the channels of a network, whoever has made it, as its organisations' members.
 *
 * @param made members of channels that the topology does not have and that not every organisation is on
 */
export function ledgersReading(
  connections: Connections,
  {
    nodes,
    topology,
    ordering,
    machines,
  }: Pick<Network, 'nodes' | 'ordering' | 'topology'> & {
    readonly machines: readonly Pick<Machine, 'number' | 'address'>[];
  },
  made: ReadonlyMap<string, Endpoints> = new Map(),
): Pick<
  Ledgers,
  'members' | 'heights' | 'definition' | 'blocks' | 'events' | 'chaincodeEvents' | 'ready' | 'close'
> {
  const { orderers, organisations, peers } = nodes;
  // A channel that is not the topology's is a scenario's, and has every organisation unless it was made otherwise.
  const members = (channel: string) =>
    topology.channels.some(({ name }) => name === channel)
      ? endpointsOfChannel(nodes, topology, channel)
      : (made.get(channel) ?? nodes);
  const reader = (channel: string) => {
    const [first] = members(channel).organisations;
    if (!first) throw new Error('ledgers: expected an organisation to read as, seen none');
    return createSigner(first.admin);
  };
  const heights = async (channel: string) => {
    const ofOrderers = orderers.map(async (orderer) => {
      const tip = { kind: 'orderer', channel, timeoutMs: HEIGHT_MS } as const;
      const height = newestBlock(connections, orderer, reader(channel), tip).then(
        (number) => number + 1,
      );
      return [orderer.name, await height.catch(() => undefined)] as const;
    });
    const ofPeers = members(channel).organisations.flatMap(({ admin, peers: own }) => {
      const signer = createSigner(admin);
      return own.map(async (peer) => {
        const told = inquire(connections, peer, signer, chainInfo(channel), HEIGHT_MS);
        return [peer.name, (await told.catch(() => undefined))?.height] as const;
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
    async definition(peer, channel, chaincode) {
      const { endpoint, identity } = memberOf(peer);
      return await committedOn({ connections, channel }, endpoint, identity, chaincode);
    },
    blocks(node, channel, to) {
      const orderer = orderers.find(({ name }) => name === node);
      const from = orderer
        ? { kind: 'orderer' as const, endpoint: orderer, identity: reader(channel) }
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
        orderers.map((orderer) =>
          fetchBlock(connections, orderer, reader(channel), seek, HEIGHT_MS),
        ),
      );
      await ordering.settled({ topology, addresses: addressesOf(machines), channel });
    },
    close: () => connections.close(),
  };
}
