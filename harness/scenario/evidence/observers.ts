import type { ChaincodeEvent } from '../../../fabric-client/chaincode-events.ts';
import { appendTo, paths } from '../../audit/evidence.ts';
import type { ChaincodeEventTold } from '../../audit/recording.ts';
import { messageOf } from '../../base/errors.ts';
import { patient } from '../../base/patience.ts';
import type { History } from '../../workload/history-writer.ts';
import type { OpenTransactions } from '../run/open-transactions.ts';
import type { Session } from '../session.ts';

/** Milliseconds between two samples of every height. */
const SAMPLE_MS = 1_000;
/** For all nodes to say their heights at the end, ms. */
const SAYING_MS = 10_000;

/** A listener that was cut off is made anew after at most ten seconds, and then hears what it has missed. */
const HEARING_MS = 15_000;
/** Milliseconds that a new listener is given between two events before it counts as having heard all. */
const REPLAY_MS = 5_000;

/** Long-lived observers of a channel: heights of every node, and two event streams from each peer. */
export class Observers {
  readonly #session: Pick<Session, 'network' | 'clock'>;
  readonly #channel: string;
  readonly #controller = new AbortController();
  readonly #tasks: Promise<void>[] = [];
  readonly #open: Pick<OpenTransactions, 'committed'>;
  readonly #history: History;
  readonly #folder: string;
  readonly #chaincode: string;
  /** Chaincode events by peer. */
  readonly #heard = new Map<string, number>();

  /** @param open learns which transactions the peers have seen in blocks */
  constructor(
    session: Pick<Session, 'network' | 'clock'>,
    { channel, chaincode }: { readonly channel: string; readonly chaincode: string },
    folder: string,
    history: History,
    open: Pick<OpenTransactions, 'committed'>,
  ) {
    this.#session = session;
    this.#channel = channel;
    this.#chaincode = chaincode;
    this.#folder = folder;
    this.#open = open;
    this.#history = history;
    this.#tasks.push(this.#sampleHeights());
    for (const { name } of session.network.ledgers.members(channel).peers) {
      this.#tasks.push(this.#listen(name), this.#hear(name));
    }
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

  /** Records the height of every node that says it. @returns whether all did */
  async sample(signal?: AbortSignal): Promise<boolean> {
    const heights = await this.#session.network.ledgers.heights(this.#channel);
    const at = this.#session.clock.now();
    for (const [source, height] of heights) {
      if (height === undefined || signal?.aborted) continue;
      this.#history.append({ type: 'height', source, channel: this.#channel, height, at });
    }
    return [...heights.values()].every((height) => height !== undefined);
  }

  /** Records the height of every node; one that is too busy to say it at once is asked again. */
  async sampleAll(): Promise<void> {
    const { clock } = this.#session;
    const deadline = clock.now() + patient(SAYING_MS);
    while (!(await this.sample()) && clock.now() < deadline) {
      await clock.until(clock.now() + 250);
    }
  }

  /** Resolves when every peer's listener has heard as many chaincode events as any, or when it is idle to wait longer. */
  async heard(): Promise<void> {
    const { clock } = this.#session;
    const deadline = clock.now() + HEARING_MS;
    const counts = () => [...this.#heard.values()];
    while (Math.min(...counts()) < Math.max(...counts()) && clock.now() < deadline) {
      await clock.until(clock.now() + 100);
    }
  }

  /** Has new listeners hear all chaincode events again, from the first block on, as many as the others have heard. */
  async replay(): Promise<void> {
    const wanted = Math.max(0, ...this.#heard.values());
    if (wanted === 0) return;
    await Promise.all([...this.#heard.keys()].map((peer) => this.#hearAgain(peer, wanted)));
  }

  async #hearAgain(peer: string, wanted: number): Promise<void> {
    const { network, clock } = this.#session;
    using file = appendTo(paths.replayedEvents(this.#folder, this.#channel, peer));
    const controller = new AbortController();
    let deadline = clock.now() + REPLAY_MS;
    const watched = (async () => {
      while (await clock.until(deadline, controller.signal)) {
        if (clock.now() >= deadline) controller.abort();
      }
    })();
    let count = 0;
    const { ledgers } = network;
    const events = ledgers.chaincodeEvents(peer, this.#channel, this.#chaincode, controller.signal);
    for await (const event of events) {
      file.line(told(event));
      count += 1;
      deadline = clock.now() + REPLAY_MS;
      if (count >= wanted) break;
    }
    controller.abort();
    await watched;
  }

  async #hear(peer: string): Promise<void> {
    const { signal } = this.#controller;
    const { ledgers } = this.#session.network;
    this.#heard.set(peer, 0);
    using file = appendTo(paths.chaincodeEvents(this.#folder, this.#channel, peer));
    try {
      const events = ledgers.chaincodeEvents(peer, this.#channel, this.#chaincode, signal);
      for await (const event of events) {
        file.line(told(event));
        this.#heard.set(peer, (this.#heard.get(peer) ?? 0) + 1);
      }
    } catch (error) {
      this.#history.trouble(`chaincode events of ${peer}: ${messageOf(error)}`);
    }
  }

  async #listen(name: string): Promise<void> {
    const { network, clock } = this.#session;
    const { signal } = this.#controller;
    using file = appendTo(paths.events(this.#folder, this.#channel, name));
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

const told = ({ payload, ...event }: ChaincodeEvent): ChaincodeEventTold => ({
  ...event,
  payload: Buffer.from(payload).toString('base64'),
});
