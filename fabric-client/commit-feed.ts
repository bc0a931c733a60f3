import { setTimeout as pause } from 'node:timers/promises';
import type { Transport } from './connections.ts';
import { protos, toNumber } from './protos.ts';
import type { Signer } from './signer.ts';
import { streamBlocks } from './stream.ts';
import type { Endpoint } from './types.ts';
import { within } from './until.ts';

/** A transaction as one peer reported it. */
export interface CommitEvent {
  readonly transactionId: string;
  /** Name in `protos.TxValidationCode`, e.g. `VALID`. */
  readonly code: string;
  readonly block: number;
  /** Name of the peer. */
  readonly peer: string;
}

export type CommitListener = (event: CommitEvent) => void;

export interface CommitWatch {
  /** Resolves with the first peer's report. Never rejects. */
  readonly first: Promise<CommitEvent>;
  /** Resolves when every peer asked for has reported, with the last report. Never rejects. */
  readonly all: Promise<CommitEvent>;
  /** Resolves with a report of DUPLICATE_TXID: the id's true outcome then stands in an earlier place. */
  readonly duplicate: Promise<CommitEvent>;
  /** Stops watching; to be called always. */
  stop(): void;
}

export interface CommitFeedOptions {
  readonly connections: Transport;
  readonly signer: Signer;
  readonly channel: string;
  /** Peers to listen to; one that answers is enough. */
  readonly peers: readonly Endpoint[];
}

interface Pending {
  readonly listener: CommitListener;
  /** The newest block known when the watch began: the transaction can only be in a later one, or in that one. */
  readonly since: number;
}

/** After a stream that a peer refused. */
const RETRY_MS = 1_000;

/**
 * Watches commits on a channel through filtered-block streams of several peers, one stream a peer however many
 * transactions wait. Each stream goes on where it broke, and a peer that comes late starts at the oldest block that
 * a waiting transaction may be in, so no commit is missed as long as one peer is alive.
 *
 * The streams are the package's own and not fabric-network's block listeners. Both go on without a gap when the peer that
 * they listen to is killed. But fabric-network listens to one peer at a time and asks nothing of a silent one: measured
 * at 30 blocks a second, 20 s of a frozen peer were 20 s without an event, and 0.1 s with a stream from every peer.
 */
export class CommitFeed {
  readonly #options: CommitFeedOptions;
  readonly #pending = new Map<string, Set<Pending>>();
  readonly #stop = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  readonly #peers = new Map<string, Promise<void>>();
  readonly #tips = new Map<string, number>();
  #tip = -1;
  #tipAt = 0;

  constructor(options: CommitFeedOptions) {
    this.#options = options;
    this.listenTo(options.peers);
  }

