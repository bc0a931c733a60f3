import type { Connections } from '../client/connections.ts';
import { FabricError } from '../client/errors.ts';
import { protos, toNumber } from '../client/protos.ts';
import type { Signer } from '../client/signer.ts';
import type { Endpoint } from '../client/types.ts';
import { streamBlocks } from './stream.ts';

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
  /** Resolves when every peer of the watcher has reported, with the last report. Never rejects. */
  readonly all: Promise<CommitEvent>;
  /** Resolves with a report of DUPLICATE_TXID: the id's true outcome then stands in an earlier place. */
  readonly duplicate: Promise<CommitEvent>;
  /** Stops watching; to be called always. */
  stop(): void;
}

export interface CommitWatcherOptions {
  readonly connections: Connections;
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

/**
 * Watches commits on a channel through filtered-block streams of several peers, one stream a peer however many
 * transactions wait. Each stream goes on where it broke, and a peer that comes late starts at the oldest block that
 * a waiting transaction may be in, so no commit is missed as long as one peer is alive.
 */
export class CommitWatcher {
  readonly #options: CommitWatcherOptions;
  readonly #pending = new Map<string, Set<Pending>>();
  readonly #stop = new AbortController();
  readonly #ready = Promise.withResolvers<void>();
  readonly #streams: Promise<void>[] = [];
  readonly #tips = new Map<string, number>();
  #tip = -1;
  #tipAt = 0;

  constructor(options: CommitWatcherOptions) {
    this.#options = options;
    for (const peer of options.peers) this.#streams.push(this.#listen(peer));
  }

  /**
   * Resolves when the first peer streams.
   * @throws FabricError when none does within the budget
   */
  async ready(budgetMs: number): Promise<void> {
    const { channel, peers } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const subject = `commit events of ${channel}`;
        const names = peers.map((peer) => peer.name).join(', ');
        reject(
          new FabricError({
            subject,
            expected: `a block from one of ${names}`,
            seen: 'none',
            budgetMs,
          }),
        );
      }, budgetMs);
    });
    try {
      await Promise.race([this.#ready.promise, late]);
    } finally {
      clearTimeout(timer);
    }
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
    const behind = this.#options.peers.filter((peer) => this.tipOf(peer.name) < this.#tip);
    return new Set(behind.map((peer) => peer.name));
  }

  /** Number of the newest block that one peer reported; -1 before its first. */
  tipOf(peer: string): number {
    return this.#tips.get(peer) ?? -1;
  }

  /** Begins to watch a transaction; to be called before it is broadcast. */
  watch(transactionId: string): CommitWatch {
    const first = Promise.withResolvers<CommitEvent>();
    const all = Promise.withResolvers<CommitEvent>();
    const missing = new Set(this.#options.peers.map((peer) => peer.name));
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
    await Promise.all(this.#streams);
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
        await new Promise((resolve) => {
          const timer = setTimeout(resolve, 1_000);
          signal.addEventListener('abort', () => {
            clearTimeout(timer);
            resolve(undefined);
          });
        });
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
