import { setTimeout as pause } from 'node:timers/promises';
import { offer } from '../../fabric-client/broadcast.ts';
import { acquireFeed, type CommitEvent, type CommitFeed } from '../../fabric-client/commit-feed.ts';
import { Connections } from '../../fabric-client/connections.ts';
import { Endorsing } from '../../fabric-client/endorsing.ts';
import { assembleTransaction, createProposal } from '../../fabric-client/proposal.ts';
import { createSigner, type Signer } from '../../fabric-client/signer.ts';
import { transact } from '../../fabric-client/transact.ts';
import { endpointsOfChannel, signingIdentity } from '../fabric/endpoints.ts';
import { orderingOf } from '../ordering/registry.ts';
import type { Road } from './road.ts';

/** Milliseconds for one orderer to answer, and from an acknowledgement to the commit until it is sent again. */
const BROADCAST_MS = 3_000;
const COMMIT_MS = 8_000;
const ENDORSE_MS = 3_000;
/** Milliseconds that the last transactions have once the way is at its end. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 50;

/** A transfer of one client, from its endorsement on. Times are `performance.now()`. */
export interface Transfer {
  readonly transactionId: string;
  readonly startedAt: number;
  /** When and by whom it was taken, each time that it was sent. */
  readonly taken: { readonly orderer: string; readonly at: number }[];
  committed?: { readonly at: number; readonly block: number; readonly code: string };
}

/** What the clients have done and seen. */
export interface Travelled {
  readonly channel: string;
  readonly transfers: readonly Transfer[];
  /** Proposals that no two organisations endorsed, which nobody has seen the end of. */
  readonly unendorsed: number;
}

/**
 * Clients that transfer money during the whole way, each between two accounts of its own. What was acknowledged and does
 * not come is sent again, the same envelope, until it is in a block: that is what Raft asks of its clients.
 */
