import { setTimeout as pause } from 'node:timers/promises';
import type { Transport } from './connections.ts';
import { describe } from './errors.ts';
import {
  type BroadcastAnswer,
  classifyAnswer,
  classifyError,
  type Handover,
} from './ordering-answers.ts';
import { common, orderer } from './protos.ts';
import { firstAnswer } from './seek.ts';
import type { Endpoint } from './types.ts';
import { after } from './until.ts';

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
  const bytes = await firstAnswer(transport, endpoint, BROADCAST, envelope, timeoutMs, signal);
  const { status, info } = orderer.BroadcastResponse.decode(bytes);
  return { status: common.Status[status] ?? `${status}`, info };
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
  /** For each orderer, including connecting, ms. */
  readonly timeoutMs: number;
  /** For all of them, ms. Without it, until each was asked once. */
  readonly budgetMs?: number;
  /** Not to another orderer when one may have taken it: for what must not be ordered twice. */
  readonly once?: boolean;
  /** Goes round again while the budget lasts. */
  readonly again?: boolean;
  /** To all orderers at the same time, as clients of BFT must: what one alone was given may never leave it. */
  readonly atOnce?: boolean;
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
  if (options.atOnce === true) return await offerAtOnce(options, envelope);
  const { transport, orderers, committed } = options;
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
      const { name } = target;
      const asked = ask(options, target, envelope, leftMs, signal);
      const seen = committed?.then(async (event) => {
        await pause(ACK_GRACE_MS, undefined, { signal }).catch(() => undefined);
        return { committed: event };
      });
      const late = Number.isFinite(leftMs) ? after(leftMs) : undefined;
      const racers = [asked, seen, late].flatMap((racer) => racer ?? []);
      const first = (await Promise.race(racers)) ?? {
        orderer: name,
        means: 'maybe' as const,
        text: `${name}: no answer within ${Math.round(leftMs)} ms`,
      };
      wait.abort();
      if ('committed' in first) {
        records.push({ orderer: name, means: 'maybe', text: `${name}: no answer` });
        return { handover: 'maybe', records, ...first };
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

/** What one orderer makes of an envelope. Never rejects. */
async function ask<T>(
  { transport, timeoutMs }: Offer<T>,
  target: Endpoint,
  envelope: Uint8Array,
  leftMs: number,
  signal: AbortSignal,
): Promise<BroadcastRecord> {
  const { name } = target;
  try {
    const waitMs = Math.min(timeoutMs, leftMs);
    const answer = await broadcast(transport, target, envelope, waitMs, signal);
    const text = `${name}: ${answer.status}: ${answer.info}`;
    return { orderer: name, means: classifyAnswer(answer), answer, text };
  } catch (error) {
    return { orderer: name, means: classifyError(error), text: describe(error) };
  }
}

/** Best first: one that took it counts more than all that did not, one that may have it more than a refusal. */
const WORTH: readonly Handover[] = ['taken', 'maybe', 'refused', 'not-taken'];

/**
 * Gives an envelope to all orderers at the same time, until one takes it or it is seen in a block; then the others have a
 * moment to answer, since what it is worth depends on how many have it.
 */
async function offerAtOnce<T>(options: Offer<T>, envelope: Uint8Array): Promise<Offered<T>> {
  const { transport, orderers, committed } = options;
  const { health } = transport;
  const deadline = performance.now() + (options.budgetMs ?? Number.POSITIVE_INFINITY);
  const records: BroadcastRecord[] = [];
  do {
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) break;
    const wait = new AbortController();
    const round: BroadcastRecord[] = [];
    const asked = orderers.map(async (target) => {
      const record = await ask(options, target, envelope, leftMs, wait.signal);
      if (wait.signal.aborted) return;
      round.push(record);
      if (record.means === 'taken' || record.means === 'refused') health.worked(target);
      else health.failed(target);
      if (record.means !== 'taken') throw new Error(record.text);
    });
    const all = Promise.allSettled(asked);
    const taken = Promise.any(asked).catch(() => all);
    const racers: Promise<{ readonly event: T } | undefined>[] = [taken.then(() => undefined)];
    if (committed !== undefined) racers.push(committed.then((event) => ({ event })));
    const first = await Promise.race(racers);
    const grace = new AbortController();
    const { signal } = grace;
    await Promise.race([all, pause(ACK_GRACE_MS, undefined, { signal }).catch(() => undefined)]);
    grace.abort();
    wait.abort();
    records.push(...round);
    const best = WORTH.find((means) => records.some((record) => record.means === means));
    const handover = best ?? (first ? 'maybe' : 'not-taken');
    if (first) return { handover, records, committed: first.event };
    if (handover === 'taken' || handover === 'refused') return { handover, records };
    if (options.again !== true) return { handover, records };
    await pause(Math.min(ROUND_PAUSE_MS, Math.max(0, deadline - performance.now())));
  } while (performance.now() < deadline);
  const best = WORTH.find((means) => records.some((record) => record.means === means));
  return { handover: best ?? 'not-taken', records };
}
