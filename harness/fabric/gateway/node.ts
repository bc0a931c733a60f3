import type { ChannelOptions, Client } from '@grpc/grpc-js';
import { connectivityState, status } from '@grpc/grpc-js';
import type { Committer, Endorser, Client as SdkClient, ServiceEndpoint } from 'fabric-common';
import type { BroadcastAnswer } from '../client/broadcast.ts';
import { CONNECT_TIMEOUT_MS, callFailed, notConnected } from '../client/connections.ts';
import { type ProposalAnswer, refusalIn } from '../client/endorser.ts';
import { describe } from '../client/errors.ts';
import type { Endpoint } from '../client/types.ts';

/** A gRPC call that a node's service has begun, or will begin in this very turn of the event loop. */
interface Call {
  /** Milliseconds since the epoch. */
  readonly deadline: number;
  grpc?: { cancel(): void };
  /** What gRPC said; fabric-common passes on less. */
  failure?: unknown;
}

type Answered = (error: Error | null, answer?: unknown) => void;

interface ProposalService extends Client {
  processProposal(proposal: unknown, answered: Answered): { cancel(): void };
  processProposal(
    proposal: unknown,
    options: { deadline: number },
    answered: Answered,
  ): { cancel(): void };
}

interface BroadcastService extends Client {
  broadcast(options: { deadline: number }): NodeJS.EventEmitter & { cancel(): void };
}

type ServiceClass<T> = new (address: string, credentials: unknown, options: ChannelOptions) => T;

/** Members of fabric-common's endpoints that its type declarations leave out. */
interface Internals<T extends Client> {
  serviceClass: ServiceClass<T>;
  readonly service: T | null;
  waitForReady(): Promise<void>;
}

/**
 * fabric-common 2.2.20 gives each endpoint one gRPC client and, by itself, no way to live with a node that hangs:
 * its timeouts stop the waiting but not the call, a refused connection is waited for until the time is over, and a
 * black-holed connection stays in use. The gRPC class that an endpoint makes its client from is replaceable, so the
 * cure sits there: calls get a real deadline and are known by name, and a connection attempt ends at its first failure.
 * The rest is here: one attempt at a time for all callers, and a new connection after a call ran into its deadline,
 * since TCP would retransmit on the old one only after a pause as long as the outage.
 */
abstract class Node<T extends Client, E extends ServiceEndpoint> {
  readonly endpoint: Endpoint;
  /** To be added to a channel. */
  readonly sdk: E;
  readonly #internals: Internals<T>;
  readonly #calls = new Set<Call>();
  #next: Call | undefined;
  #connecting: Promise<void> | undefined;
  #closed = false;

  constructor(endpoint: Endpoint, client: SdkClient, sdk: E) {
    this.endpoint = endpoint;
    this.sdk = sdk;
    this.#internals = sdk as unknown as Internals<T>;
    this.#internals.serviceClass = this.bounded(this.#internals.serviceClass, () => this.#take());
    sdk.setEndpoint(
      client.newEndpoint({
        url: `grpcs://${endpoint.address}`,
        pem: endpoint.tlsCaPem,
        'ssl-target-name-override': endpoint.tlsServerName,
        'grpc-wait-for-ready-timeout': CONNECT_TIMEOUT_MS,
        // Closing a connection must really close it, else a black-holed socket is handed out again.
        'grpc.use_local_subchannel_pool': 1,
      }),
    );
  }

  /** The service class with the deviations described above. @param take must be called once for each call begun */
  protected abstract bounded(base: ServiceClass<T>, take: () => Call): ServiceClass<T>;

  /**
   * Makes one call.
   * @param path for errors, the method's full name
   * @param timeoutMs from now to the answer, including connecting
   * @param send begins the call before it returns
   * @param signal abandons the call when the answer no longer matters
   * @throws RpcError; `sent` says whether the request may have arrived
   */
  protected async call<R>(
    path: string,
    timeoutMs: number,
    send: (leftMs: number) => Promise<R>,
    signal?: AbortSignal,
  ): Promise<R> {
    const started = performance.now();
    await this.#ready(Math.min(timeoutMs, CONNECT_TIMEOUT_MS));
    const leftMs = Math.max(1, timeoutMs - (performance.now() - started));
    const { service } = this.#internals;
    const call: Call = { deadline: Date.now() + leftMs };
    const abort = () => call.grpc?.cancel();
    this.#calls.add(call);
    this.#next = call;
    try {
      const asked = send(leftMs);
      this.#next = undefined;
      signal?.addEventListener('abort', abort);
      if (signal?.aborted === true) abort();
      return await asked;
    } catch (error) {
      const failure = call.failure ?? error;
      if (call.grpc === undefined) throw notConnected(this.endpoint, describe(failure), timeoutMs);
      call.grpc.cancel();
      // fabric-common's own clock may be a moment ahead of gRPC's.
      const late = Date.now() >= call.deadline || /TIMEOUT$/.test(describe(error));
      const code = late ? status.DEADLINE_EXCEEDED : codeOf(failure);
      if (code === status.DEADLINE_EXCEEDED) this.#discard(service);
      const seen = late ? 'no answer' : failure;
      throw callFailed(this.endpoint, path, seen, code, timeoutMs);
    } finally {
      signal?.removeEventListener('abort', abort);
      this.#calls.delete(call);
    }
  }

