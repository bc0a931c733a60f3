import type { CheckResult, Evidence, ExpectationResult } from './model.ts';

/** What a check is, apart from how it is done. */
export interface CheckDefinition {
  readonly id: string;
  readonly name: string;
  readonly guarantee: string;
}

const MOST_EVIDENCE = 5;

/** An expectation in one sentence. */
export const inWords = ({ name, expected, seen }: Omit<ExpectationResult, 'id' | 'met'>): string =>
  `${name}: expected ${expected}, seen ${seen}`;

/** Collects what a check sees and turns it into a result: invalid beats unknown beats valid. */
export class Findings {
  readonly #definition: CheckDefinition;
  readonly #evidence: Evidence[] = [];
  readonly #counts: Record<string, number> = {};
  readonly #expectations: ExpectationResult[] = [];
  readonly #notes: string[] = [];
  #violations = 0;
  #reason: string | undefined;
  #applicable = true;

  constructor(definition: CheckDefinition) {
    this.#definition = definition;
  }

  count(name: string, amount = 1): void {
    this.#counts[name] = (this.#counts[name] ?? 0) + amount;
  }

  counted(name: string): number {
    return this.#counts[name] ?? 0;
  }

  /** The first handful is kept as evidence: checks walk in block order, so the first is the root of what follows. */
  violation(evidence: Evidence): void {
    this.#violations += 1;
    if (this.#evidence.length < MOST_EVIDENCE) this.#evidence.push(evidence);
  }

  /**
   * Enters what the author of the scenario expects and what was seen of it; a miss is a violation.
   *
   * @param undecided why it can neither be met nor missed, if so
   * @param evidence of a miss; the expectation in words unless told
   */
  expectation(
    judged: Omit<ExpectationResult, 'id'>,
    { undecided, evidence }: { undecided?: string | undefined; evidence?: Evidence } = {},
  ): void {
    this.#expectations.push({ id: this.#definition.id, ...judged });
    if (undecided !== undefined) {
      this.unknown(undecided);
      return;
    }
    this.count('expectations');
    if (judged.met) return;
    this.violation({ message: inWords(judged), ...evidence, expectation: judged.name });
  }

  /** Says what somebody should know although it is no violation. */
  note(text: string): void {
    this.#notes.push(text);
  }

  /** Too little was seen to say `valid`. The first reason given stands. */
  unknown(reason: string): void {
    this.#reason ??= reason;
  }

  /** The run has nothing that this check could be about. */
  notApplicable(reason: string): void {
    this.#applicable = false;
    this.#reason = reason;
  }

  /** `unknown` unless at least `least` of what was counted under `name` were seen. */
  floor(name: string, least: number): void {
    const seen = this.counted(name);
    this.count(name, 0);
    if (seen < least) this.unknown(`saw ${seen} ${name}, needs at least ${least}`);
  }

  result(): CheckResult {
    const base = {
      ...this.#definition,
      evidence: this.#evidence,
      counts: { ...this.#counts, violations: this.#violations },
      ...(this.#notes.length > 0 && { notes: this.#notes }),
      ...(this.#expectations.length > 0 && { expectations: this.#expectations }),
    };
    if (this.#violations > 0) return { ...base, verdict: 'invalid' };
    if (this.#reason === undefined) return { ...base, verdict: 'valid' };
    const unknown = { ...base, verdict: 'unknown' as const, reason: this.#reason };
    return this.#applicable ? unknown : { ...unknown, applicable: false };
  }
}
