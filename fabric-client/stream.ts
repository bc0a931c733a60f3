import { setTimeout as pause } from 'node:timers/promises';
import type { Transport } from './connections.ts';
import { describe, FabricError } from './errors.ts';
import { fetchBlock, newestBlock } from './fetch.ts';
import { patient } from './patience.ts';
import { type DeliverKind, type DeliverSession, numberOf, openDeliver } from './seek.ts';
import { createSigner, type Signer } from './signer.ts';
import type { Endpoint, SigningIdentity } from './types.ts';

export interface BlockStreamOptions {
  readonly connections: Transport;
  readonly endpoint: Endpoint;
  readonly identity: SigningIdentity | Signer;
  readonly channel: string;
  readonly kind: DeliverKind;
  /**
   * First block wanted. `newest`: the chain's tip at the time of connecting. A function is asked at each connect
   * until the first block has come. Default 0.
   */
  readonly from?: number | 'newest' | (() => number | 'newest');
  /** Last block wanted; `follow` goes on as blocks come. */
  readonly to: number | 'follow';
  /** Ends the stream without an error. */
  readonly signal?: AbortSignal;
  /** How long a node may stay unreachable, or make no progress with blocks it has, ms. Default 60 000. */
  readonly reconnectBudgetMs?: number;
  /** Silence after which the node is asked whether it is alive and has more, ms. Default 5 000. */
  readonly idleMs?: number;
  /** Told of each lost connection and its reason. */
  readonly onReconnect?: (error: unknown, next: number | 'newest') => void;
  /** Told when the seek was accepted and the stream is open. */
  readonly onOpen?: () => void;
}

const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 1_000;
const PROBE_MS = 3_000;
/** Statuses that no later attempt on the same node will change. */
const FINAL = new Set(['BAD_REQUEST', 'FORBIDDEN']);

/**
 * A node's blocks in order, each once, as serialized `common.Block` (`protos.FilteredBlock` for `peer-filtered`),
 * through any number of lost connections: it goes on at the block after the last one handed out.
 *
 * @throws FabricError when the node stays away longer than the budget, refuses the reader, or hands out a block out
 *   of order (never hidden: a gap in a node's own stream is a finding)
 */
export async function* streamBlocks(options: BlockStreamOptions): AsyncGenerator<Buffer, void> {
  const { endpoint, channel, signal } = options;
  const budgetMs = patient(options.reconnectBudgetMs ?? 60_000);
  const signer = 'sign' in options.identity ? options.identity : createSigner(options.identity);
  const last = options.to === 'follow' ? Number.POSITIVE_INFINITY : options.to;
  const from = options.from ?? 0;
  const origin = typeof from === 'function' ? from : () => from;
  let started = false;
  const stopped = () => signal?.aborted === true;
  let next = origin();
  let progressAt = performance.now();
  let retryMs = RETRY_FIRST_MS;
  let lost = 0;

  while (next === 'newest' || next <= last) {
    if (stopped()) return;
    let session: DeliverSession | undefined;
    const cancel = () => session?.cancel();
    signal?.addEventListener('abort', cancel);
    if (!started) next = origin();
    try {
      session = await openDeliver(options.connections, endpoint, signer, {
        kind: options.kind,
        channel,
        start: next,
        stop: options.to === 'follow' ? 'never' : options.to,
      });
      // Aborted while it was opened: nobody has cancelled it, and on an idle channel it would never end.
      if (stopped()) return;
      options.onOpen?.();
      while (next === 'newest' || next <= last) {
        const message = await nextOrDead(session, options, signer, () => next);
        if (message.type === 'status') throw statusError(options, next, message.status);
        const number = numberOf(options.kind, message.bytes);
        if (next !== 'newest' && number !== next) {
          const alone = await askedAlone(options, signer, next);
          throw new OrderError({
            subject: `blocks of ${channel} from ${endpoint.name}`,
            expected: `block ${next}`,
            seen: `block ${number} (connection lost ${lost} times before; asked for block ${next} alone: ${alone})`,
            look: `log of ${endpoint.name}`,
          });
        }
        next = number + 1;
        started = true;
        progressAt = performance.now();
        retryMs = RETRY_FIRST_MS;
        yield message.bytes;
      }
    } catch (error) {
      if (stopped()) return;
      if (error instanceof OrderError || error instanceof FinalError) throw error;
      if (performance.now() - progressAt > budgetMs) {
        throw new FabricError({
          subject: `blocks of ${channel} from ${endpoint.name}`,
          expected: `block ${next}`,
          seen: describe(error),
          budgetMs,
          look: `log of ${endpoint.name}`,
          cause: error,
        });
      }
      lost += 1;
      options.onReconnect?.(error, next);
      await pause(retryMs, undefined, signal === undefined ? {} : { signal }).catch(
        () => undefined,
      );
      retryMs = Math.min(retryMs * 2, RETRY_MAX_MS);
    } finally {
      signal?.removeEventListener('abort', cancel);
      session?.cancel();
    }
  }
}

/** What a node gives for one block on a stream of its own: tells a stream that went wrong from a ledger that did. */
async function askedAlone(options: BlockStreamOptions, signer: Signer, start: number) {
  const { connections, endpoint, kind, channel } = options;
  try {
    const bytes = await fetchBlock(
      connections,
      endpoint,
      signer,
      { kind, channel, start },
      patient(PROBE_MS),
    );
    return `block ${numberOf(kind, bytes)}`;
  } catch (error) {
    return describe(error);
  }
}

class OrderError extends FabricError {}
class FinalError extends FabricError {}

function statusError(options: BlockStreamOptions, next: number | 'newest', status: string) {
  const failure = {
    subject: `blocks of ${options.channel} from ${options.endpoint.name}`,
    expected: `block ${next}`,
    seen: `status ${status}`,
    look: `log of ${options.endpoint.name}`,
  };
  return FINAL.has(status) ? new FinalError(failure) : new FabricError(failure);
}

/**
 * Waits for the next message, and while there is silence asks the node now and then, over a stream of its own,
 * for its newest block. A frozen or cut-off node does not answer, a stream that has lost its sender is behind; both
 * are dropped. gRPC's keep-alive would do the same, but Fabric's servers hang up on pings closer than a minute
 * (`ServerMinInterval`).
 */
async function nextOrDead(
  session: DeliverSession,
  options: BlockStreamOptions,
  signer: Signer,
  next: () => number | 'newest',
) {
  const idleMs = patient(options.idleMs ?? 5_000);
  let settled = false;
  let timer: NodeJS.Timeout;
  const probe = async () => {
    try {
      const newest = await newestBlock(options.connections, options.endpoint, signer, {
        kind: options.kind === 'orderer' ? 'orderer' : 'peer-filtered',
        channel: options.channel,
        timeoutMs: Math.min(idleMs, patient(PROBE_MS)),
      });
      const wanted = next();
      if (settled) return;
      // One more period of grace: the block may be on its way.
      if (wanted !== 'newest' && newest >= wanted) arm(() => session.drop());
      else arm(probe);
    } catch {
      if (!settled) session.drop();
    }
  };
  const arm = (then: () => void) => {
    timer = setTimeout(then, idleMs);
  };
  arm(probe);
  try {
    return await session.next();
  } finally {
    settled = true;
    // biome-ignore lint/style/noNonNullAssertion: armed above
    clearTimeout(timer!);
  }
}
