import type { Topology } from '../topology/schema.ts';
import type { BadLine } from './bad-line.ts';
import { kafka } from './kafka/kafka.ts';
import type { Ordering } from './ordering.ts';

/** Every ordering service; a new one is a folder, an entry here, and its check among the audit's. */
const ORDERINGS: Readonly<Record<'kafka', Ordering>> = { kafka };

/** The ordering service of a network. */
export function orderingOf(_topology: Topology): Ordering {
  return ORDERINGS.kafka;
}

/** Lines that are bad in whichever service's log they stand. */
export const ORDERING_BAD_LINES: readonly BadLine[] = Object.values(ORDERINGS).flatMap(
  ({ badLines }) => badLines,
);
