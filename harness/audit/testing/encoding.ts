import { createHash } from 'node:crypto';
import type { FabricProtos } from '../../../fabric-client/protos.ts';
import * as protos from '../../../fabric-client/protos.ts';
import { serializedIdentity, signAs } from './identities.ts';

/** Serialization of the paper network's blocks, with fabric-protos. */

const { common, kvrwset, rwset, orderer } = protos;
const peer = protos.protos;

type Version = { readonly block: number; readonly transaction: number };

/** What endorsers computed. `null` versions are absent keys; `null` values are deletions. */
export interface Simulation {
  readonly reads: Map<string, Version | null>;
  readonly ranges: {
    readonly start: string;
    readonly end: string;
    readonly exhausted: boolean;
    readonly reads: { readonly key: string; readonly version: Version }[];
  }[];
  readonly writes: Map<string, string | null>;
  /** Writes to `_lifecycle`, in latin1; what the paper peers compute does not cover them. */
  definitions?: Map<string, string>;
  /** Endorsement policies of keys: serialized `common.SignaturePolicyEnvelope`, or `null` to remove one. */
  parameters?: Map<string, Buffer | null>;
  /** Writes to private collections: collection → key → value, or `null` for a deletion. */
  secrets?: Map<string, Map<string, string | null>>;
  /** What the chaincode answers and the event that it sets. */
  payload?: string;
  event?: { readonly name: string; readonly payload: string; readonly chaincode?: string };
  /** Writes to the namespaces of other chaincodes. */
  foreign?: Map<string, Map<string, string>>;
}

export interface PaperTransaction {
  readonly channel: string;
  /** What the creator's nonce is made of. */
  readonly seed: string;
  /** In place of the one that follows from nonce and creator. */
  readonly id?: string;
  readonly creator: string;
  readonly endorsers: readonly string[];
  readonly args: readonly string[];
  readonly simulation: Simulation;
  /** The bank's if absent. */
  readonly chaincode?: string;
  /** `1.0` if absent. */
  readonly version?: string;
  readonly bent?: Bent;
}

/** What is not as Fabric's clients write it. */
export interface Bent {
  /** `common.HeaderType`. */
  readonly type?: number;
  /** Chaincode that the header names. */
  readonly headerChaincode?: string;
  readonly epoch?: number;
  /** In place of the hash of what was asked. */
  readonly proposalHash?: Buffer;
  /** How many actions, all the same; 1 if absent. */
  readonly actions?: number;
  /** A bit of the creator's signature is another. */
  readonly flipped?: boolean;
  /** In place of the transaction itself. */
  readonly data?: Buffer;
}

const CHAINCODE = 'bank';
const finish = (writer: { finish(): Uint8Array }): Buffer => Buffer.from(writer.finish());
const version = (at: Version | null) =>
  at === null ? null : { block_num: at.block, tx_num: at.transaction };

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return digest.digest();
};

/** Serialized `rwset.TxReadWriteSet`. */
export function encodeSimulation(simulation: Simulation, chaincode = CHAINCODE): Buffer {
  const { reads, ranges, writes, definitions, parameters, secrets, foreign } = simulation;
  const set = finish(
    kvrwset.KVRWSet.encode({
      reads: [...reads].map(([key, at]) => ({ key, version: version(at) })),
      range_queries_info: ranges.map(({ start, end, exhausted, reads: list }) => ({
        start_key: start,
        end_key: end,
        itr_exhausted: exhausted,
        raw_reads: {
          kv_reads: list.map(({ key, version: at }) => ({ key, version: version(at) })),
        },
      })),
      writes: encodeWrites(writes),
      metadata_writes: [...(parameters ?? [])].map(([key, value]) => ({
        key,
        entries: value === null ? [] : [{ name: 'VALIDATION_PARAMETER', value }],
      })),
    }),
  );
  const collection_hashed_rwset = [...(secrets ?? [])].map(([collection_name, values]) => ({
    collection_name,
    hashed_rwset: finish(
      kvrwset.HashedRWSet.encode({
        hashed_writes: [...values].map(([key, value]) =>
          value === null
            ? { key_hash: sha256(Buffer.from(key)), is_delete: true }
            : { key_hash: sha256(Buffer.from(key)), value_hash: sha256(Buffer.from(value)) },
        ),
      }),
    ),
    pvt_rwset_hash: sha256(Buffer.from(collection_name)),
  }));
  const others = [...(foreign ?? [])].map(([namespace, list]) => ({
    namespace,
    rwset: finish(kvrwset.KVRWSet.encode({ writes: encodeWrites(list) })),
  }));
  return finish(
    rwset.TxReadWriteSet.encode({
      data_model: rwset.TxReadWriteSet.DataModel.KV,
      ns_rwset: [
        { namespace: '_lifecycle', rwset: encodeDefinitions(definitions ?? new Map()) },
        { namespace: chaincode, rwset: set, collection_hashed_rwset },
        ...others,
      ],
    }),
  );
}

