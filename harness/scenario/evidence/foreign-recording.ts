import { mkdirSync, rmSync } from 'node:fs';
import { appendTo, paths, writeScenario } from '../../audit/evidence.ts';
import type { CertificateFact } from '../../audit/recording.ts';
import { messageOf, UsageError } from '../../base/errors.ts';
import { waitFor } from '../../base/wait.ts';
import { type Contact, type ForeignReader, noneAnswers } from '../../network/foreign/reader.ts';
import { type HistoryRecord, LAST_LOOK } from '../../workload/history.ts';
import { saveDocuments } from './state.ts';

/** Milliseconds that nodes are given to reach the height that others had at the beginning. */
const LEVEL_MS = 15_000;
/** How often databases are read anew when the chain grew meanwhile. */
const STATE_TRIES = 3;

/** A call that every peer is asked, without anything being ordered. */
export interface PeerQuery {
  readonly chaincode: string;
  /** Function and arguments. */
  readonly call: readonly string[];
  /** As its author wrote it. */
  readonly text: string;
}

export interface ForeignChannel {
  readonly channel: string;
  /** First block to be read of every node; those before it are read of one. */
  readonly from: number;
  /** What peers are asked, all the same. */
  readonly queries: readonly PeerQuery[];
  /** Certificate of the reader, to be judged with the others. */
  readonly identity: CertificateFact;
  /** Told what somebody should know of how the ledger is read. */
  readonly note: (text: string) => void;
  readonly signal: AbortSignal;
}

/** What a look at a channel came to. */
export interface Look {
  /** Blocks that were saved of nodes that have them. */
  readonly height: number;
  /** Height of every node that told one. */
  readonly heights: ReadonlyMap<string, number>;
}

/**
 * A channel of a network that others run, saved as evidence of kind `ledger`: blocks of every node that answers, the
 * databases whose address is known. It can be looked at again and again; what has come since is added. What a node does
 * not give is told by the judge, by name.
 */
export class ForeignRecording {
  readonly #reader: ForeignReader;
  readonly #folder: string;
  readonly #options: ForeignChannel;
  readonly #begun = Date.now();
  /** Next block of each node. */
  readonly #next = new Map<string, number>();
  /** Heights that nodes told; of earlier looks only the last before the present one. */
  #told: HistoryRecord[] = [];
  readonly #absent = new Set<string>();
  #troubles: HistoryRecord[] = [];
  #whole: string | undefined;

  /** @param folder the scenario's; new */
  constructor(reader: ForeignReader, folder: string, options: ForeignChannel) {
    this.#reader = reader;
    this.#folder = folder;
    this.#options = options;
  }

