import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { joinedChannels } from '../../../fabric-client/channels.ts';
import { configuredNodes } from '../../../fabric-client/configured-nodes.ts';
import { Connections } from '../../../fabric-client/connections.ts';
import { fetchConfigBlock, newestBlock, StatusError } from '../../../fabric-client/fetch.ts';
import { createProposal } from '../../../fabric-client/proposal.ts';
import { inquire, propose, readsOf } from '../../../fabric-client/proposing.ts';
import { createSigner, type Signer } from '../../../fabric-client/signer.ts';
import { streamBlocks } from '../../../fabric-client/stream.ts';
import type { Endpoint, PeerEndpoint, SigningIdentity } from '../../../fabric-client/types.ts';
import { messageOf } from '../../base/errors.ts';
import { Pace } from '../../base/pace.ts';
import type { StateDocument } from '../port.ts';
import { documentsOn } from '../state-documents.ts';
import type { ForeignProfile } from './profile.ts';

/** Milliseconds in which a node answers one question. */
const ANSWER_MS = 5_000;
/** Milliseconds in which a chaincode answers. */
const CHAINCODE_MS = 30_000;
/** Milliseconds that a node may stay away while its blocks are read. */
const BLOCKS_MS = 10_000;

/** How a node took the first question about a channel. */
export type Contact = { readonly name: string; readonly kind: 'peer' | 'orderer' } & (
  | { readonly height: number }
  | {
      /** `broken`: it answers, and cannot give its newest block. */
      readonly problem: 'silent' | 'refused' | 'not there' | 'broken';
      readonly text: string;
    }
);

/** What a node's status says of the reader or of the channel; another says that something ails the node. */
const PROBLEMS: Readonly<Record<string, 'refused' | 'not there'>> = {
  FORBIDDEN: 'refused',
  NOT_FOUND: 'not there',
};

export interface ReaderOptions {
  readonly profile: ForeignProfile;
  readonly identity: SigningIdentity;
  /** Bytes a second, over all nodes. */
  readonly rate: number;
  /** Addresses in the channel's configuration are of containers whose ports this host publishes. */
  readonly asLocalhost?: boolean;
}

/** Reads a network that others run, as one of its members: nothing is written, and no faster than the rate. */
export class ForeignReader implements Disposable {
  readonly #connections = new Connections();
  readonly #signer: Signer;
  readonly #options: ReaderOptions;
  readonly #pace: Pace;
  #orderers: readonly Endpoint[];
  #peers: readonly PeerEndpoint[];

