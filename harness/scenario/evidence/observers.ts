import { appendTo, paths } from '../../audit/evidence.ts';
import { query } from '../../fabric/client/endorser.ts';
import { common, protos, toNumber } from '../../fabric/client/protos.ts';
import { createSigner } from '../../fabric/client/signer.ts';
import { ordererHeight } from '../../fabric/deliver/fetch.ts';
import { streamBlocks } from '../../fabric/deliver/stream.ts';
import type { History } from '../../workload/history-writer.ts';
import type { BlockSeen } from '../../workload/statistics/model.ts';
import type { OpenTransactions } from '../run/open-transactions.ts';
import type { Session } from '../session.ts';

/** Milliseconds between two samples of every height. */
const SAMPLE_MS = 1_000;
/** A listener must outlive every fault of a scenario. */
const LISTENER_BUDGET_MS = 10 * 60_000;

/** Long-lived observers of a channel: heights of every node, and an event stream from each peer. */
export class Observers {
  readonly #session: Session;
  readonly #channel: string;
  readonly #controller = new AbortController();
  readonly #tasks: Promise<void>[] = [];
  readonly #open: Pick<OpenTransactions, 'committed'>;
  /** Blocks as the first peer told them, for the report. */
  readonly blocks: BlockSeen[] = [];
  /** What went wrong with a listener, one line each. */
  readonly problems: string[] = [];

  /** @param open learns which transactions the peers have seen in blocks */
  constructor(
    session: Session,
    channel: string,
    folder: string,
    history: History,
    open: Pick<OpenTransactions, 'committed'>,
  ) {
    this.#session = session;
    this.#channel = channel;
    this.#open = open;
    this.#tasks.push(this.#sampleHeights(history));
    for (const peer of session.endpoints.peers) this.#tasks.push(this.#listen(peer.name, folder));
  }

  /** Ends sampling and listening. */
  async stop(): Promise<void> {
    this.#controller.abort();
    await Promise.allSettled(this.#tasks);
  }

  async #sampleHeights(history: History): Promise<void> {
    const { clock } = this.#session;
    const { signal } = this.#controller;
    for (
      let next = clock.now();
      await clock.until(next, signal);
      next = Math.max(next + SAMPLE_MS, clock.now())
    ) {
      const heights = await heightsOf(this.#session, this.#channel);
      for (const [source, height] of heights) {
        if (height === undefined || signal.aborted) continue;
        history.append({ type: 'height', source, channel: this.#channel, height, at: clock.now() });
      }
    }
  }

  async #listen(name: string, folder: string): Promise<void> {
    const { session, channel, signal } = {
      session: this.#session,
      channel: this.#channel,
      signal: this.#controller.signal,
    };
    const peer = session.endpoints.peers.find((p) => p.name === name);
    const organisation = session.endpoints.organisations.find((o) => o.mspId === peer?.mspId);
    if (!peer || !organisation) return;
    const first = session.endpoints.peers[0]?.name === name;
    using file = appendTo(paths.events(folder, channel, name));
    try {
      for await (const bytes of streamBlocks({
        connections: session.connections,
        endpoint: peer,
        identity: organisation.admin,
        channel,
        kind: 'peer-filtered',
        from: 0,
        to: 'follow',
        signal,
        reconnectBudgetMs: LISTENER_BUDGET_MS,
      })) {
        const at = session.clock.now();
        const block = protos.FilteredBlock.decode(bytes);
        const transactions = block.filtered_transactions.map((transaction) => ({
          id: transaction.txid ?? '',
          code: transaction.tx_validation_code ?? 0,
        }));
        const number = toNumber(block.number);
        file.line({ block: number, at, transactions });
        this.#open.committed(transactions.map(({ id }) => id));
        if (first) this.blocks.push({ at, number, transactions: transactions.length });
      }
    } catch (error) {
      this.problems.push(
        `event stream of ${name}: ${error instanceof Error ? error.message : error}`,
      );
    }
  }
}

/** Height of every peer and orderer; `undefined` for one that doesn't say within two seconds. */
export async function heightsOf(
  session: Session,
  channel: string,
): Promise<Map<string, number | undefined>> {
  const { endpoints, connections } = session;
  const [firstOrganisation] = endpoints.organisations;
  if (!firstOrganisation) return new Map();
  const reader = createSigner(firstOrganisation.admin);
  const budgetMs = 2_000;
  const entries = await Promise.all([
    ...endpoints.orderers.map(async (orderer) => {
      const height = await ordererHeight(connections, orderer, reader, channel, budgetMs).catch(
        () => undefined,
      );
      return [orderer.name, height] as const;
    }),
    ...endpoints.organisations.flatMap(({ admin, peers }) => {
      const signer = createSigner(admin);
      const request = { channel, chaincode: 'qscc', args: ['GetChainInfo', channel] };
      return peers.map(async (peer) => {
        const height = await query(connections, peer, signer, request, budgetMs).then(
          (bytes) => toNumber(common.BlockchainInfo.decode(bytes).height),
          () => undefined,
        );
        return [peer.name, height] as const;
      });
    }),
  ]);
  return new Map(entries);
}

/** The greatest height that any node has; 0 if none answers. */
export async function greatestHeight(session: Session, channel: string): Promise<number> {
  const heights = await heightsOf(session, channel);
  return Math.max(0, ...[...heights.values()].map((height) => height ?? 0));
}
