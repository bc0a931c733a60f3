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
  /** The oldest offset that is still in the topic; 0 unless records were removed. Absent in older recordings. */
  readonly firstOffset?: number;
  /** What the topology wants. */
  readonly wanted?: { readonly replicas: number; readonly minInSync: number };
  /** What the topic has, as its brokers say; absent where they did not. */
  readonly settings?: TopicSettings;
}

export interface TopicSettings {
  readonly minInSync: number;
  /** Whether a replica that lags may become leader: what others have is lost then. */
  readonly uncleanElection: boolean;
}