export class Clients {
  readonly #road: Road;
  readonly #connections = new Connections();
  readonly #stop = new AbortController();
  readonly #transfers: Transfer[] = [];
  readonly #channel: string;
  readonly #chaincode: string;
  #unendorsed = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(road: Road) {
    const [channel] = road.topology.channels;
    const [chaincode] = channel?.chaincodes ?? [];
    if (!channel || !chaincode) throw new Error('migrate: expected a channel with a chaincode');
    this.#road = road;
    this.#channel = channel.name;
    this.#chaincode = chaincode;
  }

  /** Opens their accounts and has them begin. */
  async start(count: number): Promise<void> {
    const prefix = `road-${Date.now().toString(36)}-`;
    await this.#open(prefix, 2 * count);
    const all = Array.from({ length: count }, (_, at) =>
      this.#client(`${prefix}${2 * at}`, `${prefix}${2 * at + 1}`, at),
    );
    this.#running = Promise.all(all).then(() => undefined);
    this.#running.catch(() => undefined); // told when it is asked for
  }

  /** Lets each end what it has under way. */
  async finish(): Promise<Travelled> {
    this.#stop.abort();
    await this.#running;
    return {
      channel: this.#channel,
      transfers: this.#transfers,
      unendorsed: this.#unendorsed,
    };
  }

  [Symbol.dispose]() {
    this.#stop.abort();
    this.#connections.close();
  }

  get #signing() {
    const { topology, state } = this.#road;
    const [organisation] = topology.channels[0]?.organisations ?? [];
    const owned = state.identities.organisations[organisation ?? ''];
    if (!owned) throw new Error('migrate: expected an organisation of peers, seen none');
    return signingIdentity(owned, owned.user);
  }

  async #open(prefix: string, accounts: number): Promise<void> {
    const { topology, network } = this.#road;
    const { organisations, peers } = endpointsOfChannel(network.nodes, topology, this.#channel);
    await transact({
      connections: this.#connections,
      orderers: network.nodes.orderers,
      endorsers: organisations.flatMap((one) => one.peers.slice(0, 1)),
      observers: peers,
      identity: this.#signing,
      request: {
        channel: this.#channel,
        chaincode: this.#chaincode,
        args: ['openMany', prefix, String(accounts), 'harness', '1000000'],
      },
      budgetMs: PATIENCE_MS,
    });
  }

  async #client(from: string, to: string, turn: number): Promise<void> {
    const signer = createSigner(this.#signing);
    const { feed, release } = acquireFeed({
      connections: this.#connections,
      signer,
      channel: this.#channel,
      peers: this.#road.network.nodes.peers,
    });
    try {
      await feed.ready(PATIENCE_MS);
      for (let round = 0; !this.#stop.signal.aborted; round += 1) {
        const [payer, payee] = round % 2 === 0 ? [from, to] : [to, from];
        await this.#transfer(feed, signer, [payer, payee], turn + round);
        await pause(PAUSE_MS);
      }
    } finally {
      await release();
    }
  }

  async #transfer(
    feed: CommitFeed,
    signer: Signer,
    accounts: readonly [string, string],
    turn: number,
  ): Promise<void> {
    const { nodes } = this.#road.network;
    const proposal = createProposal(
      {
        channel: this.#channel,
        chaincode: this.#chaincode,
        args: ['transfer', ...accounts, '1'],
      },
      signer,
    );
    const { transactionId } = proposal;
    const startedAt = performance.now();
    const endorsing = new Endorsing(
      { transport: this.#connections, feed, signer, proposal, peers: nodes.peers },
      {
        endorsers: nodes.organisations.map(({ peers }) => peers),
        whenMissing: 'fail',
        orderers: nodes.orderers,
        endorseMs: ENDORSE_MS,
        agreeMs: ENDORSE_MS,
        broadcastMs: BROADCAST_MS,
        commitMs: COMMIT_MS,
        doubtMs: COMMIT_MS,
      },
      () => Number.POSITIVE_INFINITY,
    );
    const endorsed = await endorsing.run().catch(() => undefined);
    if (!endorsed) {
      this.#unendorsed += 1;
      return;
    }
    const responses = endorsed.map(({ response }) => response);
    const envelope = assembleTransaction(proposal, responses, signer);
    const transfer: Transfer = { transactionId, startedAt, taken: [] };
    this.#transfers.push(transfer);
    const watch = feed.watch(transactionId);
    try {
      const event = await this.#untilCommitted(envelope, transfer, watch.first, turn);
      if (event) {
        const { block, code } = event;
        transfer.committed = { at: performance.now(), block, code };
      }
    } finally {
      watch.stop();
    }
  }

  /** Sends an envelope until it is in a block; `undefined` when the way has ended and patience with it. */
  async #untilCommitted(
    envelope: Uint8Array,
    transfer: Transfer,
    first: Promise<CommitEvent>,
    turn: number,
  ): Promise<CommitEvent | undefined> {
    const { signal } = this.#stop;
    let deadline = Number.POSITIVE_INFINITY;
    for (let attempt = turn; performance.now() < deadline; attempt += 1) {
      const { orderers } = this.#road.network.nodes;
      const begin = attempt % orderers.length;
      const offered = await offer(
        {
          transport: this.#connections,
          orderers: [...orderers.slice(begin), ...orderers.slice(0, begin)],
          timeoutMs: BROADCAST_MS,
          atOnce: orderingOf(this.#road.topology).clientsSendTo === 'all',
          committed: first,
        },
        envelope,
      );
      if (offered.committed) return offered.committed;
      const taken = offered.handover === 'taken';
      const orderer = offered.records.at(-1)?.orderer;
      if (taken && orderer) transfer.taken.push({ orderer, at: performance.now() });
      const waitMs = taken || offered.handover === 'maybe' ? COMMIT_MS : PAUSE_MS;
      const event = await Promise.race([first, pause(waitMs, undefined)]);
      if (event) return event;
      if (signal.aborted) deadline = Math.min(deadline, performance.now() + PATIENCE_MS);
    }
    return undefined;
  }
}
