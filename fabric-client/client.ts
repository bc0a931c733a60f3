import { acquireFeed, type CommitFeed } from './commit-feed.ts';
import type { Transport } from './connections.ts';
import { describe, FabricError } from './errors.ts';
import { rotate } from './health.ts';
import { type ChainInfo, chainInfo } from './ledger.ts';
import { patient } from './patience.ts';
import { createProposal } from './proposal.ts';
import { inquire, type ProposalRecord, query } from './proposing.ts';
import { RefusedError } from './refusals.ts';
import { createSigner, type Signer } from './signer.ts';
import type { SubmitPolicy } from './submission.ts';
import { type SubmitOutcome, submit } from './submit.ts';
import type { Endpoint, PeerEndpoint, SigningIdentity } from './types.ts';

/** A network as clients see it: a static list, no discovery. */
export interface NetworkProfile {
  readonly peers: readonly PeerEndpoint[];
  readonly orderers: readonly Endpoint[];
}

/** Time limits of a submit, ms; see {@link SubmitPolicy}. */
export type SubmitTimeouts = Pick<
  SubmitPolicy,
  'endorseMs' | 'broadcastMs' | 'commitMs' | 'doubtMs' | 'resubmitMs'
>;

export interface ClientOptions {
  /** Clients on the same connections share the channel's commit events too. */
  readonly connections: Transport;
  readonly profile: NetworkProfile;
  readonly identity: SigningIdentity;
  readonly channel: string;
  /** Default chaincode of submits and reads. */
  readonly chaincode: string;
  /** Organisations that must endorse; default all in the profile. */
  readonly endorsingOrganisations?: readonly string[];
  /** Which peer of each organisation, and which orderer, a client starts with, modulo their number. Default 0. */
  readonly turn?: number;
  /** Name of the orderer to try first; the others take over when it fails. */
  readonly preferredOrderer?: string;
  readonly timeouts?: Partial<SubmitTimeouts>;
  /** Sends to all orderers at the same time, as clients of BFT must. */
  readonly atOnce?: boolean;
  /** Milliseconds since the run started, monotonic. Default: since this process started. */
  readonly clock?: () => number;
}

export interface SubmitRequest {
  readonly function: string;
  readonly args: readonly string[];
  /** Default the client's. */
  readonly chaincode?: string;
  /** Use this orderer and no other, e.g. to measure when this one has recovered. */
  readonly onlyOrderer?: string;
  /** The explicit initialisation call of a chaincode that requires one. */
  readonly isInit?: boolean;
  /** For the endorsers' eyes only. */
  readonly transient?: Readonly<Record<string, Uint8Array>>;
  /** MSP ids of the organisations that are to endorse this one. Default the client's. */
  readonly endorsingOrganisations?: readonly string[];
}

export interface EvaluateRequest {
  /** Name of the one peer to ask. */
  readonly peer: string;
  readonly function: string;
  readonly args: readonly string[];
  readonly chaincode?: string;
  /** For each of the three questions asked (height, read, height), ms. Default 5 000. */
  readonly timeoutMs?: number;
}

/** What a client knows at the end of a submit; the fields have the names and meaning of the history's completion. */
export interface SubmitResult
  extends Pick<SubmitOutcome, 'outcome' | 'stage' | 'acknowledgedAt' | 'block' | 'code' | 'error'> {
  /** From the client's clock, ms. */
  readonly at: number;
  /** The orderer that accepted, or last refused, the envelope. */
  readonly orderer?: string;
  /** All orderers that were heard to accept it, where it went to all. */
  readonly acknowledgedBy?: readonly string[];
  /** Later acknowledgements, where it was offered again. */
  readonly acknowledgedAgain?: SubmitOutcome['acknowledgedAgain'];
  /** What the chaincode returned when it was endorsed, as text. */
  readonly result?: string;
  /** Set when the chaincode itself said no, e.g. to an overdraft; the network did all it should. */
  readonly refused?: boolean;
  /** Every peer's answer of every round. */
  readonly responses: readonly ProposalRecord[];
}

/** What a client knows at the end of a read from one peer. */
export interface EvaluateResult {
  /** A read has no effect, so it is never `unknown`. */
  readonly outcome: 'ok' | 'fail';
  readonly at: number;
  readonly stage: 'evaluate';
  readonly result?: string;
  /** Chain heights of the asked peer just before and just after the read. */
  readonly heightBefore?: number;
  readonly heightAfter?: number;
  /** Set when the chaincode itself said no. */
  readonly refused?: boolean;
  readonly error?: string;
}

