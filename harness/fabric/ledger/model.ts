/**
 * Blocks as the audit sees them: decoded once, plain values, no protobuf classes.
 * Sources: fabric-protos `common/common.proto`, `peer/transaction.proto`, `ledger/rwset/kvrwset/kv_rwset.proto`.
 */

/** Where a key's value was last written: block number and index of the transaction in it. */
export interface Version {
  readonly block: number;
  readonly transaction: number;
}

export interface KeyRead {
  readonly key: string;
  /** `null`: the key did not exist when it was read. */
  readonly version: Version | null;
}

export interface KeyWrite {
  readonly key: string;
  readonly isDelete: boolean;
  readonly value: Uint8Array;
}

/** A range that the endorsers read; phantom protection compares it again at commit. */
export interface RangeRead {
  readonly startKey: string;
  readonly endKey: string;
  readonly exhausted: boolean;
  /** `null` when the endorser sent a Merkle summary in place of the reads. */
  readonly reads: readonly KeyRead[] | null;
}

export interface NamespaceReadWriteSet {
  readonly namespace: string;
  readonly reads: readonly KeyRead[];
  readonly ranges: readonly RangeRead[];
  readonly writes: readonly KeyWrite[];
}

export interface Transaction {
  /** Position in its block, from 0. */
  readonly index: number;
  readonly id: string;
  /** `common.HeaderType`: ENDORSER_TRANSACTION 3, CONFIG 1, CONFIG_UPDATE 2, … */
  readonly type: number;
  readonly channel: string;
  /** MSP id of the creator. */
  readonly creator: string;
  /** `peer.TxValidationCode`: VALID 0, DUPLICATE_TXID 9, MVCC_READ_CONFLICT 11, PHANTOM_READ_CONFLICT 12, … */
  readonly code: number;
  readonly chaincode: string;
  /** Function and arguments as the proposal carried them (text). */
  readonly args: readonly string[];
  readonly readWriteSets: readonly NamespaceReadWriteSet[];
}

/** What a Kafka-ordered block says of the log it was cut from (`orderer.KafkaMetadata`). */
export interface KafkaOffsets {
  readonly lastOffsetPersisted: number;
  readonly lastOriginalOffsetProcessed: number;
  readonly lastResubmittedConfigOffset: number;
}

export interface BlockHeader {
  readonly number: number;
  /** Hexadecimal. */
  readonly previousHash: string;
  readonly dataHash: string;
  /** SHA-256 of the ASN.1 header (`protoutil.BlockHeaderHash`). */
  readonly hash: string;
}

export interface Block extends BlockHeader {
  /** SHA-256 over the concatenated data, recomputed; must equal `dataHash`. */
  readonly computedDataHash: string;
  readonly transactions: readonly Transaction[];
  /** Hexadecimal of metadata slot 2; empty on an orderer. */
  readonly codes: string;
  /** Hexadecimal of metadata slot 4; `null` on an orderer or where absent. */
  readonly commitHash: string | null;
  readonly kafka: KafkaOffsets | null;
  /** Index of the last config block, from metadata. */
  readonly lastConfig: number;
}
