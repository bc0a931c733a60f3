import type { Topology } from '../topology/schema.ts';
import type { OrderingType } from '../topology/services/index.ts';
import type { Agreement } from './agreement.ts';
import type { BadLine } from './bad-line.ts';
import { bft } from './bft/bft.ts';
import type { Forgetting } from './forgetting.ts';
import { kafka } from './kafka/kafka.ts';
import type { Ordering } from './ordering.ts';
import { raft } from './raft/raft.ts';

/** Every ordering service; a new one is a folder and an entry here. */
const ORDERINGS: Readonly<Record<OrderingType, Ordering>> = { kafka, raft, bft };

/** The ordering service of a network. */
export function orderingOf({ ordering }: Pick<Topology, 'ordering'>): Ordering {
  // A network that an older harness has left says nothing of it: Kafka was all there was.
  return ORDERINGS[ordering.type ?? 'kafka'];
}

/** When the service of that type may lose what it acknowledged; `null` when it may not. */
export const forgettingOf = (type: OrderingType): Forgetting | null => ORDERINGS[type].forgetting;

/** How each service and the chains that it ordered must fit. */
export const AGREEMENTS: readonly Agreement[] = Object.values(ORDERINGS).map(
  ({ agreement }) => agreement,
);

/** Lines that are bad in whichever service's log they stand. */
export const ORDERING_BAD_LINES: readonly BadLine[] = Object.values(ORDERINGS).flatMap(
  ({ badLines }) => badLines,
);
