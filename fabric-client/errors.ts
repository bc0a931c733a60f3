/**
 * Errors of the Fabric client side. Each says what was asked, of whom, what was expected, what was seen and how
 * long it was given, so that a failed run can be read without the source.
 */

const DEADLINE_EXCEEDED = 4;

export interface Failure {
  /** Who or what, e.g. `channel mychannel on orderer1`. */
  readonly subject: string;
  readonly expected: string;
  readonly seen: string;
  /** Milliseconds that were allowed, where time was the limit. */
  readonly budgetMs?: number;
  /** Where to look next, e.g. `log of orderer1`. */
  readonly look?: string;
  readonly cause?: unknown;
}

export class FabricError extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    const budget =
      failure.budgetMs === undefined ? '' : ` (budget ${Math.round(failure.budgetMs)} ms)`;
    const look = failure.look === undefined ? '' : `; see ${failure.look}`;
    super(
      `${failure.subject}: expected ${failure.expected}, got ${failure.seen}${budget}${look}`,
      failure.cause === undefined ? undefined : { cause: failure.cause },
    );
    this.name = 'FabricError';
    this.failure = failure;
  }
}

/**
 * A call over the wire that got no answer.
 * `sent` is what makes an outcome definite: when false, the request certainly never left this process.
 */
export class RpcError extends FabricError {
  readonly sent: boolean;
  /** gRPC status code, e.g. 14 UNAVAILABLE, 4 DEADLINE_EXCEEDED. */
  readonly status: number;

  constructor(failure: Failure, sent: boolean, status: number) {
    super(failure);
    this.name = 'RpcError';
    this.sent = sent;
    this.status = status;
  }

  /** Whether the time was over, in contrast to a connection that was refused or broke. */
  get timedOut(): boolean {
    return this.status === DEADLINE_EXCEEDED;
  }
}

/** One line of text from anything thrown. */
export function describe(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, ' ').trim();
}