const encodeWrites = (writes: ReadonlyMap<string, string | null>) =>
  [...writes].map(([key, value]) =>
    value === null ? { key, is_delete: true } : { key, value: Buffer.from(value) },
  );

const encodeDefinitions = (definitions: ReadonlyMap<string, string>): Buffer =>
  finish(
    kvrwset.KVRWSet.encode({
      writes: [...definitions].map(([key, value]) => ({
        key,
        value: Buffer.from(value, 'latin1'),
      })),
    }),
  );

const nonceOf = (seed: string): Buffer => sha256(Buffer.from(seed)).subarray(0, 24);

/** The id that Fabric gives a transaction: hash of nonce and creator. */
export const paperId = (seed: string, creator: string): string =>
  sha256(nonceOf(seed), serializedIdentity(creator)).toString('hex');

/** Serialized `common.Envelope` of an endorser transaction. */
export function encodeTransaction(transaction: PaperTransaction): Buffer {
  const { channel, seed, creator, endorsers, args, simulation } = transaction;
  const { chaincode = CHAINCODE, version = '1.0', bent = {} } = transaction;
  const id = transaction.id ?? paperId(seed, creator);
  const spec = {
    chaincode_spec: {
      type: 1,
      chaincode_id: { name: chaincode },
      input: { args: args.map((arg) => Buffer.from(arg)) },
    },
  };
  const action = finish(
    peer.ChaincodeAction.encode({
      results: encodeSimulation(simulation, chaincode),
      response: { status: 200, payload: Buffer.from(simulation.payload ?? '') },
      chaincode_id: { name: chaincode, version },
      ...(simulation.event && { events: encodeEvent(simulation.event, id, chaincode) }),
    }),
  );
  const header = signatureHeader(creator, seed);
  const channel_header = channelHeader(
    bent.type ?? common.HeaderType.ENDORSER_TRANSACTION,
    channel,
    id,
    bent.headerChaincode ?? chaincode,
    bent.epoch ?? 0,
  );
  const proposal = finish(
    peer.ChaincodeProposalPayload.encode({
      input: finish(peer.ChaincodeInvocationSpec.encode(spec)),
    }),
  );
  const response = finish(
    peer.ProposalResponsePayload.encode({
      proposal_hash: bent.proposalHash ?? sha256(channel_header, header, proposal),
      extension: action,
    }),
  );
  const payload = finish(
    peer.ChaincodeActionPayload.encode({
      chaincode_proposal_payload: proposal,
      action: {
        proposal_response_payload: response,
        endorsements: endorsers.map((name) => {
          const endorser = serializedIdentity(name);
          return { endorser, signature: signAs(name, response, endorser) };
        }),
      },
    }),
  );
  return envelope(
    { channel_header, signature_header: header },
    bent.data ??
      finish(
        peer.Transaction.encode({
          actions: Array.from({ length: bent.actions ?? 1 }, () => ({ header, payload })),
        }),
      ),
    creator,
    bent.flipped,
  );
}

const encodeEvent = (
  event: NonNullable<Simulation['event']>,
  tx_id: string,
  chaincode: string,
): Buffer =>
  finish(
    peer.ChaincodeEvent.encode({
      chaincode_id: event.chaincode ?? chaincode,
      tx_id,
      event_name: event.name,
      payload: Buffer.from(event.payload),
    }),
  );

/**
 * Serialized `common.Envelope` of a channel configuration.
 *
 * @param update - serialized `common.Envelope` of what led to it; empty for the first
 */
export function encodeConfig(
  channel: string,
  sequence: number,
  group: FabricProtos.common.IConfigGroup,
  update: Buffer,
): Buffer {
  const last_update = update.length > 0 ? common.Envelope.decode(update) : null;
  return envelope(
    {
      channel_header: channelHeader(common.HeaderType.CONFIG, channel, ''),
      signature_header: signatureHeader('orderer0', `config ${sequence}`),
    },
    finish(
      common.ConfigEnvelope.encode({ config: { sequence, channel_group: group }, last_update }),
    ),
    'orderer0',
  );
}