  /** Listens to these peers too. */
  listenTo(peers: readonly Endpoint[]): void {
    for (const peer of peers) {
      if (!this.#peers.has(peer.name)) this.#peers.set(peer.name, this.#listen(peer));
    }
  }

  /**
   * Resolves when the first peer streams.
   * @throws FabricError when none does within the budget
   */
  async ready(budgetMs: number): Promise<void> {
    await within(this.#ready.promise, budgetMs, () => ({
      subject: `commit events of ${this.#options.channel}`,
      expected: `a block from one of ${[...this.#peers.keys()].join(', ')}`,
      seen: 'none',
      budgetMs,
    }));
  }

  /** Number of the newest block that any peer reported; -1 before the first. */
  get tip(): number {
    return this.#tip;
  }

  /**
   * Peers that have not reported the newest block though another peer has, for longer than a grace period: cut off,
   * frozen, or fed by an orderer that is.
   * @param graceMs ordinary spread between peers, ms
   */
  lagging(graceMs = 1_000): ReadonlySet<string> {
    if (performance.now() - this.#tipAt < graceMs) return new Set();
    return new Set([...this.#peers.keys()].filter((name) => this.tipOf(name) < this.#tip));
  }

  /** Number of the newest block that one peer reported; -1 before its first. */
  tipOf(peer: string): number {
    return this.#tips.get(peer) ?? -1;
  }

  /** Peers in the order given, those that have not reported a block of this number last; one not heard of may have it. */
  freshFirst<T extends Endpoint>(peers: readonly T[], block: number): T[] {
    const behind = ({ name }: T) => this.tipOf(name) >= 0 && this.tipOf(name) < block;
    return peers.toSorted((a, b) => Number(behind(a)) - Number(behind(b)));
  }

  /**
   * Begins to watch a transaction; to be called before it is broadcast.
   * @param peers names of those that `all` waits for; default all that are listened to
   */
  watch(transactionId: string, peers: Iterable<string> = this.#peers.keys()): CommitWatch {
    const first = Promise.withResolvers<CommitEvent>();
    const all = Promise.withResolvers<CommitEvent>();
    const missing = new Set(peers);
    const duplicate = Promise.withResolvers<CommitEvent>();
    const pending: Pending = {
      since: Math.max(0, this.#tip),
      listener: (event) => {
        if (event.code === 'DUPLICATE_TXID') {
          duplicate.resolve(event);
          return;
        }
        first.resolve(event);
        missing.delete(event.peer);
        if (missing.size === 0) all.resolve(event);
      },
    };
    const set = this.#pending.get(transactionId) ?? new Set();
    this.#pending.set(transactionId, set.add(pending));
    return {
      first: first.promise,
      all: all.promise,
      duplicate: duplicate.promise,
      stop: () => {
        set.delete(pending);
        if (set.size === 0) this.#pending.delete(transactionId);
      },
    };
  }

  /** Ends all streams. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#peers.values());
  }

  #origin(): number | 'newest' {
    if (this.#tip < 0) return 'newest';
    let oldest = this.#tip;
    for (const set of this.#pending.values()) {
      for (const pending of set) oldest = Math.min(oldest, pending.since);
    }
    return oldest;
  }

  async #listen(peer: Endpoint): Promise<void> {
    const { connections, signer, channel } = this.#options;
    const signal = this.#stop.signal;
    while (!signal.aborted) {
      try {
        const blocks = streamBlocks({
          connections,
          endpoint: peer,
          identity: signer,
          channel,
          kind: 'peer-filtered',
          from: () => this.#origin(),
          to: 'follow',
          signal,
          reconnectBudgetMs: Number.POSITIVE_INFINITY,
        });
        for await (const bytes of blocks) this.#report(peer, bytes);
      } catch {
        // A block out of order or a refused reader: begin anew, after a pause that keeps a refusing peer cool.
        await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  #report(peer: Endpoint, bytes: Uint8Array): void {
    const filtered = protos.FilteredBlock.decode(bytes);
    const block = toNumber(filtered.number);
    this.#tips.set(peer.name, block);
    if (block > this.#tip) {
      this.#tip = block;
      this.#tipAt = performance.now();
    }
    this.#ready.resolve();
    if (this.#pending.size === 0) return;
    for (const transaction of filtered.filtered_transactions) {
      const transactionId = transaction.txid ?? '';
      const waiting = this.#pending.get(transactionId);
      if (waiting === undefined) continue;
      const code =
        protos.TxValidationCode[transaction.tx_validation_code ?? 0] ??
        `${transaction.tx_validation_code}`;
      for (const pending of waiting) {
        pending.listener({ transactionId, code, block, peer: peer.name });
      }
    }
  }
}

interface Shared {
  readonly feed: CommitFeed;
  users: number;
}

const feeds = new WeakMap<Transport, Map<string, Shared>>();

/**
 * The one feed of a channel that all users of some connections share; it listens to the peers of every one of them.
 * @returns the feed, and what lets go of it: the last one ends its streams
 */
export function acquireFeed(options: CommitFeedOptions): {
  readonly feed: CommitFeed;
  readonly release: () => Promise<void>;
} {
  const { connections, channel, peers } = options;
  const byChannel = feeds.get(connections) ?? new Map<string, Shared>();
  feeds.set(connections, byChannel);
  const shared = byChannel.get(channel) ?? { feed: new CommitFeed(options), users: 0 };
  byChannel.set(channel, shared);
  shared.users++;
  shared.feed.listenTo(peers);
  let released = false;
  return {
    feed: shared.feed,
    async release() {
      if (released) return;
      released = true;
      shared.users--;
      if (shared.users > 0) return;
      byChannel.delete(channel);
      await shared.feed.close();
    },
  };
}
