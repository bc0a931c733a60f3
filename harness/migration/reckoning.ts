import { decodeBlock } from '../fabric/ledger/decoder.ts';
import type { Transfer, Travelled } from './clients.ts';
import type { Road } from './road.ts';

/** What came of the transfers that were sent along the way, by the chain. */
export interface Reckoning {
  readonly transfers: number;
  readonly committed: number;
  /** Acknowledgements that no block answers for: the client was told SUCCESS and had to send again. */
  readonly lost: readonly LostAcknowledgement[];
  readonly blocks: number;
  /** What must not be, sentences. */
  readonly violations: readonly string[];
}

/** An orderer's SUCCESS that came to nothing. */
export interface LostAcknowledgement {
  readonly transactionId: string;
  readonly orderer: string;
  /** `performance.now()` */
  readonly at: number;
}

/** A transaction's places in the chain. */
export interface Place {
  readonly block: number;
  readonly code: number | null;
}

const VALID = 0;

/**
 * Reads the channel from every node, and holds what the clients were told against it.
 *
 * @throws Error when a node does not give all its blocks
 */
export async function reckon(road: Road, travelled: Travelled): Promise<Reckoning> {
  const { channel } = travelled;
  const { nodes, ledgers } = road.network;
  const [head] = await road.heads([channel]);
  const newest = head?.number ?? 0;
  const copies = await Promise.all(
    [...nodes.orderers, ...nodes.peers].map(async ({ name }) => {
      const hashes: string[] = [];
      const places = new Map<string, Place[]>();
      for await (const bytes of ledgers.blocks(name, channel, newest)) {
        const { number, hash, transactions } = decodeBlock(bytes);
        hashes.push(hash);
        for (const { id, code } of transactions) {
          places.set(id, [...(places.get(id) ?? []), { block: number, code }]);
        }
      }
      return { name, hashes, places };
    }),
  );
  const [first] = copies;
  const peer = copies.at(-1);
  if (!first || !peer) throw new Error('migrate: expected a copy of the chain, seen none');
  const violations = copies.flatMap(({ name, hashes }) => {
    const at = hashes.findIndex((hash, number) => hash !== first.hashes[number]);
    return at < 0 ? [] : [`block ${at} of ${name} is not the one of ${first.name}`];
  });
  // Codes are the peers' alone: orderers do not validate.
  const counted = countTransfers(travelled.transfers, peer.places);
  return { ...counted, blocks: newest + 1, violations: [...violations, ...counted.violations] };
}

/** Holds transfers against their places in the chain. Pure. */
export function countTransfers(
  transfers: readonly Transfer[],
  places: ReadonlyMap<string, readonly Place[]>,
): Omit<Reckoning, 'blocks'> {
  const violations: string[] = [];
  const lost: LostAcknowledgement[] = [];
  let committed = 0;
  for (const { transactionId, taken, committed: told } of transfers) {
    const found = places.get(transactionId) ?? [];
    const valid = found.filter(({ code }) => code === VALID);
    if (valid.length > 1) violations.push(`${transactionId} is VALID ${valid.length} times`);
    if (valid.length === 1) committed += 1;
    if (told && told.code === 'VALID' && !valid.some(({ block }) => block === told.block)) {
      violations.push(`${transactionId} was committed in block ${told.block} and is not there`);
    }
    if (!told && taken.length > 0 && valid.length === 0) {
      violations.push(`${transactionId} was sent ${taken.length} times and never came`);
    }
    // Which of several came cannot be told; the last was the one that was waited for.
    const missing = taken.slice(0, Math.max(0, taken.length - found.length));
    lost.push(...missing.map((one) => ({ transactionId, ...one })));
  }
  return { transfers: transfers.length, committed, lost, violations };
}

/**
 * Longest time without a commit that any client saw, in an interval of `performance.now()`; ms.
 *
 * @param from when the interval begins, which counts as a commit, as its end does
 */
export function longestPause(transfers: readonly Transfer[], from: number, to: number): number {
  const times = transfers.flatMap(({ committed }) => (committed ? [committed.at] : []));
  const within = [from, ...times.filter((at) => at > from && at < to).sort((a, b) => a - b), to];
  return Math.max(0, ...within.slice(1).map((at, index) => at - (within[index] ?? at)));
}