function channelHeader(
  type: number,
  channel: string,
  id: string,
  chaincode = CHAINCODE,
  epoch = 0,
): Buffer {
  return finish(
    common.ChannelHeader.encode({
      type,
      version: 0,
      timestamp: { seconds: 1_790_000_000, nanos: 1 },
      channel_id: channel,
      tx_id: id,
      epoch,
      extension: finish(
        peer.ChaincodeHeaderExtension.encode({ chaincode_id: { name: chaincode } }),
      ),
    }),
  );
}

function signatureHeader(creator: string, nonce: string): Buffer {
  return finish(
    common.SignatureHeader.encode({
      creator: serializedIdentity(creator),
      nonce: nonceOf(nonce),
    }),
  );
}

function envelope(
  header: FabricProtos.common.IHeader,
  data: Buffer,
  creator: string,
  flipped = false,
): Buffer {
  const payload = finish(common.Payload.encode({ header, data }));
  const signature = signAs(creator, payload);
  const last = signature.length - 1;
  if (flipped) signature[last] = (signature[last] as number) ^ 1;
  return finish(common.Envelope.encode({ payload, signature }));
}

export interface PaperBlock {
  readonly number: number;
  readonly previousHash: Buffer;
  readonly data: readonly Buffer[];
  readonly codes: readonly number[];
  readonly commitHash: Buffer | null;
  readonly lastConfig: number;
  /** `null` on a genesis block. */
  readonly kafkaOffset: number | null;
  readonly sources: readonly string[];
}

/** DER of the header, put together by hand for numbers below 2^31 and hashes of 0 or 32 bytes. */
function paperHeader(number: number, previous: Uint8Array, data: Uint8Array): Buffer {
  const digits: number[] = [];
  for (let rest = number; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  if (digits.length === 0 || (digits[0] ?? 0) > 127) digits.unshift(0);
  const body = [
    2,
    digits.length,
    ...digits,
    4,
    previous.length,
    ...previous,
    4,
    data.length,
    ...data,
  ];
  return Buffer.from([0x30, body.length, ...body]);
}

export const paperHeaderHash = (number: number, previous: Uint8Array, data: Uint8Array): Buffer =>
  sha256(paperHeader(number, previous, data));

/** One serialized block for each source; peers' copies have codes and commit hash, orderers' have not. */
export function encodeBlock(block: PaperBlock): {
  readonly hash: Buffer;
  readonly copies: Map<string, Buffer>;
} {
  const dataHash = createHash('sha256').update(Buffer.concat(block.data)).digest();
  const content = finish(
    common.Block.encode({
      header: { number: block.number, previous_hash: block.previousHash, data_hash: dataHash },
      data: { data: [...block.data] },
    }),
  );
  const header = paperHeader(block.number, block.previousHash, dataHash);
  const slots = new Map<string, Buffer>();
  const slotOf = (signer: string): Buffer => {
    const slot = slots.get(signer) ?? signedMetadata(block, signer, header);
    slots.set(signer, slot);
    return slot;
  };
  const copies = new Map<string, Buffer>();
  for (const [position, source] of block.sources.entries()) {
    const isOrderer = source.startsWith('orderer');
    const signer = isOrderer ? source : `orderer${position % 2}`;
    const metadata = finish(
      common.Block.encode({
        metadata: {
          metadata: [
            block.number === 0 ? Buffer.alloc(0) : slotOf(signer),
            finish(
              common.Metadata.encode({
                value: finish(common.LastConfig.encode({ index: block.lastConfig })),
              }),
            ),
            isOrderer ? Buffer.alloc(0) : Buffer.from(block.codes),
            Buffer.alloc(0),
            isOrderer || block.commitHash === null
              ? Buffer.alloc(0)
              : finish(common.Metadata.encode({ value: block.commitHash })),
          ],
        },
      }),
    );
    copies.set(source, Buffer.concat([content, metadata]));
  }
  return { hash: paperHeaderHash(block.number, block.previousHash, dataHash), copies };
}

function signedMetadata(
  { lastConfig, kafkaOffset, number }: PaperBlock,
  signer: string,
  header: Buffer,
): Buffer {
  const consenter =
    kafkaOffset === null
      ? Buffer.alloc(0)
      : finish(
          orderer.KafkaMetadata.encode({
            last_offset_persisted: kafkaOffset,
            last_original_offset_processed: 0,
            last_resubmitted_config_offset: 0,
          }),
        );
  const value = finish(
    common.OrdererBlockMetadata.encode({
      last_config: { index: lastConfig },
      consenter_metadata: finish(common.Metadata.encode({ value: consenter })),
    }),
  );
  const signature_header = signatureHeader(signer, `${number}`);
  return finish(
    common.Metadata.encode({
      value,
      signatures: [
        { signature_header, signature: signAs(signer, value, signature_header, header) },
      ],
    }),
  );
}
