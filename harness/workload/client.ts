/** What the workload needs of a client of the network; the Fabric gateway provides it, tests fake it. */

import type { ProposalAnswer } from './history.ts';

/**
 * What clients of a load are made with: the project's own Fabric client, which keeps every answer, or one of those that
 * applications use, as it comes.
 */
export const CLIENT_KINDS = ['harness', 'fabric-network', 'fabric-gateway'] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

export const isClientKind = (value: unknown): value is ClientKind =>
  (CLIENT_KINDS as readonly unknown[]).includes(value);

export interface LoadClient {
  /** Unique within a scenario, e.g. `org1-3`. */
  readonly name: string;
  readonly msp: string;
  readonly channel: string;
  readonly chaincode: string;
  /**
   * Sends one transaction through ordering and waits for its commit. Exactly one transaction id per call; retries with
   * the same envelope are the client's business. A rejected promise counts as an unknown outcome.
   */
  submit(request: SubmitRequest): Promise<SubmitResult>;
  /** Asks one peer. A rejected promise counts as failed. */
  evaluate(request: EvaluateRequest): Promise<EvaluateResult>;
}

export interface SubmitRequest {
  readonly function: string;
  readonly args: readonly string[];
  /** Send to this orderer only, without fail-over. */
  readonly orderer?: string;
  /** For the endorsers' eyes only; it is in no history and no report. */
  readonly transient?: Readonly<Record<string, Uint8Array>>;
  /** MSP ids of the organisations that are to endorse; the client's own choice unless told. */
  readonly endorsers?: readonly string[];
  /** It is the call that initialises the chaincode. */
  readonly init?: boolean;
  /** Aborts when nobody waits any more; nothing new should then be sent. */
  readonly signal: AbortSignal;
  /**
   * To be called once, when the transaction id is known and before anything leaves the client: it writes the history.
   * It throws when the operation was given up meanwhile; then nothing may be sent.
   */
  prepared(transaction: {
    readonly transactionId: string;
    readonly peers: readonly string[];
  }): void;
  /** To be called when an orderer answered SUCCESS, by clients that know it before the end. */
  acknowledged(orderer: string): void;
}

export interface SubmitResult {
  readonly outcome: 'ok' | 'fail' | 'unknown';
  readonly stage?: 'endorse' | 'broadcast' | 'commit';
  /** The orderer that accepted, or that last refused. */
  readonly orderer?: string;
  /** When it accepted, on the run's clock; for clients that tell so only at the end. */
  readonly acknowledgedAt?: number;
  readonly block?: number;
  /** Validation code, e.g. `VALID`. */
  readonly code?: string;
  /** The chaincode itself refused. */
  readonly refused?: boolean;
  readonly error?: string;
  /** Every peer's answer to the proposal, of every round, for clients that see them. */
  readonly responses?: readonly ProposalAnswer[];
}

export interface EvaluateRequest {
  readonly peer: string;
  readonly function: string;
  readonly args: readonly string[];
  readonly signal: AbortSignal;
}

export interface EvaluateResult {
  readonly outcome: 'ok' | 'fail';
  readonly stage?: 'evaluate';
  readonly result?: string;
  /** Heights of that peer just before and just after the read. */
  readonly heightBefore?: number;
  readonly heightAfter?: number;
  readonly refused?: boolean;
  readonly error?: string;
}
