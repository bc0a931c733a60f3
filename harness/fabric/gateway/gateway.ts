import { describe, FabricError } from '../client/errors.ts';
import type { Endpoint, PeerEndpoint, SigningIdentity } from '../client/types.ts';
import { rotate } from './health.ts';
import {
  acquireHub,
  type ChainInfo,
  type FoundTransaction,
  type GatewayProfile,
  type Hub,
} from './hub.ts';
import type { EvaluateResult, SubmitResult } from './outcome.ts';
import { type SubmitTimeouts, submit } from './submit.ts';
import type { User } from './user.ts';

export interface GatewayOptions {
  /** Clients that are given the same object share connections and event streams. */
  readonly profile: GatewayProfile;
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
  /** Milliseconds since the run started, monotonic. Default: since this process started. */
  readonly clock?: () => number;
}

export interface SubmitRequest {
  readonly function: string;
  readonly args: readonly string[];
  /** Default the gateway's. */
  readonly chaincode?: string;
  /** Use this orderer and no other, e.g. to measure when this one has recovered. */
  readonly onlyOrderer?: string;
  /** The explicit initialisation call of a chaincode that requires one. */
  readonly isInit?: boolean;
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

/** A transaction with its id, nothing sent yet. */
export interface PreparedTransaction {
  readonly transactionId: string;
  /** The peers that will be asked to endorse first; others of their organisations stand in for them. */
  readonly peers: readonly string[];
  /** To be called once. Never rejects. */
  submit(): Promise<SubmitResult>;
}

/** One user of one organisation on one channel. */
export interface FabricClient {
  readonly mspId: string;
  readonly channel: string;
  /** Fixes a transaction's id, so that it can be recorded before anything leaves the client. */
  prepare(request: SubmitRequest): PreparedTransaction;
  /** `prepare` and `submit` in one. Never rejects for anything that the network does. */
  submit(request: SubmitRequest): Promise<SubmitResult>;
  /** Reads from exactly one peer. Never rejects for anything that the network does. */
  evaluate(request: EvaluateRequest): Promise<EvaluateResult>;
  /** @throws RpcError, RefusedError */
  chainInfo(peer: string, timeoutMs?: number): Promise<ChainInfo>;
  /** Null when the peer does not have it. @throws RpcError, RefusedError */
  transactionById(
    peer: string,
    transactionId: string,
    timeoutMs?: number,
  ): Promise<FoundTransaction | null>;
  /** Lets go of the shared connections; the last client closes them. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
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
export async function openGateway(
  options: GatewayOptions,
  readyMs = 20_000,
): Promise<FabricClient> {
  const { profile, channel, identity } = options;
  const { hub, release } = await acquireHub(profile, channel, identity);
  try {
    if (options.preferredOrderer !== undefined) hub.orderer(options.preferredOrderer);
    const [user] = await Promise.all([hub.user(identity), hub.watcher.ready(readyMs)]);
    return new GatewayClient(options, user, hub, release);
  } catch (error) {
    await release();
    throw error;
  }
}

class GatewayClient implements FabricClient {
  readonly mspId: string;
  readonly channel: string;
  readonly close: () => Promise<void>;
  readonly #options: GatewayOptions;
  readonly #user: User;
  readonly #hub: Hub;
  readonly #timeouts: SubmitTimeouts;
  readonly #clock: () => number;
  /** For each organisation that must endorse, its peers. */
  readonly #endorsers: readonly (readonly PeerEndpoint[])[];
  readonly #orderers: readonly Endpoint[];
  #seen = 0;

  constructor(options: GatewayOptions, user: User, hub: Hub, close: () => Promise<void>) {
    this.mspId = options.identity.mspId;
    this.channel = options.channel;
    this.close = close;
    this.#options = options;
    this.#user = user;
    this.#hub = hub;
    this.#timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
    this.#clock = options.clock ?? (() => performance.now());
    const { peers, orderers } = options.profile;
    const organisations = options.endorsingOrganisations ?? [
      ...new Set(peers.map((peer) => peer.mspId)),
    ];
    const turn = options.turn ?? 0;
    this.#endorsers = organisations.map((mspId) => {
      const own = peers.filter((peer) => peer.mspId === mspId);
      if (own.length > 0) return rotate(own, turn);
      throw new FabricError({
        subject: `endorsing organisation ${mspId}`,
        expected: 'a peer in the profile',
        seen: 'none',
      });
    });
    const preferred = orderers.findIndex((orderer) => orderer.name === options.preferredOrderer);
    this.#orderers = rotate(orderers, preferred === -1 ? turn : preferred);
  }

  prepare(request: SubmitRequest): PreparedTransaction {
    const hub = this.#hub;
    const chaincode = request.chaincode ?? this.#options.chaincode;
    const endorsement = hub.channel.newEndorsement(chaincode);
    const built = endorsement.build(this.#user.context, {
      fcn: request.function,
      args: [...request.args],
      init: request.isInit ?? false,
    });
    this.#user.sign(endorsement, built);
    const orderers =
      request.onlyOrderer === undefined ? this.#orderers : [hub.orderer(request.onlyOrderer)];
    const planned = this.#endorsers.flatMap((peers) =>
      hub.previewPeers(peers, this.#seen).slice(0, 1),
    );
    return {
      transactionId: endorsement.getTransactionId(),
      peers: planned.map((peer) => peer.name),
      submit: async () => {
        const result = await submit({
          hub,
          seen: this.#seen,
          user: this.#user,
          endorsement,
          what: `${chaincode}.${request.function}`,
          endorsers: this.#endorsers,
          orderers,
          timeouts: this.#timeouts,
          clock: this.#clock,
        });
        this.#seen = Math.max(this.#seen, result.block ?? 0);
        return result;
      },
    };
  }

  async submit(request: SubmitRequest): Promise<SubmitResult> {
    return await this.prepare(request).submit();
  }

  async evaluate(request: EvaluateRequest): Promise<EvaluateResult> {
    const hub = this.#hub;
    const peer = hub.peer(request.peer);
    const timeoutMs = request.timeoutMs ?? 5_000;
    const stage = 'evaluate';
    let heightBefore: number | undefined;
    try {
      heightBefore = (await hub.chainInfo(peer, this.#user, timeoutMs)).height;
      const chaincode = request.chaincode ?? this.#options.chaincode;
      const args = [request.function, ...request.args];
      const payload = await hub.query(peer, this.#user, chaincode, args, timeoutMs);
      const result = Buffer.from(payload).toString();
      const heightAfter = (await hub.chainInfo(peer, this.#user, timeoutMs)).height;
      return { outcome: 'ok', at: this.#clock(), stage, result, heightBefore, heightAfter };
    } catch (error) {
      const before = heightBefore === undefined ? {} : { heightBefore };
      return { outcome: 'fail', at: this.#clock(), stage, ...before, error: describe(error) };
    }
  }

  async chainInfo(peer: string, timeoutMs?: number): Promise<ChainInfo> {
    return await this.#hub.chainInfo(this.#hub.peer(peer), this.#user, timeoutMs);
  }

  async transactionById(
    peer: string,
    transactionId: string,
    timeoutMs?: number,
  ): Promise<FoundTransaction | null> {
    const endpoint = this.#hub.peer(peer);
    return await this.#hub.transactionById(endpoint, this.#user, transactionId, timeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