/** A transaction with its id, nothing sent yet. */
export interface PreparedTransaction {
  readonly transactionId: string;
  /** The peers that will be asked to endorse first; others of their organisations stand in for them. */
  readonly peers: readonly string[];
  /** To be called once. Never rejects. */
  submit(): Promise<SubmitResult>;
}

/** Commit patience is the product's, 20 s; one orderer may use 3 s of it. */
export const DEFAULT_TIMEOUTS: SubmitTimeouts = {
  endorseMs: 5_000,
  broadcastMs: 3_000,
  commitMs: 20_000,
  doubtMs: 3_000,
};

/**
 * Opens a client. Resolves when commit events stream from at least one peer, so that the first submit is watched.
 * @param readyMs budget for that, ms
 * @throws FabricError when no peer streams within the budget, or an option names something not in the profile
 */
export async function openClient(options: ClientOptions, readyMs = 20_000): Promise<FabricClient> {
  const { connections, profile, channel, identity } = options;
  const signer = createSigner(identity);
  // Peers of all organisations: a client that loses all of its own is still told, and laggards are known.
  const { feed, release } = acquireFeed({ connections, signer, channel, peers: profile.peers });
  try {
    const client = new FabricClient(options, signer, feed, release);
    await feed.ready(patient(readyMs));
    return client;
  } catch (error) {
    await release();
    throw error;
  }
}

/** One user of one organisation on one channel. */
export class FabricClient implements AsyncDisposable {
  readonly mspId: string;
  readonly channel: string;
  /** Lets go of the shared commit events. */
  readonly close: () => Promise<void>;
  readonly #options: ClientOptions;
  readonly #signer: Signer;
  readonly #feed: CommitFeed;
  readonly #clock: () => number;
  readonly #policy: SubmitPolicy;
  readonly #turn: number;
  /** The newest block that this client was told of. */
  #seen = 0;

