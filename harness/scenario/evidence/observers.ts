import { appendTo, paths } from '../../audit/evidence.ts';
import { messageOf } from '../../base/errors.ts';
import type { History } from '../../workload/history-writer.ts';
import type { OpenTransactions } from '../run/open-transactions.ts';
import type { Session } from '../session.ts';

/** Milliseconds between two samples of every height. */
const SAMPLE_MS = 1_000;

/** Long-lived observers of a channel: heights of every node, and an event stream from each peer. */
export class Observers {
  readonly #session: Pick<Session, 'network' | 'clock'>;
  readonly #channel: string;
  readonly #controller = new AbortController();
  readonly #tasks: Promise<void>[] = [];
  readonly #open: Pick<OpenTransactions, 'committed'>;
  readonly #history: History;

  /** @param open learns which transactions the peers have seen in blocks */
  constructor(
    session: Pick<Session, 'network' | 'clock'>,
    channel: string,
    folder: string,
    history: History,
    open: Pick<OpenTransactions, 'committed'>,
  ) {
    this.#session = session;
    this.#channel = channel;
    this.#open = open;
    this.#history = history;
    this.#tasks.push(this.#sampleHeights());
    for (const peer of session.network.nodes.peers)
      this.#tasks.push(this.#listen(peer.name, folder));
  }

  /** Ends sampling and listening. */
  async stop(): Promise<void> {
    this.#controller.abort();
    await Promise.allSettled(this.#tasks);
  }

  async #sampleHeights(): Promise<void> {
    const { clock } = this.#session;
    const { signal } = this.#controller;
    for (
      let next = clock.now();
      await clock.until(next, signal);
      next = Math.max(next + SAMPLE_MS, clock.now())
    ) {
      await this.sample(signal);
    }
  }

  /** Records the height of every node that says it. */
  async sample(signal?: AbortSignal): Promise<void> {
    const heights = await this.#session.network.ledgers.heights(this.#channel);
    const at = this.#session.clock.now();
    for (const [source, height] of heights) {
      if (height === undefined || signal?.aborted) continue;
      this.#history.append({ type: 'height', source, channel: this.#channel, height, at });
    }
  }

  async #listen(name: string, folder: string): Promise<void> {
    const { network, clock } = this.#session;
    const { signal } = this.#controller;
    using file = appendTo(paths.events(folder, this.#channel, name));
    try {
      for await (const block of network.ledgers.events(name, this.#channel, signal)) {
        const at = clock.now();
        const { number, transactions } = block;
        file.line({ block: number, at, transactions });
        this.#open.committed(transactions.map(({ id }) => id));
      }
    } catch (error) {
      this.#history.trouble(`event stream of ${name}: ${messageOf(error)}`);
    }
  }
}
