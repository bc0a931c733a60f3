/** What an orderer's answer to Broadcast says about the envelope, for each ordering service. */
import { RpcError } from './errors.ts';

/** An orderer's answer to Broadcast. */
export interface BroadcastAnswer {
  /** Name in `common.Status`, e.g. `SUCCESS`, `SERVICE_UNAVAILABLE`. */
  readonly status: string;
  readonly info: string;
}

/**
 * `taken`: the ordering service has it, as far as it tells; `refused`: not taken, and no orderer would; `not-taken`:
 * certainly not by this one; `maybe`: it may be ordered yet.
 */
export type Handover = 'taken' | 'refused' | 'not-taken' | 'maybe';

/** One line of a table: the first that fits an answer decides. */
export interface AnswerRule {
  /** Name in `common.Status`. */
  readonly status: string;
  /** Part of the answer's text; without it any text fits. */
  readonly info?: string;
  readonly means: Handover;
}

/** An ordering service's answers. What no line knows is `maybe`. */
export type OrderingAnswers = readonly AnswerRule[];

/** Checks before anything of a consensus sees the envelope (`orderer/common/broadcast`, `msgprocessor`). */
export const COMMON_ANSWERS: OrderingAnswers = [
  { status: 'SUCCESS', means: 'taken' },
  { status: 'BAD_REQUEST', means: 'refused' },
  { status: 'FORBIDDEN', means: 'refused' },
  { status: 'REQUEST_ENTITY_TOO_LARGE', means: 'refused' },
  { status: 'NOT_FOUND', means: 'not-taken' },
  {
    status: 'SERVICE_UNAVAILABLE',
    info: 'maintenance mode',
    means: 'not-taken',
  },
];

/**
 * Kafka. SUCCESS: the brokers have acknowledged it. Certain is only what is said before the producer is tried
 * (`orderer/consensus/kafka/chain.go`, `WaitReady`, `enqueue`); the producer that gave up may have succeeded after all.
 */
export const KAFKA_ANSWERS: OrderingAnswers = [
  ...COMMON_ANSWERS,
  { status: 'SERVICE_UNAVAILABLE', info: 'has not completed booting', means: 'not-taken' },
  {
    status: 'SERVICE_UNAVAILABLE',
    info: 'consenter for this channel has been halted',
    means: 'not-taken',
  },
];

/** Of orderers without a system channel that are not, or no longer, in a channel (`orderer/common/broadcast`). */
const NO_MEMBER: OrderingAnswers = [
  { status: 'BAD_REQUEST', info: 'channel does not exist', means: 'not-taken' },
  { status: 'BAD_REQUEST', info: 'system channel is not defined', means: 'not-taken' },
];

/**
 * Raft. SUCCESS: the leader's loop has read it, or a follower has written it into its stream to the leader; neither has
 * replicated it. Certain is what is said before that (`orderer/consensus/etcdraft/chain.go`, `Submit`, `run`); a stream
 * that broke (`EOF`) or a forwarding that timed out may have carried it.
 */
export const RAFT_ANSWERS: OrderingAnswers = [
  ...NO_MEMBER,
  ...COMMON_ANSWERS,
  { status: 'SERVICE_UNAVAILABLE', info: 'no Raft leader', means: 'not-taken' },
  { status: 'SERVICE_UNAVAILABLE', info: 'chain is not started', means: 'not-taken' },
  { status: 'SERVICE_UNAVAILABLE', info: 'chain is stopped', means: 'not-taken' },
];

/**
 * BFT. SUCCESS: it is in the memory of this orderer (SmartBFT's request pool). An orderer that knows it already, or has
 * seen it ordered, says so with an error.
 */
export const BFT_ANSWERS: OrderingAnswers = [
  ...NO_MEMBER,
  ...COMMON_ANSWERS,
  { status: 'SERVICE_UNAVAILABLE', info: 'request already exists', means: 'taken' },
  { status: 'SERVICE_UNAVAILABLE', info: 'request already processed', means: 'taken' },
  { status: 'SERVICE_UNAVAILABLE', info: 'acquiring semaphore for request', means: 'not-taken' },
  { status: 'SERVICE_UNAVAILABLE', info: 'submit request: no leader', means: 'not-taken' },
];

/** What an answer means. Anything not known to be certain is `maybe`. */
export function classifyAnswer(
  table: OrderingAnswers,
  { status, info }: BroadcastAnswer,
): Handover {
  const rule = table.find(
    (line) => line.status === status && (line.info === undefined || info.includes(line.info)),
  );
  return rule?.means ?? 'maybe';
}

/** What a broadcast without an answer means: only what was never sent is certain. */
export function classifyError(error: unknown): Handover {
  return error instanceof RpcError && !error.sent ? 'not-taken' : 'maybe';
}

/** The orderers' words for an update of a configuration that has changed since (`common/configtx/update.go`). */
export const OUTDATED = /ReadSet|at version/;
