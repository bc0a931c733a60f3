import { Connections } from '../client/connections.ts';
import { query, RefusedError } from '../client/endorser.ts';
import { describe, FabricError } from '../client/errors.ts';
import { common, protos, toNumber } from '../client/protos.ts';
import type { Signer } from '../client/signer.ts';
import type { Endpoint, PeerEndpoint } from '../client/types.ts';
import { CommitWatcher } from '../deliver/commits.ts';
import { blockNumber } from '../deliver/seek.ts';
import { Health } from './health.ts';

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

/**
 * What all clients of one organisation on one channel share: connections, commit events, and what is known about
 * nodes that failed.
 */
export class Hub {
  readonly profile: GatewayProfile;
  readonly channel: string;
  readonly connections = new Connections();
  readonly watcher: CommitWatcher;
  readonly health = new Health();

  constructor(profile: GatewayProfile, channel: string, signer: Signer) {
    this.profile = profile;
    this.channel = channel;
    // Peers of all organisations: one that loses all of its own is still told, and laggards are known.
    const { peers } = profile;
    this.watcher = new CommitWatcher({ connections: this.connections, signer, channel, peers });
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

  /** A peer's height and hashes (`qscc.GetChainInfo`). @throws as `query` */
  async chainInfo(peer: Endpoint, signer: Signer, timeoutMs = 5_000): Promise<ChainInfo> {
    const args = ['GetChainInfo', this.channel];
    const payload = await this.#qscc(peer, signer, args, timeoutMs);
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
    signer: Signer,
    transactionId: string,
    timeoutMs = 5_000,
  ): Promise<FoundTransaction | null> {
    const ask = (name: string) =>
      this.#qscc(peer, signer, [name, this.channel, transactionId], timeoutMs);
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
    signer: Signer,
    transactionId: string,
    timeoutMs: number,
  ): Promise<FoundTransaction | null> {
    const asked = this.profile.peers.map((peer) =>
      this.transactionById(peer, signer, transactionId, timeoutMs).then((found) => {
        if (found === null) throw new Error('not found');
        return found;
      }),
    );
    return await Promise.any(asked).catch(() => null);
  }

  async close(): Promise<void> {
    await this.watcher.close();
    this.connections.close();
  }

  #byTip(peers: readonly PeerEndpoint[], block: number): PeerEndpoint[] {
    const lagging = this.watcher.lagging();
    const behind = ({ name }: PeerEndpoint) => {
      const tip = this.watcher.tipOf(name);
      return lagging.has(name) || (tip >= 0 && tip < block);
    };
    return [...peers.filter((peer) => !behind(peer)), ...peers.filter(behind)];
  }

  #qscc(peer: Endpoint, signer: Signer, args: readonly string[], timeoutMs: number) {
    const request = { channel: this.channel, chaincode: 'qscc', args };
    return query(this.connections, peer, signer, request, timeoutMs);
  }
}

function find<T extends Endpoint>(nodes: readonly T[], name: string, kind: string): T {
  const node = nodes.find((candidate) => candidate.name === name);
  if (node !== undefined) return node;
  throw new FabricError({
    subject: `${kind} ${name}`,
    expected: `one of ${nodes.map((candidate) => candidate.name).join(', ')}`,
    seen: describe('no such name in the profile'),
  });
}

interface Lease {
  readonly hub: Hub;
  users: number;
}

/** Hubs by profile, then by organisation and channel; a hub lives as long as it has users. */
const leases = new WeakMap<GatewayProfile, Map<string, Lease>>();

/** The hub of an organisation on a channel, made when nobody uses one yet. Each call needs one `release`. */
export function acquireHub(
  profile: GatewayProfile,
  mspId: string,
  channel: string,
  signer: Signer,
): { readonly hub: Hub; readonly release: () => Promise<void> } {
  const byKey = leases.get(profile) ?? new Map<string, Lease>();
  leases.set(profile, byKey);
  const key = `${mspId}/${channel}`;
  const lease = byKey.get(key) ?? { hub: new Hub(profile, channel, signer), users: 0 };
  byKey.set(key, lease);
  lease.users++;
  let released = false;
  return {
    hub: lease.hub,
    async release() {
      if (released) return;
      released = true;
      lease.users--;
      if (lease.users > 0) return;
      byKey.delete(key);
      await lease.hub.close();
    },
  };
}
