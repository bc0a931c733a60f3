/** Kafka's own word, asked after quiescence. Topics are named after channels; all have one partition. */
export interface KafkaFacts {
  readonly type: 'kafka';
  readonly topics: Readonly<Record<string, KafkaTopicFacts>>;
}

export interface KafkaTopicFacts {
  /** Offset that the next record will get (the high watermark). */
  readonly endOffset: number;
  readonly replicas: readonly number[];
  readonly inSync: readonly number[];
}