  /**
   * Saves what has come since the last look.
   *
   * @throws UsageError when no node can be reached, or all refuse the identity, or none has the channel
   */
  async look(): Promise<Look> {
    const { channel, from, signal } = this.#options;
    this.#troubles = [];
    this.#told = lastOf(this.#told);
    const contacts = await this.#contact();
    const height = Math.max(...heightsOf(contacts).values());
    if (from >= height) {
      throw new UsageError([
        `--from ${from}: channel ${channel} has ${height} blocks, 0 to ${height - 1}`,
      ]);
    }
    mkdirSync(this.#folder, { recursive: true });
    this.#tell(contacts);
    for (const node of contacts) {
      if ('problem' in node) this.#trouble(`${node.name}: ${node.text}`);
    }
    const peers = contacts.filter(({ kind }) => kind === 'peer').map(({ name }) => name);
    const databases = this.#reader.databases.filter((peer) => peers.includes(peer));
    const settled = await this.#saveStates(
      peers.filter((name) => heightsOf(contacts).has(name)),
      databases,
      height,
    );
    await this.#saveBlocks(contacts.filter(givesBlocks), settled);
    signal.throwIfAborted();
    const last = heightsOf(await this.#reader.contact(channel));
    this.#mark();
    this.#tell(contacts, new Map([...last].map(([name, one]) => [name, Math.min(one, settled)])));
    this.#writeHistory();
    await this.#writeScenario(contacts, databases, settled);
    return { height: settled, heights: last };
  }

  /** Members of the channel, of those that are known or that its configuration tells. */
  async #contact(): Promise<readonly Contact[]> {
    const { channel, note } = this.#options;
    let contacts = await this.#reader.contact(channel);
    const answering = [...heightsOf(contacts).keys()];
    if (answering.length === 0) throw new UsageError(noneAnswers(contacts, channel));
    const added = await this.#reader.discover(channel, answering);
    if (added.length > 0) {
      note(`from the channel's configuration: ${added.join(', ')}`);
      contacts = await this.#reader.contact(channel);
    }
    return contacts.filter((node) => {
      if (!('problem' in node) || node.problem !== 'not there') return true;
      if (!this.#absent.has(node.name)) note(`${node.name} is not in channel ${channel}`);
      this.#absent.add(node.name);
      return false;
    });
  }

  /**
   * Reads databases and asks peers while the chain does not grow, so that they fit a height.
   *
   * @returns the height
   */
  async #saveStates(
    peers: readonly string[],
    databases: readonly string[],
    height: number,
  ): Promise<number> {
    const { channel, queries, signal } = this.#options;
    let reached = height;
    await this.#level(reached);
    if (databases.length === 0 && queries.length === 0) return reached;
    for (let turn = 1; ; turn += 1) {
      const failed = await Promise.all([
        ...databases.map((peer) => this.#saveState(peer)),
        ...peers.map((peer) => this.#saveAnswers(peer)),
      ]);
      signal.throwIfAborted();
      const contacts = await this.#reader.contact(channel);
      const now = Math.max(reached, ...heightsOf(contacts).values());
      if (now === reached) {
        for (const message of failed.flat()) this.#trouble(message);
        return reached;
      }
      if (turn === STATE_TRIES) {
        this.#trouble(
          `databases and queries: the chain grew from ${reached} to ${now} blocks while they were read, ${turn} times in a row; they can be judged while it rests`,
        );
        for (const peer of databases) this.#dropState(peer);
        for (const peer of peers) rmSync(this.#answersOf(peer), { force: true });
        return reached;
      }
      reached = now;
      await this.#level(reached);
    }
  }

  /** @returns why it could not be read, if so */
  async #saveState(peer: string): Promise<string[]> {
    const { channel } = this.#options;
    try {
      const documents = this.#reader.documents(peer, channel);
      await saveDocuments(paths.state(this.#folder, channel, peer), documents);
      return [];
    } catch (error) {
      this.#dropState(peer);
      return [`database of ${peer}: ${messageOf(error)}`];
    }
  }

  #answersOf(peer: string): string {
    return paths.answers(this.#folder, this.#options.channel, peer);
  }

  /** @returns nothing: that a peer does not answer is part of what it says */
  async #saveAnswers(peer: string): Promise<string[]> {
    const { channel, queries } = this.#options;
    if (queries.length === 0) return [];
    rmSync(this.#answersOf(peer), { force: true });
    using file = appendTo(this.#answersOf(peer));
    for (const { text, chaincode, call } of queries) {
      const answer = await this.#reader
        .ask(peer, channel, chaincode, call)
        .catch((error) => ({ error: messageOf(error) }));
      file.line({ query: text, ...answer });
    }
    return [];
  }

  #dropState(peer: string): void {
    rmSync(paths.state(this.#folder, this.#options.channel, peer), { force: true });
  }

  /** Waits until all that answer are as high, or the budget is over: who is behind is told by the judge. */
  async #level(height: number): Promise<void> {
    const { channel, signal } = this.#options;
    const options = {
      subject: channel,
      expected: 'level heights',
      budgetMs: LEVEL_MS,
      intervalMs: 500,
    };
    const all = async () => {
      const heights = [...heightsOf(await this.#reader.contact(channel)).values()];
      return heights.every((one) => one >= height) ? true : undefined;
    };
    await waitFor({ ...options, signal }, all).catch((error: unknown) => {
      if (!(error instanceof Error && error.name === 'DeadlineError')) throw error;
    });
  }

  async #saveBlocks(there: readonly Contact[], height: number): Promise<void> {
    const { channel, from } = this.#options;
    const heights = heightsOf(await this.#reader.contact(channel));
    const sound = there.filter(({ name }) => heights.has(name));
    // Of a peer if possible: orderers know no codes.
    this.#whole ??= (sound.find(({ kind }) => kind === 'peer') ?? sound[0])?.name;
    await Promise.all(
      there.map(async ({ name }) => {
        const to = Math.min(height, heights.get(name) ?? height) - 1;
        // Of one that has not come so far, its newest block tells how far it has come.
        const first = name === this.#whole ? 0 : Math.min(from, to);
        await this.#saveBlocksOf(name, this.#next.get(name) ?? first, to);
      }),
    );
  }

  async #saveBlocksOf(name: string, from: number, to: number): Promise<void> {
    const { channel, signal } = this.#options;
    using file = appendTo(paths.blocks(this.#folder, channel, name));
    if (to < from) return;
    let next = from;
    try {
      for await (const block of this.#reader.blocks(name, channel, from, to)) {
        signal.throwIfAborted();
        file.block(block);
        next += 1;
      }
    } catch (error) {
      signal.throwIfAborted();
      this.#trouble(messageOf(error));
    } finally {
      this.#next.set(name, next);
    }
  }

  #trouble(message: string): void {
    this.#troubles.push({ type: 'trouble', message, at: Date.now() - this.#begun });
  }

  #mark(): void {
    this.#told.push({ type: 'mark', label: LAST_LOOK, at: Date.now() - this.#begun });
  }

  #tell(contacts: readonly Contact[], heights = heightsOf(contacts)): void {
    const { channel } = this.#options;
    for (const [source, height] of heights) {
      const at = Date.now() - this.#begun;
      this.#told.push({ type: 'height', source, channel, height, at });
    }
  }

  #writeHistory(): void {
    const path = paths.history(this.#folder);
    rmSync(path, { force: true });
    using file = appendTo(path);
    for (const record of [...this.#troubles, ...this.#told]) file.line(record);
  }

  async #writeScenario(
    contacts: readonly Contact[],
    databases: readonly string[],
    height: number,
  ): Promise<void> {
    const { channel, from, identity, queries } = this.#options;
    const shown = await Promise.all(
      [...heightsOf(contacts).keys()].map(async (name) => {
        const until = await this.#reader.shownUntil(name);
        return until === undefined ? [] : [{ what: `TLS certificate that ${name} shows`, until }];
      }),
    );
    const named = (kind: Contact['kind']) =>
      contacts.filter((node) => node.kind === kind).map(({ name }) => name);
    writeScenario(this.#folder, {
      schema: 2,
      name: `channel ${channel}`,
      kind: 'ledger',
      readAt: Date.now(),
      certificates: [identity, ...shown.flat()],
      chaincode: '',
      workload: 'other',
      channels: {
        [channel]: {
          peers: named('peer'),
          organisations: Object.fromEntries(this.#reader.peers.map((p) => [p.name, p.mspId])),
          orderers: named('orderer'),
          startHeight: height,
          from,
          databases,
          queries: queries.map(({ text }) => text),
        },
      },
      namespaces: 'all',
      patience: 60_000,
      floors: { operations: 0, conflicts: 0, reads: 0 },
    });
  }
}

/** One that cannot give its newest block may have others: how far it comes tells where it is damaged. */
const givesBlocks = (node: Contact): boolean => !('problem' in node) || node.problem === 'broken';

/** The last height that each node has told: who falls below it has lost blocks. */
function lastOf(told: readonly HistoryRecord[]): HistoryRecord[] {
  const heights = told.filter((record) => record.type === 'height');
  return [...new Map(heights.map((record) => [record.source, record])).values()];
}

/** Heights of those that told one. */
const heightsOf = (contacts: readonly Contact[]): ReadonlyMap<string, number> =>
  new Map(
    contacts.flatMap((node) => ('height' in node ? [[node.name, node.height] as const] : [])),
  );
