import type { ConsenterMetadata } from '../../ordering/marks.ts';

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

/** Metadata of a key (e.g. a key-level endorsement policy) that was replaced. */
export interface MetadataWrite {
  readonly key: string;
  /** As peers store it: serialized `kvrwset.KVMetadataWrite` without its key, in latin1; empty if it was removed. */
  readonly metadata: string;
}

/** A range that the endorsers read; phantom protection compares it again at commit. */
export interface RangeRead {
  readonly startKey: string;
  readonly endKey: string;
  readonly exhausted: boolean;
  /** `null` when the endorser sent a Merkle summary in place of the reads. */
  readonly reads: readonly KeyRead[] | null;
  /** The summary; endorsers send one when a range held more than 50 keys. */
  readonly summary?: RangeSummary;
}

/** `kvrwset.QueryReadsMerkleSummary`. */
export interface RangeSummary {
  readonly maxDegree: number;
  readonly maxLevel: number;
  /** Hexadecimal. */
  readonly hashes: readonly string[];
}

/** What a transaction did to a private collection, as far as the public part of the block tells (hashes only). */
export interface CollectionReadWriteSet {
  readonly collection: string;
  /** Keys are the hexadecimal hashes of the private keys. */
  readonly reads: readonly KeyRead[];
  /** Keys and values are hashes. */
  readonly writes: readonly KeyWrite[];
  /** Keys are hashes. */
  readonly metadataWrites: readonly MetadataWrite[];
}

export interface NamespaceReadWriteSet {
  readonly namespace: string;
  readonly reads: readonly KeyRead[];
  readonly ranges: readonly RangeRead[];
  readonly writes: readonly KeyWrite[];
  /** These too give an existing key a new version. */
  readonly metadataWrites: readonly MetadataWrite[];
  readonly collections: readonly CollectionReadWriteSet[];
}

/** Somebody's signature; both parts are views on the block. */
export interface Signature {
  /** Serialized `msp.SerializedIdentity`. */
  readonly identity: Buffer;
  readonly signature: Buffer;
}

/** How far an envelope could be read: Fabric gives one that breaks off a code by the message that breaks. */
export type DecodingStage = 'envelope' | 'payload' | 'header' | 'transaction' | 'complete';

/** The bytes of an envelope that signatures and hashes are about, all views on the block. */
export interface EnvelopeParts {
  readonly stage: DecodingStage;
  /** Serialized `common.Payload`: what the creator signed. */
  readonly payload: Buffer;
  readonly signature: Buffer;
  readonly channelHeader: Buffer;
  readonly epoch: number;
  /** Serialized `msp.SerializedIdentity`. */
  readonly creator: Buffer;
  readonly nonce: Buffer;
  /** Chaincode's name in the channel header's extension; `null` where it has none. */
  readonly headerChaincode: string | null;
  /** How many actions the transaction has; Fabric wants one. */
  readonly actions: number;
  /** Signature header of the action: the proposal's. */
  readonly actionHeader: Buffer;
  /** Serialized `peer.ChaincodeProposalPayload`, without transient values. */
  readonly proposal: Buffer;
  /** Serialized `peer.ProposalResponsePayload`: what the endorsers signed, each with its identity behind. */
  readonly response: Buffer;
  readonly proposalHash: Buffer;
  /** What the chaincode returned, as text. */
  readonly result: string;
  readonly endorsements: readonly Signature[];
  /** `ChaincodeAction.chaincode_id`; `null` where it has none. */
  readonly actionChaincode: { readonly name: string; readonly version: string } | null;
  /** Serialized `peer.ChaincodeEvent`; `null` where the chaincode set none. */
  readonly event: Buffer | null;
  /** Of a CONFIG transaction: serialized `common.ConfigEnvelope`. */
  readonly config: Buffer | null;
  /** Of a CONFIG transaction: serialized `common.ConfigGroup`. */
  readonly channelGroup: Buffer | null;
  /** Of a CONFIG transaction: serialized `common.Envelope` of the update that led to it. */
  readonly lastUpdate: Buffer | null;
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
  /** Common names in the certificates of the endorsers, e.g. `peer0.org1.example.com`; empty for a config transaction. */
  readonly endorsers: readonly string[];
  /** `peer.TxValidationCode`: VALID 0, DUPLICATE_TXID 9, MVCC_READ_CONFLICT 11, PHANTOM_READ_CONFLICT 12, … */
  readonly code: number;
  readonly chaincode: string;
  /** Function and arguments as the proposal carried them (text). */
  readonly args: readonly string[];
  readonly readWriteSets: readonly NamespaceReadWriteSet[];
  /** Sequence of the channel configuration that a CONFIG transaction carries; absent for all others. */
  readonly configSequence?: number;
  /** Why the envelope could not be read to its end; absent when it could. */
  readonly malformed?: string;
  readonly parts: EnvelopeParts;
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
  /** Where the ordering service cut the block; `null` where none did, as block 0. */
  readonly consenter: ConsenterMetadata | null;
  /** Index of the last config block, from metadata. */
  readonly lastConfig: number;
}
