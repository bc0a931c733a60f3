import type { Agreement } from './agreement.ts';
import type { ConsenterMetadata } from './marks.ts';

type MetadataOf<T extends ConsenterMetadata['type']> = Extract<
  ConsenterMetadata,
  { readonly type: T }
>;

/** A block and the one before it, as the ordering service has marked them. */
export interface Step<T extends ConsenterMetadata['type']> {
  readonly number: number;
  readonly here: MetadataOf<T>;
  /** Of the block before; absent for the first that the service cut. */
  readonly before: MetadataOf<T> | undefined;
  /** Whether the block is a configuration block. */
  readonly isConfig: boolean;
}

/**
 * An agreement that walks a chain by what its ordering service wrote into the blocks: all copies carry the same, every block
 * has it but the first, and each fits the one before.
 *
 * @param wrong what is wrong between a block and the one before it, one line each
 */
export function consenterWalk<T extends ConsenterMetadata['type']>(
  definition: Agreement['definition'],
  type: T,
  wrong: (step: Step<T>) => readonly string[],
): Agreement {
  const isOf = (metadata: ConsenterMetadata | null): metadata is MetadataOf<T> =>
    metadata?.type === type;
  return {
    definition,
    create(_channel, findings) {
      let before: MetadataOf<T> | undefined;
      const others = new Set<string>();
      return {
        height({ number, reference, copies }) {
          const [first, ...rest] = copies;
          const here = first?.metadata.consenter ?? null;
          const told = JSON.stringify(here);
          for (const { source, metadata } of rest) {
            if (JSON.stringify(metadata.consenter) === told) continue;
            findings.violation({
              block: number,
              sources: [first?.source ?? '', source],
              message: `block ${number} is marked ${told} on ${first?.source} and ${JSON.stringify(metadata.consenter)} on ${source}`,
            });
          }
          if (!isOf(here)) {
            if (here) others.add(here.type);
            if (before === undefined) return;
            findings.violation({
              block: number,
              message: `block ${number} is marked by ${here?.type ?? 'no ordering service'}, the block before by ${type}`,
            });
            return;
          }
          findings.count('blocks');
          const isConfig = reference.transactions.some((transaction) => transaction.type === 1);
          for (const message of wrong({ number, here, before, isConfig })) {
            findings.violation({ block: number, message });
          }
          before = here;
        },
        finish() {
          if (before !== undefined) findings.floor('blocks', 1);
          else if (others.size === 0) findings.unknown('no block tells who ordered it');
          else findings.notApplicable(`the channel is ordered by ${[...others].join(' and ')}`);
        },
      };
    },
  };
}