  /** Ends every call and the connection. */
  close(): void {
    this.#closed = true;
    for (const call of this.#calls) call.grpc?.cancel();
    this.sdk.disconnect();
  }

  #take(): Call {
    if (this.#next === undefined) throw new Error(`${this.endpoint.name}: call outside of a node`);
    return this.#next;
  }

  async #ready(timeoutMs: number): Promise<void> {
    const channel = this.#internals.service?.getChannel();
    if (channel?.getConnectivityState(true) === connectivityState.READY) return;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('still connecting')), timeoutMs);
    });
    try {
      await Promise.race([this.#connecting, late]);
    } catch (error) {
      // fabric-common adds to the message what is said here anyway.
      const seen = describe(error).replace(/ on (Endorser|Committer)- name: .*$/, '');
      throw notConnected(this.endpoint, seen, timeoutMs);
    } finally {
      clearTimeout(timer);
    }
  }

  async #connect(): Promise<void> {
    if (this.#closed) throw new Error('connections were closed');
    try {
      if (this.#internals.service === null) await this.sdk.connect(undefined as never);
      else await this.#internals.waitForReady();
    } catch (error) {
      this.sdk.disconnect();
      throw error;
    }
    if (this.#closed) this.sdk.disconnect();
  }

  /** Forgets a connection that proved bad, unless somebody already replaced it or is about to. */
  #discard(service: T | null): void {
    if (this.#connecting === undefined && this.#internals.service === service)
      this.sdk.disconnect();
  }
}

/** A peer that endorses. */
export class PeerNode extends Node<ProposalService, Endorser> {
  constructor(endpoint: Endpoint, client: SdkClient, mspId: string) {
    super(endpoint, client, client.newEndorser(endpoint.name, mspId));
  }

  /**
   * Sends a signed proposal.
   * @param what for errors, e.g. `bank.transfer`
   * @throws RpcError when there was no answer, RefusedError when the answer is a refusal
   */
  async propose(signedProposal: Buffer, what: string, timeoutMs: number): Promise<ProposalAnswer> {
    const path = '/protos.Endorser/ProcessProposal';
    const response: ProposalAnswer = await this.call(path, timeoutMs, (leftMs) =>
      this.sdk.sendProposal(signedProposal, leftMs),
    );
    const refusal = refusalIn(response, this.endpoint, what);
    if (refusal !== undefined) throw refusal;
    return response;
  }

  protected override bounded(base: ServiceClass<ProposalService>, take: () => Call) {
    // biome-ignore lint/suspicious/noExplicitAny: TypeScript asks it of classes made from classes
    return class extends (base as new (...args: any[]) => ProposalService) {
      override waitForReady(deadline: number, done: (error?: Error) => void) {
        firstAttempt(this, deadline, done);
      }
      override processProposal(proposal: unknown, answered: unknown) {
        const call = take();
        const grpc = super.processProposal(
          proposal,
          { deadline: call.deadline },
          (error, answer) => {
            call.failure = error ?? undefined;
            (answered as Answered)(error, answer);
          },
        );
        call.grpc = grpc;
        return grpc;
      }
    };
  }
}

/** An orderer that takes envelopes. */
export class OrdererNode extends Node<BroadcastService, Committer> {
  constructor(endpoint: Endpoint, client: SdkClient) {
    super(endpoint, client, client.newCommitter(endpoint.name));
  }

  /**
   * Hands over one signed envelope and waits for the answer.
   * @param signal ends the wait when the answer no longer matters
   * @throws RpcError when there was no answer; `sent` says whether the envelope may have arrived
   */
  async broadcast(
    envelope: Buffer,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<BroadcastAnswer> {
    const path = '/orderer.AtomicBroadcast/Broadcast';
    const send = (leftMs: number) => this.sdk.sendBroadcast(envelope, leftMs);
    const { status: name, info } = await this.call(path, timeoutMs, send, signal);
    return { status: String(name), info: String(info ?? '') };
  }

  protected override bounded(base: ServiceClass<BroadcastService>, take: () => Call) {
    // biome-ignore lint/suspicious/noExplicitAny: TypeScript asks it of classes made from classes
    return class extends (base as new (...args: any[]) => BroadcastService) {
      override waitForReady(deadline: number, done: (error?: Error) => void) {
        firstAttempt(this, deadline, done);
      }
      override broadcast() {
        const call = take();
        const stream = super.broadcast({ deadline: call.deadline });
        call.grpc = stream;
        let answered = false;
        stream.on('data', () => {
          answered = true;
        });
        stream.on('error', (error) => {
          call.failure = error;
        });
        // fabric-common would wait for ever: it stops its clock at the end of the stream, answer or not.
        stream.on('status', ({ code }: { code: number }) => {
          if (answered || code !== status.OK) return;
          const error = new Error('stream ended without an answer');
          stream.emit('error', Object.assign(error, { code: status.UNKNOWN }));
        });
        return stream;
      }
    };
  }
}

/** `Client.waitForReady` that does not wait for gRPC to try again: the caller has other nodes to turn to. */
function firstAttempt(client: Client, deadline: number, done: (error?: Error) => void): void {
  const channel = client.getChannel();
  const check = (timedOut?: Error) => {
    const state = channel.getConnectivityState(true);
    if (state === connectivityState.READY) done();
    else if (state === connectivityState.TRANSIENT_FAILURE) {
      done(new Error('connection refused or TLS handshake failed'));
    } else if (state === connectivityState.SHUTDOWN) done(new Error('connection was closed'));
    else if (timedOut !== undefined || Date.now() >= deadline) {
      done(new Error(`still ${connectivityState[state]}`));
    } else channel.watchConnectivityState(state, deadline, check);
  };
  check();
}

function codeOf(error: unknown): number {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'number' ? code : status.UNKNOWN;
}
