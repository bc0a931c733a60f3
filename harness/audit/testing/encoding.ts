import { createHash } from 'node:crypto';
import protos from 'fabric-protos';
import { identity } from './identities.ts';

/** Serialization of the paper network's blocks, with fabric-protos. */

const { common, kvrwset, rwset, msp, orderer } = protos;
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
  /** Writes to `_lifecycle`; what the paper peers compute does not cover them. */
  definitions?: Map<string, string>;
}

export interface PaperTransaction {
  readonly channel: string;
  readonly id: string;
  readonly creator: string;
  readonly endorsers: readonly string[];
  readonly args: readonly string[];
  readonly simulation: Simulation;
}

const CHAINCODE = 'bank';
const signature = (of: string): Buffer =>
  Buffer.concat([createHash('sha512').update(of).digest(), Buffer.from([1, 2, 3, 4, 5, 6])]);

const finish = (writer: { finish(): Uint8Array }): Buffer => Buffer.from(writer.finish());
const version = (at: Version | null) =>
  at === null ? null : { block_num: at.block, tx_num: at.transaction };

const serializedIdentity = (name: string): Buffer =>
  finish(msp.SerializedIdentity.encode(identity(name)));

/** Serialized `rwset.TxReadWriteSet`. */
export function encodeSimulation({ reads, ranges, writes, definitions }: Simulation): Buffer {
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
      writes: [...writes].map(([key, value]) =>
        value === null ? { key, is_delete: true } : { key, value: Buffer.from(value) },
      ),
    }),
  );
  return finish(
    rwset.TxReadWriteSet.encode({
      data_model: rwset.TxReadWriteSet.DataModel.KV,
      ns_rwset: [
        { namespace: '_lifecycle', rwset: encodeDefinitions(definitions ?? new Map()) },
        { namespace: CHAINCODE, rwset: set },
      ],
    }),
  );
}

const encodeDefinitions = (definitions: ReadonlyMap<string, string>): Buffer =>
  finish(
    kvrwset.KVRWSet.encode({
      writes: [...definitions].map(([key, value]) => ({ key, value: Buffer.from(value) })),
    }),
  );

/** Serialized `common.Envelope` of an endorser transaction. */
export function encodeTransaction(transaction: PaperTransaction): Buffer {
  const { channel, id, creator, endorsers, args, simulation } = transaction;
  const spec = {
    chaincode_spec: {
      type: 1,
      chaincode_id: { name: CHAINCODE },
      input: { args: args.map((arg) => Buffer.from(arg)) },
    },
  };
  const action = finish(
    peer.ChaincodeAction.encode({
      results: encodeSimulation(simulation),
      response: { status: 200 },
      chaincode_id: { name: CHAINCODE, version: '1.0' },
    }),
  );
  const response = finish(
    peer.ProposalResponsePayload.encode({
      proposal_hash: createHash('sha256').update(id).digest(),
      extension: action,
    }),
  );
  const payload = finish(
    peer.ChaincodeActionPayload.encode({
      chaincode_proposal_payload: finish(
        peer.ChaincodeProposalPayload.encode({
          input: finish(peer.ChaincodeInvocationSpec.encode(spec)),
        }),
      ),
      action: {
        proposal_response_payload: response,
        endorsements: endorsers.map((name) => ({
          endorser: serializedIdentity(name),
          signature: signature(name + id),
        })),
      },
    }),
  );
  const header = signatureHeader(creator, id);
  return envelope(
    {
      channel_header: channelHeader(common.HeaderType.ENDORSER_TRANSACTION, channel, id),
      signature_header: header,
    },
    finish(peer.Transaction.encode({ actions: [{ header, payload }] })),
    id,
  );
}

/** Serialized `common.Envelope` of a channel configuration. */
export function encodeConfig(channel: string, sequence: number): Buffer {
  return envelope(
    {
      channel_header: channelHeader(common.HeaderType.CONFIG, channel, ''),
      signature_header: signatureHeader('orderer0', `config ${sequence}`),
    },
    finish(common.ConfigEnvelope.encode({ config: { sequence, channel_group: { version: 0 } } })),
    `config ${sequence}`,
  );
}

function channelHeader(type: number, channel: string, id: string): Buffer {
  return finish(
    common.ChannelHeader.encode({
      type,
      version: 0,
      timestamp: { seconds: 1_790_000_000, nanos: 1 },
      channel_id: channel,
      tx_id: id,
      extension: finish(
        peer.ChaincodeHeaderExtension.encode({ chaincode_id: { name: CHAINCODE } }),
      ),
    }),
  );
}

function signatureHeader(creator: string, nonce: string): Buffer {
  return finish(
    common.SignatureHeader.encode({
      creator: serializedIdentity(creator),
      nonce: createHash('sha256').update(nonce).digest().subarray(0, 24),
    }),
  );
}

function envelope(header: protos.common.IHeader, data: Buffer, id: string): Buffer {
  return finish(
    common.Envelope.encode({
      payload: finish(common.Payload.encode({ header, data })),
      signature: signature(id),
    }),
  );
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

/** SHA-256 of the DER header, put together by hand for numbers below 2^31 and hashes of 0 or 32 bytes. */
export function paperHeaderHash(number: number, previous: Uint8Array, data: Uint8Array): Buffer {
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
  return createHash('sha256')
    .update(Buffer.from([0x30, body.length, ...body]))
    .digest();
}

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
  const copies = new Map<string, Buffer>();
  for (const [position, source] of block.sources.entries()) {
    const isOrderer = source.startsWith('orderer');
    const signer = isOrderer ? source : `orderer${position % 2}`;
    const metadata = finish(
      common.Block.encode({
        metadata: {
          metadata: [
            signedMetadata(block, signer),
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

function signedMetadata({ lastConfig, kafkaOffset, number }: PaperBlock, signer: string): Buffer {
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
  return finish(
    common.Metadata.encode({
      value: finish(
        common.OrdererBlockMetadata.encode({
          last_config: { index: lastConfig },
          consenter_metadata: finish(common.Metadata.encode({ value: consenter })),
        }),
      ),
      signatures: [
        {
          signature_header: signatureHeader(signer, `${number}`),
          signature: signature(`${signer} ${number}`),
        },
      ],
    }),
  );
}
