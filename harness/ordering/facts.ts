import type { KafkaFacts, KafkaRecord } from './kafka/model.ts';

/** What is recorded of an ordering service after quiescence: its own word on a channel, where it has any. */
export type OrderingFacts = (KafkaFacts | AgreementFacts) & {
  /** Records of its log that were saved; absent where it has none, and of recordings of before they were. */
  readonly logged?: number;
};

/** A line of an ordering service's own log. */
export type OrderingRecord = KafkaRecord;

/** What was recorded of several channels as one. */
export function mergeFacts([first, ...others]: readonly OrderingFacts[]):
  | OrderingFacts
  | undefined {
  if (first?.type !== 'kafka') return first;
  const topics = [first, ...others].map((one) => (one.type === 'kafka' ? one.topics : {}));
  return { ...first, topics: Object.assign({}, ...topics) };
}

/** Of orderers that agree among themselves: when they may forget what they acknowledged. */
export interface AgreementFacts {
  readonly type: 'raft' | 'bft';
  /** Milliseconds since the epoch when the run started, by which times in logs are told on the run's clock. */
  readonly startedAt: number;
  /** Milliseconds after an acknowledgement in which a line as in {@link Forgetting} explains that it is missing. */
  readonly forgetsWithinMs: number;
}
