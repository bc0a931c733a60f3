import { NOT_TAKEN } from '../../ordering/registry.ts';
import type { BroadcastAnswer } from '../client/broadcast.ts';
import { RpcError } from '../client/errors.ts';

/** `ok`: told VALID. `fail`: certainly did not take effect. `unknown`: may or may not have. */
export type Outcome = 'ok' | 'fail' | 'unknown';

/** What a client knows at the end of a submit; the fields have the names and meaning of the history's completion. */
export interface SubmitResult {
  readonly outcome: Outcome;
  /** From the gateway's clock, ms. */
  readonly at: number;
  /** Where in its path the operation ended. */
  readonly stage: 'endorse' | 'broadcast' | 'commit';
  /** The orderer that accepted, or last refused, the envelope. */
  readonly orderer?: string;
  /** When an orderer answered SUCCESS, whatever that means for the ordering service. */
  readonly acknowledgedAt?: number;
  readonly block?: number;
  /** Validation code, e.g. `VALID`. */
  readonly code?: string;
  /** What the chaincode returned when it was endorsed, as text. */
  readonly result?: string;
  /** Set when the chaincode itself said no, e.g. to an overdraft; the network did all it should. */
  readonly refused?: boolean;
  readonly error?: string;
}

/** What a client knows at the end of a read from one peer. */
export interface EvaluateResult {
  /** A read has no effect, so it is never `unknown`. */
  readonly outcome: 'ok' | 'fail';
  readonly at: number;
  readonly stage: 'evaluate';
  readonly result?: string;
  /** Chain heights of the asked peer just before and just after the read. */
  readonly heightBefore?: number;
  readonly heightAfter?: number;
  readonly error?: string;
}

/**
 * What an orderer's answer, or its lack, says about the envelope:
 * `accepted`; `refused` for good, by any orderer; `unavailable`, certainly not enqueued by this one; `indeterminate`,
 * may be in the log.
 */
export type Handover = 'accepted' | 'refused' | 'unavailable' | 'indeterminate';

/** Classifies an orderer's answer. Anything not known to be certain is indeterminate. */
export function classifyAnswer(answer: BroadcastAnswer): Handover {
  switch (answer.status) {
    case 'SUCCESS':
      return 'accepted';
    case 'BAD_REQUEST':
    case 'FORBIDDEN':
    case 'REQUEST_ENTITY_TOO_LARGE':
      return 'refused';
    case 'NOT_FOUND':
      return 'unavailable';
    default:
      return NOT_TAKEN.some((text) => answer.info.includes(text)) ? 'unavailable' : 'indeterminate';
  }
}

/** Classifies a broadcast without an answer. */
export function classifyError(error: unknown): Handover {
  return error instanceof RpcError && !error.sent ? 'unavailable' : 'indeterminate';
}
