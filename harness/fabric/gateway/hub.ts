import type { Channel } from 'fabric-common';
import type { Gateway } from 'fabric-network';
import { Connections } from '../client/connections.ts';
import { RefusedError } from '../client/endorser.ts';
import { describe, FabricError } from '../client/errors.ts';
import { common, protos, toNumber } from '../client/protos.ts';
import { loadSdk } from '../client/sdk.ts';
import { createSigner } from '../client/signer.ts';
import type { Endpoint, PeerEndpoint, SigningIdentity } from '../client/types.ts';
import { CommitWatcher } from '../deliver/commits.ts';
import { blockNumber } from '../deliver/seek.ts';
import { Health } from './health.ts';
import { OrdererNode, PeerNode } from './node.ts';
import { handler, openUser, type User } from './user.ts';

/** A network as clients see it: a static list, no discovery. */
export interface GatewayProfile {
  readonly peers: readonly PeerEndpoint[];
  readonly orderers: readonly Endpoint[];
}

export interface ChainInfo {
  readonly height: number;
  /** Hexadecimal. */
  readonly currentBlockHash: string;
  /** Hexadecimal. */
  readonly previousBlockHash: string;
}

export interface FoundTransaction {
  /** Name in `protos.TxValidationCode`. */
  readonly code: string;
  readonly block: number;
}

/** Patience that fabric-network itself has, s; only what is called on its contracts directly knows it. */
const SDK_TIMEOUTS = { commit: 20, endorse: 5, query: 5 };

/**
 * What all clients of one organisation on one channel share: a fabric-network Gateway and Network with a connection to
 * each node, commit events, and what is known about nodes that failed.
 *
 * Commit events come from streams of the harness's own and not from fabric-network's block listeners. Both go on
 * without a gap when the peer that they listen to is killed. But fabric-network listens to one peer at a time and asks
 * nothing of a silent one: measured at 30 blocks a second, 20 s of a frozen peer were 20 s without an event, and 0.1 s
 * with a stream from every peer.
 */
export class Hub {
  readonly profile: GatewayProfile;
  readonly channel: Channel;
  readonly connections = new Connections();
  readonly watcher: CommitWatcher;
  readonly health = new Health();
  readonly #gateway: Gateway;
  readonly #peers: ReadonlyMap<string, PeerNode>;
  readonly #orderers: ReadonlyMap<string, OrdererNode>;

