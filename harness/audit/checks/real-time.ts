import type { KeyRead, Transaction } from '../../fabric/ledger/model.ts';
import type { ChannelCheck } from '../checker.ts';
import { Findings } from '../findings.ts';
import type { UpdateBatch } from '../replay.ts';
import { isEndorsed } from './transactions.ts';

/** Blocks as one peer announced them; a peer announces a block after it has committed its state. */
class Announcements {
  readonly #times: number[] = [];
  readonly #heights: number[] = [];

  add(at: number, block: number): void {
    const highest = this.#heights.at(-1) ?? 0;
    this.#times.push(at);
    this.#heights.push(Math.max(highest, block + 1));
  }

  /** Height that the peer surely had before `at`. */
  heightBefore(at: number): number {
    let low = 0;
    let high = this.#times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle] as number) < at) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : (this.#heights[low - 1] as number);
  }
}

/** More transactions than a block has. */
const MOST_IN_A_BLOCK = 2 ** 24;

/** A write as one number, in their order; two of them are kept for every transfer. */
const writeOf = (block: number, transaction: number, exists: boolean): number =>
  (block * MOST_IN_A_BLOCK + transaction) * 2 + (exists ? 1 : 0);
const blockOf = (write: number): number => Math.floor(write / (MOST_IN_A_BLOCK * 2));
/** Whether it left a value; a deletion does not. Nothing was there before the first write. */
const leftValue = (write: number | undefined): boolean => write !== undefined && write % 2 === 1;

/** All versions that keys ever had, oldest first. */
class KeyHistory {
  readonly #writes = new Map<string, Map<string, number[]>>();

  add({ namespaces, number }: UpdateBatch): void {
    for (const [namespace, updates] of namespaces) {
      const keys = this.#writes.get(namespace) ?? new Map<string, number[]>();
      this.#writes.set(namespace, keys);
      for (const [key, { value, transaction }] of updates) {
        const write = writeOf(number, transaction, value !== null);
        const writes = keys.get(key);
        if (writes) writes.push(write);
        else keys.set(key, [write]);
      }
    }
  }

  /**
   * Block that ended what a read saw; `Infinity` if it still holds, `undefined` if it never was so.
   * For a key that was read as absent, the end of its last absence counts.
   */
  endOf(namespace: string, { key, version }: KeyRead): number | undefined {
    const writes = this.#writes.get(namespace)?.get(key) ?? [];
    if (version === null && !leftValue(writes.at(-1))) return Number.POSITIVE_INFINITY;
    const ended =
      version === null
        ? writes.findLastIndex((_, index) => !leftValue(writes[index - 1]))
        : writes.lastIndexOf(writeOf(version.block, version.transaction, true)) + 1;
    if (version !== null && ended === 0) return undefined;
    const end = writes[ended];
    return end === undefined ? Number.POSITIVE_INFINITY : blockOf(end);
  }
}

function describe(
  { key, version }: KeyRead,
  number: number,
  peer: string,
  height: number,
  end: number | undefined,
): string {
  if (height > number) {
    return `block ${number} holds a transaction that was proposed after ${peer} had announced block ${height - 1}`;
  }
  return end === undefined
    ? `${key} was read at version ${version?.block}:${version?.transaction}, which it never had`
    : `${peer} had announced block ${height - 1} before the proposal, but ${key} was read as it was before block ${end}`;
}

const isPeer = (endorser: string, peer: string): boolean =>
  endorser === peer || endorser.startsWith(`${peer}.`);

export const realTimeOrder: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F15',
    name: 'real-time order',
    guarantee:
      'A transaction that was proposed to a peer after that peer had announced a block reads nothing that this block had already replaced.',
  },
  create({ history, events }) {
    const findings = new Findings(realTimeOrder.definition);
    const peers = new Map<string, Announcements>();
    for (const peer of events.peers) peers.set(peer, new Announcements());
    const keys = new KeyHistory();

    /** Peers that endorsed, with the height that each surely had when the proposal was made. */
    const known = ({ id, endorsers }: Transaction): [string, number][] => {
      const invoke = history.byTransaction.get(id)?.invoke;
      if (!invoke) return [];
      return [...peers]
        .filter(([peer]) => invoke.peers.includes(peer))
        .filter(([peer]) => endorsers.some((endorser) => isPeer(endorser, peer)))
        .map(([peer, announcements]) => [peer, announcements.heightBefore(invoke.at)]);
    };

    const judge = (transaction: Transaction, number: number): void => {
      const reads = transaction.readWriteSets.flatMap(({ namespace, reads: list }) =>
        list.map((read) => ({ namespace, read })),
      );
      if (reads.length === 0) return;
      const heights = known(transaction);
      const [peer, height] = heights.toSorted(([, a], [, b]) => b - a)[0] ?? [];
      if (peer === undefined || height === undefined) return;
      findings.count('reads compared', reads.length);
      for (const { namespace, read } of reads) {
        const end = keys.endOf(namespace, read);
        if (end !== undefined && end !== Number.POSITIVE_INFINITY) {
          findings.count('stale reads');
        }
        if (end !== undefined && end >= height && height <= number) continue;
        const operation = history.byTransaction.get(transaction.id)?.invoke.operation;
        findings.violation({
          block: number,
          transactionId: transaction.id,
          ...(operation !== undefined && { operation }),
          key: read.key,
          sources: [peer],
          message: describe(read, number, peer, height, end),
        });
      }
    };

    return {
      height({ number }, { transactions, batch }, announced) {
        for (const { peer, event } of announced) peers.get(peer)?.add(event.at, event.block);
        for (const { transaction } of transactions) {
          if (isEndorsed(transaction.type)) judge(transaction, number);
        }
        keys.add(batch);
      },
      finish() {
        if (peers.size === 0)
          findings.unknown('no event streams, so no peer is known to have announced anything');
        findings.floor('reads compared', 1);
        return findings.result();
      },
    };
  },
};
