import type { KafkaFacts } from './kafka/model.ts';

/** An ordering service's own word on a channel, asked after quiescence. */
export type OrderingFacts = KafkaFacts;
