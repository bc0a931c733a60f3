import type { OrderingFacts, OrderingRecord } from './facts.ts';
import type { ConsenterMetadata } from './marks.ts';

/** A transaction, as far as an ordering service knows it. */
export interface OrderedTransaction {
  readonly id: string;
  readonly index: number;
  /** `common.HeaderType` */
  readonly type: number;
  /** Of a configuration. */
  readonly configSequence?: number;
  readonly parts: { readonly payload: Uint8Array; readonly signature: Uint8Array };
}

/** All copies of a block, as far as an ordering service has marked them. */
export interface MarkedBlock {
  readonly number: number;
  readonly copies: readonly {
    readonly source: string;
    readonly metadata: { readonly consenter: ConsenterMetadata | null };
  }[];
  /** The copy that the chain is judged by. */
  readonly reference: { readonly transactions: readonly OrderedTransaction[] };
}

/** Where it is entered how a chain and its ordering service fit; the audit's findings are one. */
export interface Finds {
  count(name: string, amount?: number): void;
  counted(name: string): number;
  violation(evidence: {
    readonly block?: number;
    readonly sources?: readonly string[];
    readonly transactionId?: string;
    readonly message: string;
  }): void;
  /** Too little was seen to judge. */
  unknown(reason: string): void;
  /** The channel is not the service's. */
  notApplicable(reason: string): void;
  /** `unknown` unless at least `least` of what was counted were seen. */
  floor(name: string, least: number): void;
}

/** How an ordering service's own word and the chain that it ordered must fit. The audit makes a check of it. */
export interface Agreement {
  readonly definition: { readonly id: string; readonly name: string; readonly guarantee: string };
  /** Says nothing without what was recorded of the service. */
  readonly recorded?: true;
  /** @param ordering what was recorded of the service, and its log of the channel, if anything was */
  create(
    channel: {
      readonly channel: string;
      readonly ordering: OrderingFacts | null;
      readonly log: Iterable<OrderingRecord> | null;
    },
    findings: Finds,
  ): {
    /** Told every block of the channel, in order. */
    height(block: MarkedBlock): void;
    finish(): void;
  };
}
