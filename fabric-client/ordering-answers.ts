/** What an orderer's answer to Broadcast says about the envelope. */
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

/**
 * Name in `common.Status`, part of the answer's text, and what that means: the first line that fits decides. One table for
 * all ordering services, since each has its own words, and a channel may change its service under its clients.
 */
const ANSWERS: readonly (readonly [status: string, info: string, means: Handover])[] = [
  // Orderers without a system channel that are not, or no longer, in a channel (`orderer/common/broadcast`).
  ['BAD_REQUEST', 'channel does not exist', 'not-taken'],
  ['BAD_REQUEST', 'system channel is not defined', 'not-taken'],
  // Checks before anything of a consensus sees the envelope (`orderer/common/broadcast`, `msgprocessor`). What SUCCESS is
  // worth differs: the log's brokers have it, or an orderer's memory.
  ['SUCCESS', '', 'taken'],
  ['BAD_REQUEST', '', 'refused'],
  ['FORBIDDEN', '', 'refused'],
  ['REQUEST_ENTITY_TOO_LARGE', '', 'refused'],
  ['NOT_FOUND', '', 'not-taken'],
  ['SERVICE_UNAVAILABLE', 'maintenance mode', 'not-taken'],
  // What is said before the producer is tried (`orderer/consensus/kafka/chain.go`, `WaitReady`, `enqueue`); a producer that
  // gave up may have succeeded after all.
  ['SERVICE_UNAVAILABLE', 'has not completed booting', 'not-taken'],
  ['SERVICE_UNAVAILABLE', 'consenter for this channel has been halted', 'not-taken'],
  // What is said before the leader's loop or the stream to the leader (`orderer/consensus/etcdraft/chain.go`, `Submit`,
  // `run`); a stream that broke (`EOF`) or a forwarding that timed out may have carried it.
  ['SERVICE_UNAVAILABLE', 'no Raft leader', 'not-taken'],
  ['SERVICE_UNAVAILABLE', 'chain is not started', 'not-taken'],
  ['SERVICE_UNAVAILABLE', 'chain is stopped', 'not-taken'],
  // A BFT orderer that knows it already, or has seen it ordered, says so with an error (SmartBFT's request pool).
  ['SERVICE_UNAVAILABLE', 'request already exists', 'taken'],
  ['SERVICE_UNAVAILABLE', 'request already processed', 'taken'],
  ['SERVICE_UNAVAILABLE', 'acquiring semaphore for request', 'not-taken'],
  ['SERVICE_UNAVAILABLE', 'submit request: no leader', 'not-taken'],
];

/** What an answer means. Anything not known to be certain is `maybe`. */
export function classifyAnswer({ status, info }: BroadcastAnswer): Handover {
  const known = ANSWERS.find(([code, text]) => code === status && info.includes(text));
  return known?.[2] ?? 'maybe';
}

/** What a broadcast without an answer means: only what was never sent is certain. */
export function classifyError(error: unknown): Handover {
  return error instanceof RpcError && !error.sent ? 'not-taken' : 'maybe';
}

/** The orderers' words for an update of a configuration that has changed since (`common/configtx/update.go`). */
export const OUTDATED = /ReadSet|at version/;
