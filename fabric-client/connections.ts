import type { ChannelOptions, ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { Client, connectivityState, credentials, Metadata, status } from '@grpc/grpc-js';
import { describe, RpcError } from './errors.ts';
import { Health } from './health.ts';
import { patient } from './patience.ts';
import type { Endpoint } from './types.ts';

/** How long a TCP and TLS handshake may take before the node counts as unreachable. */
export const CONNECT_TIMEOUT_MS = 3_000;

const OPTIONS: ChannelOptions = {
  // Blocks may have up to AbsoluteMaxBytes (98 MB) and peers send what they have.
  'grpc.max_receive_message_length': 110 * 1024 * 1024,
  'grpc.max_send_message_length': 110 * 1024 * 1024,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  // Closing a connection must really close it, else a black-holed socket is handed out again.
  'grpc.use_local_subchannel_pool': 1,
};

export type ByteStream = ClientDuplexStream<Uint8Array, Buffer>;

/** What talking to nodes takes; tests stand in for it. */
export interface Transport {
  /** Which nodes failed lately. */
  readonly health: Pick<Health, 'choose' | 'preview' | 'failed' | 'worked'>;
  /**
   * One request, one answer, both as serialized messages.
   * @param timeoutMs from now to the answer, including connecting
   * @throws RpcError with `sent` false when no connection could be opened
   */
  unary(endpoint: Endpoint, path: string, request: Uint8Array, timeoutMs: number): Promise<Buffer>;
  /**
   * A stream in both directions of serialized messages. The caller ends or cancels it.
   * @param connectTimeoutMs for opening the connection; the stream itself has no deadline
   * @throws RpcError when no connection could be opened
   */
  stream(endpoint: Endpoint, path: string, connectTimeoutMs?: number): Promise<OpenStream>;
  /**
   * Resolves once connected.
   * @throws RpcError with `sent` false when it is refused or not open within the budget
   */
  ready(endpoint: Endpoint, timeoutMs?: number): Promise<unknown>;
}

export interface OpenStream {
  readonly stream: ByteStream;
  /** Drops the connection under it, because it proved dead. */
  readonly discard: () => void;
}

export interface ConnectionsOptions {
  /** How long a TCP and TLS handshake may take, ms. Default 3 000. */
  readonly connectMs?: number;
  /** Between two attempts to reach a node that failed, ms. Default 1 000. */
  readonly knockMs?: number;
  /** Monotonic clock of what is held against nodes, ms. */
  readonly now?: () => number;
}

/**
 * gRPC connections to nodes, one per node, shared by all who talk to it, and what is known of the nodes' health.
 *
 * A connection is thrown away when a call on it ran into its deadline: after a black-holed network has healed, TCP
 * would retransmit only after a pause as long as the outage, and the recovery time measured would be TCP's, not
 * Fabric's. A connection that failed to open is thrown away too, so that the next call tries at once instead of
 * waiting for a back-off.
 */
export class Connections implements Transport, Disposable {
  readonly health: Health;
  readonly #clients = new Map<string, Client>();
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #connectMs: number;
  #closed = false;

  constructor({ connectMs = CONNECT_TIMEOUT_MS, knockMs = 1_000, now }: ConnectionsOptions = {}) {
    this.#connectMs = patient(connectMs);
    this.health = new Health(undefined, now, {
      everyMs: knockMs,
      at: async ({ name }) => {
        const endpoint = this.#endpoints.get(name);
        if (endpoint !== undefined) await this.ready(endpoint);
      },
    });
  }

  async unary(
    endpoint: Endpoint,
    path: string,
    request: Uint8Array,
    timeoutMs: number,
  ): Promise<Buffer> {
    const deadline = Date.now() + timeoutMs;
    const client = await this.ready(endpoint, Math.min(timeoutMs, this.#connectMs));
    return await new Promise((resolve, reject) => {
      const answered = (error: ServiceError | null, answer?: Buffer) => {
        if (error === null && answer !== undefined) {
          resolve(answer);
          return;
        }
        const code = error?.code ?? status.UNKNOWN;
        if (code === status.DEADLINE_EXCEEDED) this.discard(endpoint, client);
        const seen = code === status.DEADLINE_EXCEEDED ? 'no answer' : error;
        reject(callFailed(endpoint, path, seen, code, timeoutMs));
      };
      started(endpoint, () =>
        client.makeUnaryRequest<Uint8Array, Buffer>(
          path,
          toBuffer,
          (bytes) => bytes,
          request,
          new Metadata(),
          { deadline },
          answered,
        ),
      );
    });
  }

  async stream(endpoint: Endpoint, path: string, connectTimeoutMs?: number): Promise<OpenStream> {
    const client = await this.ready(
      endpoint,
      Math.min(connectTimeoutMs ?? this.#connectMs, this.#connectMs),
    );
    const stream = started(endpoint, () =>
      client.makeBidiStreamRequest<Uint8Array, Buffer>(
        path,
        toBuffer,
        (bytes) => bytes,
        new Metadata(),
        {},
      ),
    );
    return { stream, discard: () => this.discard(endpoint, client) };
  }

  /** Closes every connection. Calls in flight end with an error. */
  close(): void {
    this.#closed = true;
    this.health.close();
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Forgets a connection that proved bad, unless somebody already replaced it. */
  discard(endpoint: Endpoint, client: Client): void {
    if (this.#clients.get(endpoint.address) !== client) return;
    this.#clients.delete(endpoint.address);
    client.close();
  }

  async ready(endpoint: Endpoint, timeoutMs = this.#connectMs): Promise<Client> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const client = this.#client(endpoint);
      const channel = client.getChannel();
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) return client;
      if (state === connectivityState.TRANSIENT_FAILURE) {
        this.discard(endpoint, client);
        throw notConnected(endpoint, 'connection refused or TLS handshake failed', timeoutMs);
      }
      // Shut down: another call has found this connection dead. Its successor is tried in the next round.
      if (state === connectivityState.SHUTDOWN) this.discard(endpoint, client);
      else if (Date.now() < deadline) await stateChange(channel, state, deadline);
      else {
        this.discard(endpoint, client);
        throw notConnected(endpoint, `still ${connectivityState[state]}`, timeoutMs);
      }
    }
  }

  #client(endpoint: Endpoint): Client {
    if (this.#closed) throw notConnected(endpoint, 'connections were closed', 0);
    const known = this.#clients.get(endpoint.address);
    if (known !== undefined) return known;
    const { address, tlsCaPem, tlsServerName, grpcOptions } = endpoint;
    const client = new Client(
      address,
      tlsCaPem === undefined
        ? credentials.createInsecure()
        : credentials.createSsl(Buffer.from(tlsCaPem)),
      {
        ...OPTIONS,
        ...grpcOptions,
        ...(tlsServerName === undefined
          ? {}
          : {
              'grpc.ssl_target_name_override': tlsServerName,
              'grpc.default_authority': tlsServerName,
            }),
      },
    );
    this.#clients.set(address, client);
    this.#endpoints.set(endpoint.name, endpoint);
    return client;
  }
}

/** Resolves when the state is another, or at the deadline. */
async function stateChange(
  channel: ReturnType<Client['getChannel']>,
  from: number,
  deadline: number,
) {
  await new Promise<void>((resolve) => {
    channel.watchConnectivityState(from, deadline, () => resolve());
  });
}

/** Starts a call. grpc-js throws when the connection was closed a moment ago; nothing was sent then. */
function started<T>(endpoint: Endpoint, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw notConnected(endpoint, describe(error), 0);
  }
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** An error for a node that nothing was sent to. */
export function notConnected(endpoint: Endpoint, seen: string, budgetMs: number): RpcError {
  return new RpcError(
    {
      subject: `${endpoint.name} at ${endpoint.address}`,
      expected: 'a TLS connection',
      seen,
      budgetMs,
    },
    false,
    status.UNAVAILABLE,
  );
}

/** Turns what grpc-js reports for a call that was sent into an error that names the node. */
export function callFailed(
  endpoint: Endpoint,
  path: string,
  error: unknown,
  code: number,
  budgetMs: number,
): RpcError {
  return new RpcError(
    {
      subject: `${path.slice(path.lastIndexOf('/') + 1)} on ${endpoint.name} at ${endpoint.address}`,
      expected: 'an answer',
      seen: error === null || error === undefined ? 'an empty answer' : describe(error),
      budgetMs,
      cause: error,
    },
    true,
    code,
  );
}
