import { createHash } from 'node:crypto';

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

/** A record of a channel's topic: what clients sent, and what orderers say to each other. */
export type KafkaRecord =
  /** An orderer began to listen. */
  | { readonly offset: number; readonly kind: 'connect' }
  /** The time for this block is over, by one orderer's clock; the first such record cuts it. */
  | { readonly offset: number; readonly kind: 'time to cut'; readonly block: number }
  | {
      readonly offset: number;
      readonly kind: 'message' | 'configuration';
      /** See {@link envelopeMark}. */
      readonly mark: string;
      /** Of the configuration by which the orderer that took it has checked it. */
      readonly configSequence: number;
      /** Offset at which it was first, if it was checked and put in order anew. */
      readonly original?: number;
    }
  | { readonly offset: number; readonly kind: 'unreadable' };

const MARK_BYTES = 16;

/**
 * By which an envelope in the topic is known again in a block: the end of its signature, which stands for all of it, or
 * where there is none the hash of what would have been signed.
 */
export function envelopeMark({
  payload,
  signature,
}: {
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}): string {
  const bytes =
    signature.length > 0 ? Buffer.from(signature) : createHash('sha256').update(payload).digest();
  return bytes.subarray(-MARK_BYTES).toString('hex');
}
