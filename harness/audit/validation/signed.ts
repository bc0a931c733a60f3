import { type Configuration, isStranger } from '../channel/configuration.ts';
import type { Identity } from '../identity/msp.ts';
import { SignatureVerifier, type Ticket } from '../signatures/verifier.ts';
import type { SignedData } from './block-signatures.ts';

/** A signature by somebody, on its way through the verifier; without a ticket it can never be right. */
export interface Signed {
  readonly signer: Identity | undefined;
  readonly ticket: Ticket | undefined;
  /** Why it cannot be right. */
  readonly problem: string | undefined;
}

/** Signatures, verified beside the walk: whether one is right is known once it is settled. */
export class Signatures implements Disposable {
  readonly #verifier = new SignatureVerifier();

  /** How many there were so far; all before the one of that number are settled. */
  get count(): Ticket {
    return this.#verifier.count;
  }

  get settled(): Ticket {
    return this.#verifier.settled;
  }

  /** Waits for all. */
  settle(): void {
    this.#verifier.settle();
  }

  [Symbol.dispose](): void {
    this.#verifier[Symbol.dispose]();
  }

  /** Has a signature verified as of a configuration. */
  add({ identity, content, signature }: SignedData, configuration: Configuration): Signed {
    const who = configuration.identify(identity);
    if (isStranger(who)) return { signer: undefined, ticket: undefined, problem: who.problem };
    const ticket = this.#verifier.add(who.certificate.key, content, signature);
    return { signer: who, ticket, problem: undefined };
  }

  /** @param signed that is settled */
  isRight({ ticket }: Signed): boolean {
    return ticket !== undefined && this.#verifier.isRight(ticket);
  }

  /** Signers whose signatures are right, each once. */
  signers(signatures: readonly Signed[]): Identity[] {
    const found = new Map<string, Identity>();
    for (const signed of signatures) {
      if (signed.signer && !found.has(signed.signer.id) && this.isRight(signed)) {
        found.set(signed.signer.id, signed.signer);
      }
    }
    return [...found.values()];
  }

  /** Who signed, and how. */
  inWords(signed: Signed): string {
    const { signer, problem } = signed;
    if (!signer) return problem ?? 'nobody';
    const name = `${signer.certificate.commonName || 'somebody'} of ${signer.msp.name}`;
    if (!this.isRight(signed)) return `the signature of ${name} is wrong`;
    return signer.fault === null ? `${name} signed` : `${name} signed, and ${signer.fault}`;
  }
}