  /** For {@link openClient}. */
  constructor(
    options: ClientOptions,
    signer: Signer,
    feed: CommitFeed,
    close: () => Promise<void>,
  ) {
    const { profile, turn = 0, preferredOrderer } = options;
    this.mspId = options.identity.mspId;
    this.channel = options.channel;
    this.close = close;
    this.#options = options;
    this.#signer = signer;
    this.#feed = feed;
    this.#clock = options.clock ?? (() => performance.now());
    this.#turn = turn;
    const { peers, orderers } = profile;
    const organisations = options.endorsingOrganisations ?? [
      ...new Set(peers.map((peer) => peer.mspId)),
    ];
    const endorsers = endorsersOf(peers, organisations, turn);
    const start =
      preferredOrderer === undefined
        ? turn
        : orderers.indexOf(known(orderers, preferredOrderer, 'orderer'));
    const wanted = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
    const timeouts = Object.fromEntries(
      Object.entries(wanted).map(([what, ms]) => [what, patient(ms)]),
    ) as unknown as SubmitTimeouts;
    this.#policy = {
      ...timeouts,
      agreeMs: timeouts.endorseMs,
      endorsers,
      whenMissing: 'fail',
      orderers: rotate(orderers, start),
      atOnce: options.atOnce ?? false,
    };
  }

  /** Fixes a transaction's id, so that it can be recorded before anything leaves the client. */
  prepare(request: SubmitRequest): PreparedTransaction {
    const { connections: transport, profile } = this.#options;
    const { onlyOrderer, isInit, transient, endorsingOrganisations: asked } = request;
    const proposal = createProposal(
      {
        channel: this.channel,
        chaincode: request.chaincode ?? this.#options.chaincode,
        args: [request.function, ...request.args],
        ...(isInit === undefined ? {} : { isInit }),
        ...(transient === undefined ? {} : { transient }),
      },
      this.#signer,
    );
    const policy = {
      ...this.#policy,
      ...(onlyOrderer === undefined
        ? {}
        : { orderers: [known(profile.orderers, onlyOrderer, 'orderer')] }),
      ...(asked === undefined ? {} : { endorsers: endorsersOf(profile.peers, asked, this.#turn) }),
    };
    const order = (peers: readonly PeerEndpoint[]) => this.#byTip(peers);
    const submission = {
      transport,
      feed: this.#feed,
      signer: this.#signer,
      proposal,
      order,
      peers: profile.peers,
      clock: this.#clock,
    };
    const planned = policy.endorsers.flatMap((peers) =>
      transport.health.preview(order(peers)).slice(0, 1),
    );
    return {
      transactionId: proposal.transactionId,
      peers: planned.map((peer) => peer.name),
      submit: async () => {
        const outcome = await submit(submission, policy);
        this.#seen = Math.max(this.#seen, outcome.block ?? 0);
        return this.#result(outcome);
      },
    };
  }

  /** `prepare` and `submit` in one. Never rejects for anything that the network does. */
  async submit(request: SubmitRequest): Promise<SubmitResult> {
    return await this.prepare(request).submit();
  }

  /** Reads from exactly one peer. Never rejects for anything that the network does. */
  async evaluate(request: EvaluateRequest): Promise<EvaluateResult> {
    const peer = known(this.#options.profile.peers, request.peer, 'peer');
    const { connections } = this.#options;
    const timeoutMs = request.timeoutMs ?? patient(5_000);
    const stage = 'evaluate';
    let heightBefore: number | undefined;
    try {
      heightBefore = (await this.chainInfo(peer.name, timeoutMs)).height;
      const asked = {
        channel: this.channel,
        chaincode: request.chaincode ?? this.#options.chaincode,
        args: [request.function, ...request.args],
      };
      const payload = await query(connections, peer, this.#signer, asked, timeoutMs);
      const result = Buffer.from(payload).toString();
      const heightAfter = (await this.chainInfo(peer.name, timeoutMs)).height;
      return { outcome: 'ok', at: this.#clock(), stage, result, heightBefore, heightAfter };
    } catch (error) {
      const before = heightBefore === undefined ? {} : { heightBefore };
      const failed = { outcome: 'fail', stage, ...before, error: describe(error) } as const;
      if (!(error instanceof RefusedError && error.byChaincode)) {
        return { ...failed, at: this.#clock() };
      }
      // A refusal is an answer from a state, and can be judged by it as a result can.
      const after = await this.chainInfo(peer.name, timeoutMs).catch(() => undefined);
      const heights = after === undefined ? {} : { heightAfter: after.height };
      return { ...failed, refused: true, ...heights, at: this.#clock() };
    }
  }

  /** @throws RpcError, RefusedError */
  async chainInfo(peer: string, timeoutMs = patient(5_000)): Promise<ChainInfo> {
    const { connections, profile } = this.#options;
    const asked = known(profile.peers, peer, 'peer');
    return await inquire(connections, asked, this.#signer, chainInfo(this.channel), timeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #result(outcome: SubmitOutcome): SubmitResult {
    const { stage, acknowledgedAt, block, code, error, responses, payload, refusal } = outcome;
    const { broadcasts, acknowledgedAgain } = outcome;
    const by = broadcasts.flatMap((one) => (one.means === 'taken' ? [one.orderer] : []));
    const orderer = this.#policy.atOnce === true && by[0] ? by[0] : broadcasts.at(-1)?.orderer;
    return {
      outcome: outcome.outcome,
      stage,
      at: this.#clock(),
      ...(orderer === undefined ? {} : { orderer }),
      ...(by.length > 1 ? { acknowledgedBy: by } : {}),
      ...(acknowledgedAt === undefined ? {} : { acknowledgedAt }),
      ...(acknowledgedAgain === undefined ? {} : { acknowledgedAgain }),
      ...(block === undefined ? {} : { block }),
      ...(code === undefined ? {} : { code }),
      ...(payload === undefined ? {} : { result: Buffer.from(payload).toString() }),
      ...(refusal?.reason === 'chaincode' ? { refused: true } : {}),
      ...(error === undefined ? {} : { error }),
      responses,
    };
  }

  /**
   * Peers in the order they are to be tried: those behind last. A peer that does not have the newest block that this
   * client was told of would endorse a read older than the client's own last write.
   */
  #byTip(peers: readonly PeerEndpoint[]): PeerEndpoint[] {
    const lagging = this.#feed.lagging();
    return this.#feed
      .freshFirst(peers, this.#seen)
      .toSorted((a, b) => Number(lagging.has(a.name)) - Number(lagging.has(b.name)));
  }
}

/** @throws FabricError when an organisation has no peer in the profile */
function endorsersOf(
  peers: readonly PeerEndpoint[],
  organisations: readonly string[],
  turn: number,
): PeerEndpoint[][] {
  return organisations.map((mspId) => {
    const own = peers.filter((peer) => peer.mspId === mspId);
    if (own.length > 0) return rotate(own, turn);
    throw new FabricError({
      subject: `endorsing organisation ${mspId}`,
      expected: 'a peer in the profile',
      seen: 'none',
    });
  });
}

/** @throws FabricError when the profile has no such node */
function known<T extends Endpoint>(nodes: readonly T[], name: string, kind: string): T {
  const node = nodes.find((candidate) => candidate.name === name);
  if (node !== undefined) return node;
  throw new FabricError({
    subject: `${kind} ${name}`,
    expected: `one of ${nodes.map((candidate) => candidate.name).join(', ')}`,
    seen: 'no such name in the profile',
  });
}
