import type { Connections } from '../../../fabric-client/connections.ts';
import { fetchBlock } from '../../../fabric-client/fetch.ts';
import { createSigner } from '../../../fabric-client/signer.ts';
import type { Endpoint } from '../../../fabric-client/types.ts';
import type { Endpoints } from '../../fabric/endpoints.ts';
import { decodeHeader, splitBlock } from '../../fabric/ledger/decoder.ts';

/** For each peer and orderer, in this order, the header hash of each block from 0 to the given one. */
export type HeaderHashes = ReadonlyMap<string, readonly string[]>;

const BUDGET_MS = 10_000;

/**
 * Reads a channel's chain from every node and hashes the headers. A node's own hash is not asked for: a wrong
 * `previousHash` or data hash shows in the hash computed here.
 *
 * @param newest number of the last block to read; nodes that lack it get the time to fetch it
 * @throws FabricError naming the node that does not deliver a block
 */
export async function headerHashes(
  connections: Connections,
  { peers, orderers, organisations }: Endpoints,
  channel: string,
  newest: number,
): Promise<HeaderHashes> {
  const [reader] = organisations;
  if (!reader) throw new Error('header hashes: expected an organisation to read as, seen none');
  const signer = createSigner(reader.admin);
  const read = async (kind: 'peer' | 'orderer', node: Endpoint) => {
    const hashes: string[] = [];
    for (let start = 0; start <= newest; start += 1) {
      const wanted = { kind, channel, start, whenMissing: 'wait' } as const;
      const block = await fetchBlock(connections, node, signer, wanted, BUDGET_MS);
      hashes.push(decodeHeader(splitBlock(block).header).hash);
    }
    return [node.name, hashes] as const;
  };
  return new Map(
    await Promise.all([
      ...peers.map((peer) => read('peer', peer)),
      ...orderers.map((orderer) => read('orderer', orderer)),
    ]),
  );
}

/** Blocks of which not all nodes have the same header, one line each; a chain that was not read at all is one too. */
export function disagreements(hashes: HeaderHashes): string[] {
  const longest = Math.max(0, ...[...hashes.values()].map((chain) => chain.length));
  if (longest === 0) return ['no block was read from any node'];
  return Array.from({ length: longest }, (_, number) => number).flatMap((number) => {
    const holders = Map.groupBy(hashes, ([, chain]) => chain[number] ?? 'none');
    if (holders.size === 1) return [];
    const seen = [...holders].map(
      ([hash, nodes]) => `${hash.slice(0, 12)} on ${nodes.map(([name]) => name).join(', ')}`,
    );
    return [`block ${number}: ${seen.join('; ')}`];
  });
}
