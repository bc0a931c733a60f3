import type { Agreement, MarkedBlock } from './agreement.ts';
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

/** What a service does now and then although its orderers agree. */
export interface Leniency {
  /** An orderer may put a block into its ledger without a mark, once: peers that pull from it have it so, too. */
  readonly unmarkedOnce: boolean;
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
  { unmarkedOnce }: Leniency = { unmarkedOnce: false },
): Agreement {
  const isOf = (metadata: ConsenterMetadata | null): metadata is MetadataOf<T> =>
    metadata?.type === type;
  return {
    definition,
    create(_channel, findings) {
      let before: MetadataOf<T> | undefined;
      const others = new Set<string>();
      const unmarked = new Set<string>();
      /** Copies to be compared: all, but for those that may go without. */
      const comparable = (copies: MarkedBlock['copies']) => {
        if (!unmarkedOnce || copies.every(({ metadata }) => metadata.consenter === null)) {
          return copies;
        }
        return copies.filter(({ source, metadata }) => {
          if (metadata.consenter !== null || unmarked.has(source)) return true;
          unmarked.add(source);
          findings.count('copies out of a snapshot');
          return false;
        });
      };
      return {
        height({ number, reference, copies }) {
          const [first, ...rest] = comparable(copies);
          const here = first?.metadata.consenter ?? null;
          const told = JSON.stringify(here);
          const isOurs = copies.some(({ metadata }) => isOf(metadata.consenter));
          for (const { source, metadata } of isOurs ? rest : []) {
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
