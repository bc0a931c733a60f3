import {
  CONFIG,
  codeName,
  DUPLICATE_TXID,
  ENDORSER_TRANSACTION,
  NOT_VALIDATED,
  VALID,
} from '../../fabric/ledger/codes.ts';
import type { Transaction } from '../../fabric/ledger/model.ts';
import { Configuration } from '../channel/configuration.ts';
import { EndorsementPolicies, LIFECYCLE } from '../channel/definitions.ts';
import { type CheckDefinition, Findings } from '../findings.ts';
import type { Height } from '../lockstep.ts';
import type { ChannelFacts } from '../recording.ts';
import type { AppliedBlock, Replay } from '../replay.ts';
import type { Ticket } from '../signatures/verifier.ts';
import type { TransactionIndex } from '../transaction-index.ts';
import { Answers } from './answers.ts';
import { decodeOrdererMetadata, signedByOrderers } from './block-signatures.ts';
import { CodesOfBlock, type PendingTransaction } from './codes-of-block.ts';
import { MetadataWriters, requirementsOf } from './endorsement.ts';
import { Signatures, type Signed } from './signed.ts';
import {
  type DerivedCode,
  faultOfContent,
  faultOfHeaders,
  faultOfResult,
  faultOfWrites,
} from './structure.ts';
import { examineUpdate, faultOfUpdate, type PendingUpdate } from './update.ts';

export const SIGNATURES: CheckDefinition = {
  id: 'F26',
  name: 'signatures verify',
  guarantee:
    "Every copy of every block is signed by orderers as the channel's BlockValidation policy wants it, every VALID transaction by its creator and by all who endorsed it, and every configuration by those whose leave it needed, all members at that height.",
};

export const CODES: CheckDefinition = {
  id: 'F27',
  name: 'validation codes derived',
  guarantee:
    'The validation code of every transaction is the one that follows from its bytes, from signatures, endorsement policies and identities as of its block, and from the state before it.',
};

interface PendingCopies {
  readonly sources: readonly string[];
  readonly signatures: readonly Signed[];
}

/** A block whose signatures are being verified. */
interface PendingBlock {
  readonly number: number;
  readonly configuration: Configuration;
  readonly judged: boolean;
  readonly copies: PendingCopies[];
  readonly transactions: PendingTransaction[];
  readonly update: PendingUpdate | undefined;
  /** All signatures before this one belong to this block or to earlier ones. */
  readonly end: Ticket;
}

const NO_CONFIGURATION = 'no configuration of the channel was recorded before it';

/**
 * A peer's validation, done again: who signed, whether that satisfies the policies in force, and which code follows.
 * Signatures are verified beside the walk, so a block's verdict comes some blocks later; everything that depends on the
 * state or on the configuration is looked up when the block passes.
 */
export class Validation implements Disposable {
  readonly #channel: string;
  readonly #facts: ChannelFacts;
  readonly #replay: Replay;
  readonly #index: TransactionIndex;
  readonly #signed = new Signatures();
  readonly #policies: EndorsementPolicies;
  readonly #answers = new Answers();
  readonly #signatures = new Findings(SIGNATURES);
  readonly #codes = new Findings(CODES);
  readonly #limits = new Map<string, number>();
  readonly #pending: PendingBlock[] = [];
  #configuration: Configuration | undefined;
  #settled = false;

  constructor(channel: string, facts: ChannelFacts, replay: Replay, index: TransactionIndex) {
    this.#channel = channel;
    this.#facts = facts;
    this.#replay = replay;
    this.#index = index;
    this.#policies = new EndorsementPolicies(replay);
  }

