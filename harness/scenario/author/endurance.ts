import { ORDERING_TYPES, type OrderingType } from '../../topology/services/index.ts';
import type { ExpectByOrdering } from './definition.ts';

/**
 * What an ordering service owes its users under a fault: `goes on`, most transfers are answered all the while; `may
 * stop`, and comes back by itself; `must stop`, because whoever is left could not know what the others decide.
 */
export type Owed = 'goes on' | 'may stop' | 'must stop';

/**
 * Service × fault. A crash or a freeze of an orderer by its name meets, where orderers agree among themselves, the leader
 * as well: BFT's first one, and one of three for Raft, whose clients were told SUCCESS and wait for nothing.
 */
export const ENDURANCE = {
  'an orderer crashes': { kafka: 'goes on', raft: 'may stop', bft: 'may stop' },
  'an orderer freezes': { kafka: 'may stop', raft: 'may stop', bft: 'may stop' },
  'the leader crashes': { kafka: 'may stop', raft: 'may stop', bft: 'may stop' },
  'the leader is cut off': { kafka: 'may stop', raft: 'may stop', bft: 'may stop' },
  'a follower is cut off': { kafka: 'may stop', raft: 'may stop', bft: 'may stop' },
  'a follower crashes': { kafka: 'goes on', raft: 'may stop', bft: 'goes on' },
  'too few are left': { kafka: 'must stop', raft: 'must stop', bft: 'must stop' },
  'the certificate of an orderer expires': { kafka: 'may stop', raft: 'may stop', bft: 'may stop' },
  'the clock of an orderer is wrong': { kafka: 'goes on', raft: 'goes on', bft: 'goes on' },
  'a machine is lost': { kafka: 'may stop', raft: 'may stop', bft: 'may stop' },
  'a peer crashes': { kafka: 'goes on', raft: 'goes on', bft: 'goes on' },
} as const satisfies Record<string, Record<OrderingType, Owed>>;

const SHARES = {
  'goes on': { ok: { before: 0.95, during: 0.8, after: 0.8 } },
  'may stop': { ok: { before: 0.95, after: 0.8 } },
  'must stop': { ok: { before: 0.95 }, mostOkDuring: 0 },
} as const satisfies Record<Owed, ExpectByOrdering>;

/**
 * What a scenario with this fault expects of each ordering service.
 *
 * @param more what else it expects of all, or of one
 */
export function endures(
  fault: keyof typeof ENDURANCE,
  { on = {}, ...more }: ExpectByOrdering = {},
): ExpectByOrdering {
  const of = (type: OrderingType) => ({ ...SHARES[ENDURANCE[fault][type]], ...on[type] });
  return { ...more, on: Object.fromEntries(ORDERING_TYPES.map((type) => [type, of(type)])) };
}
