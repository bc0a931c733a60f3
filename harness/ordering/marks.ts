/** What a block says of the log it was cut from, in the words of the ordering service that cut it. */
export type ConsenterMetadata = KafkaOffsets | RaftPosition | BftView;

/** `orderer.KafkaMetadata` */
export interface KafkaOffsets {
  readonly type: 'kafka';
  readonly lastOffsetPersisted: number;
  readonly lastOriginalOffsetProcessed: number;
  readonly lastResubmittedConfigOffset: number;
}

/** `orderer/etcdraft.BlockMetadata` */
export interface RaftPosition {
  readonly type: 'raft';
  readonly consenters: readonly number[];
  readonly nextConsenter: number;
  /** Index of the log's entry that the block came from. */
  readonly index: number;
}

/** SmartBFT's `ViewMetadata` */
export interface BftView {
  readonly type: 'bft';
  readonly view: number;
  /** Counts the decisions of a channel, over all views. */
  readonly sequence: number;
  readonly decisionsInView: number;
  readonly blackList: readonly number[];
}
