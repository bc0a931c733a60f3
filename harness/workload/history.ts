import type { ProposalRecord } from '../../fabric-client/proposing.ts';
/**
 * The history: what every client asked for and what it was told, one JSON object a line, appended as it happens.
 *
 * An operation's outcome is three-valued (rule 1 of the design): what a client was told never decides whether
 * something happened; the chain does, by transaction id.
 */

/** `ok`: told VALID. `fail`: certainly did not take effect. `unknown`: may or may not have. */
export type Outcome = 'ok' | 'fail' | 'unknown';

/** Intent of what a program of the author's own told of once it had ended: when it began nobody knows. */
export const BY_A_PROGRAM = 'program';

/** Written before the request leaves the client. */
export interface Invocation {
  readonly type: 'invoke';
  /** Unique within a scenario, counted from 1. */
  readonly operation: number;
  /** Client's name, e.g. `org1-3`. A client has at most one operation in flight. */
  readonly client: string;
  /** MSP id of the client's organisation, e.g. `Org1MSP`. */
  readonly msp: string;
  readonly channel: string;
  readonly chaincode: string;
  /** `submit` goes through ordering; `evaluate` asks one peer. */
  readonly kind: 'submit' | 'evaluate';
  readonly function: string;
  readonly args: readonly string[];
  /** Known before anything is sent; absent for `evaluate`. */
  readonly transactionId?: string;
  /** Why it was asked, e.g. `overdraft` (is meant to be refused) or `probe`; only for counting and for readers. */
  readonly intent?: string;
  /**
   * Whether the chaincode is to refuse it: `expected`, it must; `possible`, it may. Absent: a refusal is not what it was
   * sent for.
   */
  readonly refusal?: 'expected' | 'possible';
  /** Names of the peers that are asked, e.g. `peer0.org1`. */
  readonly peers: readonly string[];
  /** Milliseconds since the run started, from a monotonic clock. */
  readonly at: number;
}

export type { ProposalRecord as ProposalAnswer };

/** Intent of what a program has not told of, and was found in the ledger. */
export const FOUND = 'found';

/** Written when the client knows, or gives up. */
export interface Completion {
  readonly type: 'complete';
  readonly operation: number;
  readonly outcome: Outcome;
  readonly at: number;
  /** The orderer that accepted (or last refused) the envelope, e.g. `orderer0`. */
  readonly orderer?: string;
  /** All orderers that were heard to accept it, where clients send to all and more than one did. */
  readonly acknowledgedBy?: readonly string[];
  /** When an orderer answered SUCCESS. What that promises depends on the ordering service; where Kafka orders, lost is a bug. */
  readonly acknowledgedAt?: number;
  /** Later acknowledgements, where a client sent it again because it did not come. */
  readonly acknowledgedAgain?: readonly { readonly orderer: string; readonly at: number }[];
  /** Number of the block in which the client saw its transaction. */
  readonly block?: number;
  /** Validation code that the client was told, e.g. `VALID`, `MVCC_READ_CONFLICT`. */
  readonly code?: string;
  /** Result of an `evaluate`, as text. */
  readonly result?: string;
  /** For `evaluate`: heights of the asked peer just before and just after the read. */
  readonly heightBefore?: number;
  readonly heightAfter?: number;
  /** The chaincode itself said no (overdraft, …): a correct answer from a working network, not an outage. */
  readonly refused?: boolean;
  /** One line; no stack traces. */
  readonly error?: string;
  /** Where in its path the operation ended. */
  readonly stage?: 'endorse' | 'broadcast' | 'commit' | 'evaluate';
  /** Every answer to a submit's proposal, in the order in which they came; absent where the client does not tell. */
  readonly responses?: readonly ProposalRecord[];
}

/** A fault's life, in the same file so that order is never in doubt. */
export interface FaultEvent {
  readonly type: 'fault';
  /** Unique within a scenario. */
  readonly fault: number;
  readonly phase: 'inject' | 'verified' | 'heal' | 'healed' | 'not-confirmed' | 'inconclusive';
  /** Fault kind, e.g. `crash`, `isolate`. */
  readonly kind: string;
  /** The role asked for, e.g. `kafka.leader('mychannel')`. */
  readonly role: string;
  /** The components that the role was resolved to at injection. */
  readonly targets: readonly string[];
  /** The machine of the targets, if it is one. */
  readonly machine?: number;
  readonly at: number;
  /** What was measured, in one line. */
  readonly evidence?: string;
  /** With the measurement after the heal: when the heal had been carried out; absent if it could not be. */
  readonly healedAt?: number;
}

/** One sample of a component's chain height; each series must never decrease. */
export interface HeightSample {
  readonly type: 'height';
  readonly source: string;
  readonly channel: string;
  readonly height: number;
  readonly at: number;
}

/** Label of the mark that says: the user ended the run here, and what was still to come never did. */
export const INTERRUPTED = 'interrupted';

/** Label of the mark that says, besides {@link INTERRUPTED}: it was the scenario's own limit that ended it. */
export const TIMED_OUT = 'timed out';

/** Label of the mark that says: every node had the same height, and nothing was under way. */
export const QUIESCENT = 'quiescent';

/** Label of the mark that says: the evidence is collected; the heights that follow tell whether anything came since. */
export const LAST_LOOK = 'last look';

/** Label of the last mark of all: what there was to record has been recorded. */
export const COMPLETE = 'evidence complete';

/** Label of the mark that says: the network did not come to rest in time, so what is missing may still have come. */
export const UNSETTLED = 'not quiescent';

/** Free remark with a time, e.g. `load starts`, `heal`, `quiescent`. */
export interface Mark {
  readonly type: 'mark';
  readonly label: string;
  readonly at: number;
}

/** A step of a check: what its author expects of it, and what it saw. */
export interface Step {
  readonly type: 'step';
  readonly name: string;
  readonly expected: string;
  readonly met: boolean;
  readonly seen: string;
  readonly at: number;
}

/** Something that went wrong while the scenario ran, or while its evidence was collected. */
export interface Trouble {
  readonly type: 'trouble';
  readonly message: string;
  readonly at: number;
}

export type HistoryRecord =
  | Invocation
  | Completion
  | FaultEvent
  | HeightSample
  | Mark
  | Step
  | Trouble;
