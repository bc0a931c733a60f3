import {
  BAD_CREATOR_SIGNATURE,
  CONFIG,
  DUPLICATE_TXID,
  ENDORSEMENT_POLICY_FAILURE,
  INVALID_CHAINCODE,
  INVALID_WRITESET,
} from '../../fabric/ledger/codes.ts';
import type { Transaction } from '../../fabric/ledger/model.ts';
import type { Configuration } from '../channel/configuration.ts';
import type { Answers } from './answers.ts';
import type { Requirement } from './endorsement.ts';
import type { Signatures, Signed } from './signed.ts';
import { type DerivedCode, FAULTLESS } from './structure.ts';

/** A transaction whose signatures are being verified. */
export interface PendingTransaction {
  readonly transaction: Pick<Transaction, 'id' | 'index' | 'code' | 'type'>;
  readonly headers: DerivedCode | undefined;
  readonly creator: Signed | undefined;
  /** What is wrong once the creator is right. */
  readonly content: DerivedCode | undefined;
  readonly requirements: readonly Requirement[];
  readonly endorsements: readonly Signed[];
  readonly writes: string | undefined;
  conflict: number | null;
}

/** The codes of one block's transactions, derived in their order. */
export class CodesOfBlock {
  readonly #signatures: Signatures;
  readonly #answers: Answers;
  readonly #configuration: Configuration;
  /** Namespaces whose policies each transaction satisfied, by its index. */
  readonly #passed = new Map<number, ReadonlySet<string>>();
  readonly #ids = new Set<string>();

  constructor(signatures: Signatures, answers: Answers, configuration: Configuration) {
    this.#signatures = signatures;
    this.#answers = answers;
    this.#configuration = configuration;
  }

  /** The code that a peer must have given; a string says why it is not known. */
  derive(pending: PendingTransaction): DerivedCode | string {
    const { limit } = this.#configuration;
    const { transaction, headers, creator, content } = pending;
    if (headers) return headers;
    if (limit !== null) return limit;
    if (creator && (creator.signer?.fault !== null || !this.#signatures.isRight(creator))) {
      return {
        code: BAD_CREATOR_SIGNATURE,
        why: `of its creator: ${this.#signatures.inWords(creator)}`,
      };
    }
    if (content) return content;
    if (transaction.type === CONFIG) return FAULTLESS;
    const endorsed = this.#endorsed(pending);
    if (endorsed !== undefined) return endorsed;
    if (this.#ids.has(transaction.id)) {
      return { code: DUPLICATE_TXID, why: 'its id is twice in the block' };
    }
    this.#ids.add(transaction.id);
    if (pending.writes !== undefined) return { code: INVALID_WRITESET, why: pending.writes };
    return { code: pending.conflict, why: 'its endorsements suffice, and so its reads decide' };
  }

  /** Judges all namespaces that a transaction writes to; `undefined` if every policy is satisfied. */
  #endorsed({
    transaction,
    requirements,
    endorsements,
  }: PendingTransaction): DerivedCode | string | undefined {
    const signers = this.#signatures.signers(endorsements);
    const fine = new Set<string>();
    this.#passed.set(transaction.index, fine);
    let found: DerivedCode | string | undefined;
    for (const requirement of requirements) {
      const { namespace, limit } = requirement;
      if (limit !== null) return limit;
      if (requirement.unknownChaincode) {
        found ??= { code: INVALID_CHAINCODE, why: `the channel has no chaincode ${namespace}` };
        continue;
      }
      const changed = requirement.dependsOn.some((index) =>
        this.#passed.get(index)?.has(namespace),
      );
      const satisfied =
        !changed &&
        requirement.policies.every((policy) => this.#answers.satisfied(policy, signers));
      if (satisfied) fine.add(namespace);
      else {
        const who = endorsements.map((signed) => this.#signatures.inWords(signed)).join('; ');
        found ??= {
          code: ENDORSEMENT_POLICY_FAILURE,
          why: changed
            ? `an earlier transaction of the block changes the policy of a key in ${namespace}`
            : `its endorsements do not satisfy the policy of ${namespace}: ${who || 'there are none'}`,
        };
      }
    }
    return found;
  }
}
