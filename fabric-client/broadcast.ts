import { setTimeout as pause } from 'node:timers/promises';
import { status as grpcStatus } from '@grpc/grpc-js';
import { callFailed, type Transport } from './connections.ts';
import { describe } from './errors.ts';
import {
  type BroadcastAnswer,
  classifyAnswer,
  classifyError,
  type Handover,
  type OrderingAnswers,
} from './ordering-answers.ts';
import { common, orderer as ordererMessages } from './protos.ts';
import type { Endpoint } from './types.ts';

const BROADCAST = '/orderer.AtomicBroadcast/Broadcast';

/**
 * Hands one envelope to one orderer and waits for its answer.
 * @param timeoutMs from now to the answer, including connecting
 * @param signal ends the wait when the answer no longer matters
 * @throws RpcError when there was no answer; `sent` says whether the envelope may have arrived
 */
export async function broadcast(
  transport: Transport,
  endpoint: Endpoint,
  envelope: Uint8Array,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<BroadcastAnswer> {
  const started = Date.now();
  const { stream, discard } = await transport.stream(endpoint, BROADCAST, timeoutMs);
  const left = Math.max(1, timeoutMs - (Date.now() - started));
  return await new Promise<BroadcastAnswer>((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      settle();
    };
    const fail = (seen: unknown, code: number) =>
      end(() => reject(callFailed(endpoint, BROADCAST, seen, code, timeoutMs)));
    const abort = () => {
      fail('no longer waited for', grpcStatus.CANCELLED);
      stream.cancel();
    };
    const timer = setTimeout(() => {
      fail('no answer', grpcStatus.DEADLINE_EXCEEDED);
      stream.cancel();
      discard();
    }, left);
    signal?.addEventListener('abort', abort);
    stream.on('data', (bytes: Buffer) => {
      const answer = ordererMessages.BroadcastResponse.decode(bytes);
      const status = common.Status[answer.status] ?? `${answer.status}`;
      end(() => resolve({ status, info: answer.info }));
      stream.end();
    });
    stream.on('error', (error: Error & { code?: number }) =>
      fail(error, error.code ?? grpcStatus.UNKNOWN),
    );
    stream.on('end', () => fail('stream ended', grpcStatus.UNAVAILABLE));
    stream.write(envelope);
    if (signal?.aborted === true) abort();
  });
}

/** What one orderer made of an envelope. */
export interface BroadcastRecord {
  /** Name of the orderer. */
  readonly orderer: string;
  readonly means: Handover;
  /** Its answer; absent when there was none. */
  readonly answer?: BroadcastAnswer;
  /** In one line: the answer, or why there was none. */
  readonly text: string;
}

export interface Offer<T> {
  readonly transport: Transport;
  /** Tried in this order, sound ones first. */
  readonly orderers: readonly Endpoint[];
  readonly answers: OrderingAnswers;
  /** For each orderer, including connecting, ms. */
  readonly timeoutMs: number;
  /** For all of them, ms. Without it, until each was asked once. */
  readonly budgetMs?: number;
  /** Not to another orderer when one may have taken it: for what must not be ordered twice. */
  readonly once?: boolean;
  /** Goes round again while the budget lasts. */
  readonly again?: boolean;
  /** Resolves when the envelope is seen in a block, which tells more than an orderer's silence. */
  readonly committed?: Promise<T>;
}

export interface Offered<T> {
  /** `maybe` too when one orderer may have taken it and another certainly has not. */
  readonly handover: Handover;
  /** Every orderer's answer, in the order in which they were asked. */
  readonly records: readonly BroadcastRecord[];
  /** Set when the envelope was seen in a block before any orderer's answer. */
  readonly committed?: T;
}

/** For an orderer's answer to arrive although a peer's report has overtaken it. */
const ACK_GRACE_MS = 200;
const ROUND_PAUSE_MS = 100;

/**
 * Offers an envelope to one orderer after another until one takes it, one refuses it for good, or it is seen in a
 * block. Ordered twice, the second is invalidated by its transaction id.
 */
export async function offer<T>(options: Offer<T>, envelope: Uint8Array): Promise<Offered<T>> {
  const { transport, orderers, answers, timeoutMs, committed } = options;
  const { health } = transport;
  const deadline = performance.now() + (options.budgetMs ?? Number.POSITIVE_INFINITY);
  const records: BroadcastRecord[] = [];
  let doubt = false;
  const end = (): Offered<T> => ({
    handover: doubt ? 'maybe' : (records.at(-1)?.means ?? 'not-taken'),
    records,
  });
  do {
    for (const target of health.choose(orderers)) {
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return end();
      const wait = new AbortController();
      const { signal } = wait;
      const record = (
        means: Handover,
        text: string,
        answer?: BroadcastAnswer,
      ): BroadcastRecord => ({
        orderer: target.name,
        means,
        text,
        ...(answer === undefined ? {} : { answer }),
      });
      const asked = broadcast(
        transport,
        target,
        envelope,
        Math.min(timeoutMs, leftMs),
        signal,
      ).then(
        (answer) =>
          record(
            classifyAnswer(answers, answer),
            `${target.name}: ${answer.status}: ${answer.info}`,
            answer,
          ),
        (error: unknown) => record(classifyError(error), describe(error)),
      );
      const racers: Promise<BroadcastRecord | { readonly committed: T }>[] = [asked];
      if (committed !== undefined) {
        const seen = committed.then((event) =>
          pause(ACK_GRACE_MS, event, { signal }).catch(() => event),
        );
        racers.push(seen.then((event) => ({ committed: event })));
      }
      let timer: NodeJS.Timeout | undefined;
      if (Number.isFinite(leftMs)) {
        const late = record('maybe', `${target.name}: no answer within ${Math.round(leftMs)} ms`);
        racers.push(
          new Promise((resolve) => {
            timer = setTimeout(() => resolve(late), leftMs);
          }),
        );
      }
      const first = await Promise.race(racers);
      clearTimeout(timer);
      wait.abort();
      if ('committed' in first) {
        records.push(record('maybe', `${target.name}: no answer`));
        return { handover: 'maybe', records, committed: first.committed };
      }
      records.push(first);
      if (first.means === 'taken' || first.means === 'refused') {
        health.worked(target);
        return first.means === 'taken' ? { handover: 'taken', records } : end();
      }
      health.failed(target);
      doubt ||= first.means === 'maybe';
      if (doubt && options.once === true) return end();
    }
    if (options.again === true)
      await pause(Math.min(ROUND_PAUSE_MS, Math.max(0, deadline - performance.now())));
  } while (options.again === true && performance.now() < deadline);
  return end();
}