  /** @throws FabricError when the identity's key is of a kind that cannot sign */
  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#signer = createSigner(options.identity);
    this.#pace = new Pace(options.rate);
    this.#orderers = options.profile.orderers;
    this.#peers = options.profile.peers;
  }

  get peers(): readonly PeerEndpoint[] {
    return this.#peers;
  }

  get orderers(): readonly Endpoint[] {
    return this.#orderers;
  }

  /** Channels that the peers of the identity's organisation are in, and why others of them did not say. */
  async channels(): Promise<{
    readonly found: readonly string[];
    readonly problems: readonly string[];
  }> {
    const own = this.#peers.filter(({ mspId }) => mspId === this.#options.identity.mspId);
    const told = await Promise.allSettled(
      own.map((peer) => inquire(this.#connections, peer, this.#signer, joinedChannels, ANSWER_MS)),
    );
    const found = told.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
    const problems = told.flatMap((one) =>
      one.status === 'rejected' ? [messageOf(one.reason)] : [],
    );
    return { found: [...new Set(found)].sort(), problems };
  }

  /**
   * Takes orderers, and anchor peers of organisations without a peer, out of the channel's configuration where the
   * profile names none.
   *
   * @returns what was added
   * @throws Error when no node gives the configuration
   */
  async discover(channel: string, answering: readonly string[]): Promise<readonly string[]> {
    const block = await this.configuration(channel, answering);
    if (!block) return [];
    const found = configuredNodes(block);
    const here = <T extends Endpoint>(node: T): T => {
      const [host, port] = node.address.split(/:(?=\d+$)/);
      return this.#options.asLocalhost
        ? { ...node, address: `localhost:${port}`, tlsServerName: host }
        : node;
    };
    const orderers = this.#orderers.length > 0 ? [] : found.orderers.map(here);
    const known = new Set(this.#peers.map(({ mspId }) => mspId));
    const peers = found.peers.filter(({ mspId }) => !known.has(mspId)).map(here);
    this.#orderers = [...this.#orderers, ...orderers];
    this.#peers = [...this.#peers, ...peers];
    return [...orderers, ...peers].map(({ name }) => name);
  }

  /** The channel's newest configuration block, of one of those that answer. @throws Error when it does not give it */
  async configuration(
    channel: string,
    answering: readonly string[],
  ): Promise<Uint8Array | undefined> {
    const asked = [
      ...this.#peers.map((endpoint) => ({ endpoint, kind: 'peer' as const })),
      ...this.#orderers.map((endpoint) => ({ endpoint, kind: 'orderer' as const })),
    ].find(({ endpoint }) => answering.includes(endpoint.name));
    if (!asked) return undefined;
    const options = { kind: asked.kind, channel, timeoutMs: ANSWER_MS };
    return await fetchConfigBlock(this.#connections, [asked.endpoint], this.#signer, options);
  }

  /** Asks every node for its newest block. */
  async contact(channel: string): Promise<readonly Contact[]> {
    const ask = async (endpoint: Endpoint, kind: Contact['kind']): Promise<Contact> => {
      const { name } = endpoint;
      try {
        const number = await newestBlock(this.#connections, endpoint, this.#signer, {
          kind: kind === 'peer' ? 'peer-filtered' : 'orderer',
          channel,
          timeoutMs: ANSWER_MS,
        });
        return { name, kind, height: number + 1 };
      } catch (error) {
        const status = error instanceof StatusError ? error.status : undefined;
        const problem = status === undefined ? 'silent' : (PROBLEMS[status] ?? 'broken');
        return { name, kind, problem, text: messageOf(error) };
      }
    };
    return await Promise.all([
      ...this.#peers.map((peer) => ask(peer, 'peer')),
      ...this.#orderers.map((orderer) => ask(orderer, 'orderer')),
    ]);
  }

  /**
   * Serialized blocks `from` to `to` of one node.
   *
   * @throws FabricError when it does not give them all
   */
  async *blocks(name: string, channel: string, from: number, to: number): AsyncGenerator<Buffer> {
    const orderer = this.#orderers.find((node) => node.name === name);
    const endpoint = orderer ?? this.#peers.find((node) => node.name === name);
    if (!endpoint) throw new Error(`${name}: expected a node of the profile`);
    const stream = streamBlocks({
      connections: this.#connections,
      endpoint,
      identity: this.#signer,
      channel,
      kind: orderer ? 'orderer' : 'peer',
      from,
      to,
      reconnectBudgetMs: BLOCKS_MS,
    });
    for await (const block of stream) {
      await this.#pace.take(block.length);
      yield block;
    }
  }

  /** Peers whose databases can be read. */
  get databases(): readonly string[] {
    return [...this.#options.profile.databases.keys()];
  }

  /** Every document that a peer's CouchDB has of a channel. @throws Error when it does not answer */
  documents(peer: string, channel: string): AsyncGenerator<StateDocument> {
    const server = this.#options.profile.databases.get(peer);
    if (!server) throw new Error(`${peer}: expected the address of its database, seen none`);
    return documentsOn(server, channel, (letters) => this.#pace.take(letters));
  }

  /**
   * What a peer answers to a call that nobody orders: the chaincode's result, and a hash of what it read, versions
   * included.
   *
   * @param call function and arguments
   * @throws RpcError, RefusedError
   */
  async ask(name: string, channel: string, chaincode: string, call: readonly string[]) {
    const peer = this.#peers.find((node) => node.name === name);
    if (!peer) throw new Error(`${name}: expected a peer of the profile`);
    const proposal = createProposal({ channel, chaincode, args: call }, this.#signer);
    const { payload, response } = await propose(this.#connections, peer, proposal, CHAINCODE_MS);
    const result = Buffer.from(response?.payload ?? []).toString();
    const reads = readsOf(payload);
    return { result, ...(reads !== undefined && { reads }) };
  }

  /** Until when the TLS certificate is in force that a node shows, ms since 1970; `undefined` for one that shows none. */
  async shownUntil(name: string): Promise<number | undefined> {
    const endpoint = [...this.#orderers, ...this.#peers].find((node) => node.name === name);
    if (endpoint?.tlsCaPem === undefined) return undefined;
    const [host = '', port] = endpoint.address.split(/:(?=\d+$)/);
    const server = endpoint.tlsServerName ?? host;
    return await new Promise((resolve) => {
      // Looked at, not trusted: who answers is decided where blocks are read.
      const socket = connect({
        host,
        port: Number(port),
        // An address is no name that TLS may send.
        ...(isIP(server) === 0 && { servername: server }),
        ALPNProtocols: ['h2'],
        rejectUnauthorized: false,
        timeout: ANSWER_MS,
      });
      const done = (until?: number) => {
        socket.destroy();
        resolve(until);
      };
      socket.once('secureConnect', () => done(Date.parse(socket.getPeerCertificate().valid_to)));
      socket.once('timeout', () => done());
      socket.once('error', () => done());
    });
  }

  [Symbol.dispose](): void {
    this.#connections.close();
  }
}

/** Why a channel cannot be read at all, in lines for its user. */
export function noneAnswers(contacts: readonly Contact[], channel: string): string[] {
  const problems = contacts.flatMap((node) => ('problem' in node ? [node] : []));
  const only = (problem: string) => problems.every((node) => node.problem === problem);
  const head = only('refused')
    ? `channel ${channel}: every node refuses the identity; expected a member of the channel that its policy lets read`
    : only('not there')
      ? `channel ${channel}: no node has it`
      : `channel ${channel}: expected at least one node that answers, seen none`;
  return [head, ...problems.map(({ text }) => `  ${text}`)];
}