  /** Takes a block in, before the replay applies it. */
  examine({ number, reference, copies }: Height): void {
    const judged = copies.some(({ source }) => this.#facts.peers.includes(source));
    const config = reference.transactions.find(({ type }) => type === CONFIG);
    const before = this.#configuration;
    if (number === 0) {
      this.#configure(config, undefined);
      if (this.#configuration === undefined) this.#signatures.unknown(NO_CONFIGURATION);
      return;
    }
    if (!before) {
      this.#limit(NO_CONFIGURATION, reference.transactions.length);
      this.#signatures.unknown(NO_CONFIGURATION);
      return;
    }
    const writers = new MetadataWriters();
    const transactions = reference.transactions.map((transaction) => {
      const pending = this.#examine(transaction, number, before, writers);
      writers.add(transaction);
      return pending;
    });
    const block = {
      number,
      configuration: before,
      judged,
      copies: this.#copies(copies, before),
      transactions,
      update: config ? this.#configure(config, before) : undefined,
    };
    this.#pending.push({ ...block, end: this.#signed.count });
  }

  /** Takes in what the replay made of the block that was examined last. */
  applied({ transactions, batch }: AppliedBlock): void {
    const block = this.#pending.at(-1);
    if (block?.number === batch.number) {
      for (const [index, { conflict }] of transactions.entries()) {
        const pending = block.transactions[index];
        if (pending) pending.conflict = conflict;
      }
    }
    const definitions = batch.namespaces.has(LIFECYCLE) || batch.collections.has(LIFECYCLE);
    if (this.#configuration && definitions) this.#policies.reset(this.#configuration);
    this.#judgeSettled();
  }

  /** Verdicts on signatures and on codes, once all blocks have been given. */
  finish(): { readonly signatures: Findings; readonly codes: Findings } {
    if (!this.#settled) {
      this.#settled = true;
      this.#signed.settle();
      this.#judgeSettled();
      this.#signatures.count('signatures', this.#signed.count);
      this.#codes.count('policies', this.#answers.asked);
      for (const [reason, count] of this.#limits) {
        this.#codes.count('codes not derived', count);
        this.#codes.unknown(`${count} codes were not derived: ${reason}`);
      }
      this.#signatures.floor('signatures', 1);
      this.#codes.floor('codes derived', 1);
    }
    return { signatures: this.#signatures, codes: this.#codes };
  }

  [Symbol.dispose](): void {
    this.#signed[Symbol.dispose]();
  }

  #judgeSettled(): void {
    while (this.#pending[0] && this.#pending[0].end <= this.#signed.settled) {
      const block = this.#pending.shift() as PendingBlock;
      this.#judgeCopies(block);
      this.#judgeUpdate(block);
      if (block.judged) this.#judgeTransactions(block);
    }
  }

  /** Puts a configuration into force, and says what its update needs. */
  #configure(
    config: Transaction | undefined,
    before: Configuration | undefined,
  ): PendingUpdate | undefined {
    const group = config?.parts.channelGroup;
    if (!config || !group) return undefined;
    let after: Configuration;
    try {
      after = new Configuration(Buffer.from(group), config.configSequence ?? 0, before);
    } catch (error) {
      return { leave: `it cannot be read: ${(error as Error).message}`, signatures: [] };
    }
    this.#configuration = after;
    this.#policies.reset(after);
    return before && examineUpdate(config, before, after, this.#channel, this.#signed);
  }

  /** Copies by what they say in slot 0: equal bytes are verified once. */
  #copies(copies: Height['copies'], configuration: Configuration): PendingCopies[] {
    const groups: { slot: Buffer; block: Height['reference']; sources: string[] }[] = [];
    for (const { source, block, slots } of copies) {
      const slot = slots[0] ?? Buffer.alloc(0);
      const group = groups.find(
        (other) => other.slot.equals(slot) && other.block.hash === block.hash,
      );
      if (group) group.sources.push(source);
      else groups.push({ slot, block, sources: [source] });
    }
    return groups.map(({ slot, block, sources }) => {
      try {
        const metadata = decodeOrdererMetadata(slot);
        const signed = signedByOrderers(metadata, block, configuration);
        return { sources, signatures: signed.map((one) => this.#signed.add(one, configuration)) };
      } catch {
        return { sources, signatures: [] };
      }
    });
  }

  #examine(
    transaction: Transaction,
    block: number,
    configuration: Configuration,
    writers: MetadataWriters,
  ): PendingTransaction {
    const { id, index, code, type, parts } = transaction;
    const headers = faultOfHeaders(transaction);
    const creator = headers
      ? undefined
      : this.#signed.add(
          { identity: parts.creator, content: [parts.payload], signature: parts.signature },
          configuration,
        );
    let content = headers ?? faultOfContent(transaction);
    const isEndorsed = content === undefined && type === ENDORSER_TRANSACTION;
    if (isEndorsed && this.#isRepeated(id, block)) {
      content = { code: DUPLICATE_TXID, why: 'its id is in an earlier block' };
    }
    if (isEndorsed) content ??= faultOfResult(transaction);
    const isJudged = isEndorsed && content === undefined;
    return {
      transaction: { id, index, code, type },
      headers,
      creator,
      content,
      requirements: isJudged
        ? requirementsOf(transaction, this.#policies, this.#replay, writers)
        : [],
      endorsements: parts.endorsements.map(({ identity, signature }) =>
        this.#signed.add(
          { identity, content: [parts.response, identity], signature },
          configuration,
        ),
      ),
      writes: isJudged ? faultOfWrites(transaction) : undefined,
      conflict: null,
    };
  }

  #isRepeated(id: string, block: number): boolean {
    const [first] = this.#index.places(id);
    return first !== undefined && first.block < block;
  }

  #judgeCopies({ number, copies, configuration }: PendingBlock): void {
    const policy = configuration.policy('/Channel/Orderer/BlockValidation');
    for (const { sources, signatures } of copies) {
      this.#signatures.count('copies of blocks', sources.length);
      const right = this.#signed.signers(signatures);
      if (policy && this.#answers.satisfied(policy, right)) continue;
      const wrong = signatures.map((signed) => this.#signed.inWords(signed)).join('; ');
      this.#signatures.violation({
        block: number,
        sources,
        message: `block ${number} on ${sources.join(', ')} is not signed as BlockValidation wants it: ${wrong || 'there is no signature'}`,
      });
    }
  }

