import type { Identity } from '../identity/msp.ts';
import type { Policy } from '../policy/policy.ts';

/**
 * Policies and what they said of the same signers before: a network has few policies and few groups of signers, and each
 * asks for the chains of certificates.
 */
export class Answers {
  readonly #known = new Map<number, Map<string, boolean>>();
  /** Questions that were answered. */
  asked = 0;

  satisfied(policy: Policy, signers: readonly Identity[]): boolean {
    this.asked += 1;
    let known = this.#known.get(policy.id);
    if (!known) {
      known = new Map();
      this.#known.set(policy.id, known);
    }
    let key = '';
    for (const { id } of signers) key += `${id} `;
    let answer = known.get(key);
    if (answer === undefined) {
      answer = policy.isSatisfiedBy(signers);
      known.set(key, answer);
    }
    return answer;
  }
}
