/** What a checker says. Three-valued on purpose: a check that saw too little is `unknown`, and unknown is not a pass. */
export type Verdict = 'valid' | 'invalid' | 'unknown';

/** The smallest thing that shows what is wrong. */
export interface Evidence {
  /** One sentence: what was expected, what was seen. */
  readonly message: string;
  readonly channel?: string;
  readonly block?: number;
  readonly transactionId?: string;
  readonly operation?: number;
  readonly key?: string;
  /** The copies that differ, e.g. `peer0.org1`, `orderer1`. */
  readonly sources?: readonly string[];
  /** Name of the expectation that this is the miss of. */
  readonly expectation?: string;
}

export interface CheckResult {
  /** Number in the invariant catalogue, e.g. `F4`. */
  readonly id: string;
  /** Short name, e.g. `same header at every height`. */
  readonly name: string;
  /** The guarantee, in words a reader can quote. */
  readonly guarantee: string;
  readonly verdict: Verdict;
  /** Why `unknown`; absent otherwise. */
  readonly reason?: string;
  /**
   * `false`: the check has nothing to say about this kind of run (money without the bank chaincode, recovery without a
   * fault). Its verdict is then `unknown`, and the overall verdict ignores it. Absent means `true`.
   */
  readonly applicable?: boolean;
  /** What somebody should know although nothing is wrong yet, e.g. a certificate that ends soon. */
  readonly notes?: readonly string[];
  /** At most a handful, worst first; `counts.violations` has the whole number. */
  readonly evidence: readonly Evidence[];
  readonly counts: Readonly<Record<string, number>>;
  /** What the scenario's author expects and this check judges, one by one. */
  readonly expectations?: readonly ExpectationResult[];
}

/** An expectation of the scenario's author, held against what was seen. */
export interface ExpectationResult {
  /** Of the check that judged it, e.g. `F18`. */
  readonly id: string;
  readonly name: string;
  readonly met: boolean;
  readonly expected: string;
  readonly seen: string;
}

export interface AuditResult {
  readonly verdict: Verdict;
  readonly checks: readonly CheckResult[];
  readonly channels: readonly string[];
}

/**
 * A count: how often an orderer acknowledged what none has put into a block, where the ordering service may forget it; once
 * more for each time that a client sent a transaction again until it came.
 */
export const NEVER_ORDERED = 'acknowledged, never ordered';