  #judgeUpdate({ number, update, configuration }: PendingBlock): void {
    if (!update) return;
    this.#signatures.count('configurations');
    const wrong = faultOfUpdate(update, configuration, this.#signed, this.#answers);
    if (wrong === undefined) return;
    this.#signatures.violation({
      block: number,
      message: `the configuration of block ${number}: ${wrong}`,
    });
  }

  #judgeTransactions({ number, transactions, configuration }: PendingBlock): void {
    const codes = new CodesOfBlock(this.#signed, this.#answers, configuration);
    for (const pending of transactions) {
      this.#judgeSignatures(pending, number);
      this.#compare(pending, codes.derive(pending), number);
    }
  }

  /** Whoever signs for a VALID transaction is a member and signs rightly, even where others would have been enough. */
  #judgeSignatures(
    { transaction, creator, endorsements }: PendingTransaction,
    block: number,
  ): void {
    if (transaction.code !== VALID) return;
    for (const [what, signed] of [
      ['creator', creator] as const,
      ...endorsements.map((endorsement) => ['endorser', endorsement] as const),
    ]) {
      if (!signed || (signed.signer?.fault === null && this.#signed.isRight(signed))) continue;
      this.#signatures.violation({
        block,
        transactionId: transaction.id,
        message: `${what} of VALID transaction ${transaction.index} of block ${block}: ${this.#signed.inWords(signed)}`,
      });
    }
  }

  #compare({ transaction }: PendingTransaction, found: DerivedCode | string, block: number): void {
    const { code, id, index } = transaction;
    if (typeof found === 'string') {
      this.#limit(found, 1);
      return;
    }
    if (found.code === null) {
      if (code === VALID) this.#wrong(block, index, id, `is VALID, but ${found.why}`);
      else this.#limit(found.why, 1);
      return;
    }
    this.#codes.count('codes derived');
    if (code === found.code || code === NOT_VALIDATED) return;
    this.#wrong(
      block,
      index,
      id,
      `is ${codeName(code)}, but ${codeName(found.code)} follows: ${found.why}`,
    );
  }

  #wrong(block: number, index: number, transactionId: string, what: string): void {
    this.#codes.violation({
      block,
      transactionId,
      message: `transaction ${index} of block ${block} ${what}`,
    });
  }

  #limit(reason: string, count: number): void {
    this.#limits.set(reason, (this.#limits.get(reason) ?? 0) + count);
  }
}