  private constructor(
    profile: GatewayProfile,
    gateway: Gateway,
    channel: Channel,
    identity: SigningIdentity,
  ) {
    this.profile = profile;
    this.channel = channel;
    this.#gateway = gateway;
    const { client } = channel;
    const { peers, orderers } = profile;
    this.#peers = new Map(peers.map((peer) => [peer.name, new PeerNode(peer, client, peer.mspId)]));
    this.#orderers = new Map(orderers.map((node) => [node.name, new OrdererNode(node, client)]));
    for (const { sdk } of this.#peers.values()) channel.addEndorser(sdk);
    for (const { sdk } of this.#orderers.values()) channel.addCommitter(sdk);
    // Peers of all organisations: one that loses all of its own is still told, and laggards are known.
    this.watcher = new CommitWatcher({
      connections: this.connections,
      signer: createSigner(identity),
      channel: channel.name,
      peers,
    });
  }

  /** @throws FabricError when the identity is not one that Fabric takes */
  static async open(
    profile: GatewayProfile,
    channelName: string,
    identity: SigningIdentity,
  ): Promise<Hub> {
    const { common, network } = loadSdk();
    const wallet = await network.Wallets.newInMemoryWallet();
    const { certificatePem: certificate, privateKeyPem: privateKey, mspId } = identity;
    const user = { type: 'X.509', mspId, credentials: { certificate, privateKey } };
    await wallet.put(mspId, user);
    const gateway = new network.Gateway();
    const client = new common.Client(mspId);
    // Given a client instead of a profile, for with a profile it connects to one node after the other, and waits three
    // seconds for each that is away.
    await gateway.connect(client as never, {
      wallet,
      identity: mspId,
      // It would never refresh what it discovered, and the topology is a static list.
      discovery: { enabled: false, asLocalhost: false },
      eventHandlerOptions: {
        commitTimeout: SDK_TIMEOUTS.commit,
        endorseTimeout: SDK_TIMEOUTS.endorse,
        strategy: null,
      },
      queryHandlerOptions: { timeout: SDK_TIMEOUTS.query },
      // Without it the SDK makes a TLS certificate of its own, which takes longer than all the rest.
      tlsInfo: { certificate, key: privateKey },
    });
    const channel = (await gateway.getNetwork(channelName)).getChannel();
    return new Hub(profile, gateway, channel, identity);
  }

  /** An identity as one who signs on this channel. It need not be the one the hub was opened with. */
  async user(identity: SigningIdentity): Promise<User> {
    return await openUser(this.channel.client, identity);
  }

  /**
   * Peers in the order they are to be tried: sound ones first, then those behind, then those that failed lately.
   * @param block the newest block that the client was told of; a peer that does not have it yet would endorse a read
   *   older than the client's own last write
   */
  choosePeers(peers: readonly PeerEndpoint[], block: number): PeerEndpoint[] {
    return this.health.choose(this.#byTip(peers, block));
  }

  /** What {@link choosePeers} would answer now, without effect. */
  previewPeers(peers: readonly PeerEndpoint[], block: number): PeerEndpoint[] {
    return this.health.preview(this.#byTip(peers, block));
  }

  /** @throws FabricError when the profile has no such peer */
  peer(name: string): PeerEndpoint {
    return find(this.profile.peers, name, 'peer');
  }

  /** @throws FabricError when the profile has no such orderer */
  orderer(name: string): Endpoint {
    return find(this.profile.orderers, name, 'orderer');
  }

  /** @throws FabricError when the profile has no such peer */
  peerNode({ name }: Endpoint): PeerNode {
    return known(this.#peers, name, 'peer');
  }

  /** @throws FabricError when the profile has no such orderer */
  ordererNode({ name }: Endpoint): OrdererNode {
    return known(this.#orderers, name, 'orderer');
  }

  /**
   * Asks one peer, without ordering anything, and returns the payload of its answer.
   * @param args function name first
   * @throws RpcError when there was no answer, RefusedError when the answer is a refusal
   */
  async query(
    peer: Endpoint,
    user: User,
    chaincode: string,
    args: readonly string[],
    timeoutMs: number,
  ): Promise<Uint8Array> {
    const [fcn = '', ...rest] = args;
    const query = this.channel.newQuery(chaincode);
    user.sign(query, query.build(user.context, { fcn, args: rest }));
    const node = this.peerNode(peer);
    const what = `${chaincode}.${fcn}`;
    const { responses } = await query.send({
      handler: handler(async (proposal) => [await node.propose(proposal, what, timeoutMs)]),
    });
    return responses[0]?.response.payload ?? new Uint8Array();
  }

  /** A peer's height and hashes (`qscc.GetChainInfo`). @throws as `query` */
  async chainInfo(peer: Endpoint, user: User, timeoutMs = 5_000): Promise<ChainInfo> {
    const args = ['GetChainInfo', this.channel.name];
    const payload = await this.query(peer, user, 'qscc', args, timeoutMs);
    const info = common.BlockchainInfo.decode(payload);
    return {
      height: toNumber(info.height),
      currentBlockHash: Buffer.from(info.currentBlockHash).toString('hex'),
      previousBlockHash: Buffer.from(info.previousBlockHash).toString('hex'),
    };
  }

  /** Code and block of a transaction as one peer has them, or null when it has none. @throws as `query` */
  async transactionById(
    peer: Endpoint,
    user: User,
    transactionId: string,
    timeoutMs = 5_000,
  ): Promise<FoundTransaction | null> {
    const ask = (name: string) =>
      this.query(peer, user, 'qscc', [name, this.channel.name, transactionId], timeoutMs);
    try {
      const [transaction, block] = await Promise.all([
        ask('GetTransactionByID'),
        ask('GetBlockByTxID'),
      ]);
      const code = protos.ProcessedTransaction.decode(transaction).validationCode;
      return { code: protos.TxValidationCode[code] ?? `${code}`, block: blockNumber(block) };
    } catch (error) {
      if (error instanceof RefusedError && /no such transaction ID/.test(error.text)) return null;
      throw error;
    }
  }

  /** Asks every peer at once; null when none that answers in time knows the transaction. */
  async findTransaction(
    user: User,
    transactionId: string,
    timeoutMs: number,
  ): Promise<FoundTransaction | null> {
    const asked = this.profile.peers.map((peer) =>
      this.transactionById(peer, user, transactionId, timeoutMs).then((found) => {
        if (found === null) throw new Error('not found');
        return found;
      }),
    );
    return await Promise.any(asked).catch(() => null);
  }

  async close(): Promise<void> {
    await this.watcher.close();
    this.connections.close();
    for (const node of [...this.#peers.values(), ...this.#orderers.values()]) node.close();
    this.#gateway.disconnect();
  }

  #byTip(peers: readonly PeerEndpoint[], block: number): PeerEndpoint[] {
    const lagging = this.watcher.lagging();
    const behind = ({ name }: PeerEndpoint) => {
      const tip = this.watcher.tipOf(name);
      return lagging.has(name) || (tip >= 0 && tip < block);
    };
    return [...peers.filter((peer) => !behind(peer)), ...peers.filter(behind)];
  }
}

function find<T extends Endpoint>(nodes: readonly T[], name: string, kind: string): T {
  return known(new Map(nodes.map((node) => [node.name, node])), name, kind);
}

function known<T>(nodes: ReadonlyMap<string, T>, name: string, kind: string): T {
  const node = nodes.get(name);
  if (node !== undefined) return node;
  throw new FabricError({
    subject: `${kind} ${name}`,
    expected: `one of ${[...nodes.keys()].join(', ')}`,
    seen: describe('no such name in the profile'),
  });
}

interface Lease {
  readonly hub: Promise<Hub>;
  users: number;
}

/** Hubs by profile, then by organisation and channel; a hub lives as long as it has users. */
const leases = new WeakMap<GatewayProfile, Map<string, Lease>>();

/**
 * The hub of an organisation on a channel, opened with the identity when nobody uses one yet. Each call that resolves
 * needs one `release`.
 */
export async function acquireHub(
  profile: GatewayProfile,
  channel: string,
  identity: SigningIdentity,
): Promise<{ readonly hub: Hub; readonly release: () => Promise<void> }> {
  const byKey = leases.get(profile) ?? new Map<string, Lease>();
  leases.set(profile, byKey);
  const key = `${identity.mspId}/${channel}`;
  const lease = byKey.get(key) ?? { hub: Hub.open(profile, channel, identity), users: 0 };
  byKey.set(key, lease);
  lease.users++;
  const leave = () => {
    lease.users--;
    if (lease.users === 0) byKey.delete(key);
    return lease.users === 0;
  };
  try {
    const hub = await lease.hub;
    let released = false;
    return {
      hub,
      async release() {
        if (released) return;
        released = true;
        if (leave()) await hub.close();
      },
    };
  } catch (error) {
    leave();
    throw error;
  }
}
