import { status as grpcStatus } from '@grpc/grpc-js';
import { callFailed, type Transport } from './connections.ts';
import { plainHeader, signedEnvelope } from './proposal.ts';
import { common, orderer, protos, toNumber } from './protos.ts';
import type { Signer } from './signer.ts';
import type { Endpoint } from './types.ts';

/** What kind of node delivers, and whether it sends whole blocks or their outcome only. */
export type DeliverKind = 'peer' | 'peer-filtered' | 'orderer';

const PATHS: Readonly<Record<DeliverKind, string>> = {
  peer: '/protos.Deliver/Deliver',
  'peer-filtered': '/protos.Deliver/DeliverFiltered',
  orderer: '/orderer.AtomicBroadcast/Deliver',
};

/** A block number, the newest block, or for a stop: never. */
export type Position = number | 'newest' | 'never';

export interface Seek {
  readonly kind: DeliverKind;
  readonly channel: string;
  readonly start: Exclude<Position, 'never'>;
  readonly stop: Position;
  /** `fail`: answer NOT_FOUND instead of waiting for a block that does not exist yet. */
  readonly whenMissing?: 'wait' | 'fail';
  /**
   * `best-effort` reads an orderer's chain even while its consenter reports an error (no Kafka); `strict` makes the
   * orderer answer SERVICE_UNAVAILABLE then, which is how its readiness is asked.
   */
  readonly errors?: 'best-effort' | 'strict';
}

export type Delivered =
  | { readonly type: 'block'; readonly bytes: Buffer }
  /** Name in `common.Status`; always the last message. */
  | { readonly type: 'status'; readonly status: string };

/** Serialized, signed `DELIVER_SEEK_INFO` envelope. */
export function seekEnvelope(seek: Seek, signer: Signer): Uint8Array {
  const info = orderer.SeekInfo.encode({
    start: position(seek.start),
    stop: position(seek.stop),
    behavior:
      seek.whenMissing === 'fail'
        ? orderer.SeekInfo.SeekBehavior.FAIL_IF_NOT_READY
        : orderer.SeekInfo.SeekBehavior.BLOCK_UNTIL_READY,
    error_response:
      seek.errors === 'strict'
        ? orderer.SeekInfo.SeekErrorResponse.STRICT
        : orderer.SeekInfo.SeekErrorResponse.BEST_EFFORT,
  }).finish();
  const header = plainHeader(common.HeaderType.DELIVER_SEEK_INFO, seek.channel, signer);
  return signedEnvelope(header, info, signer);
}

function position(at: Position) {
  if (at === 'newest') return { newest: {} };
  return { specified: { number: at === 'never' ? Number.MAX_SAFE_INTEGER : at } };
}

export interface DeliverSession {
  /** The next message. @throws RpcError when the stream broke */
  next(): Promise<Delivered>;
  /** Ends the stream; safe to call at any time, also twice. A pending `next` fails. */
  cancel(): void;
  /** Ends the stream and drops the connection under it, because it proved dead. */
  drop(): void;
}

/**
 * Opens a Deliver stream and sends one seek on it. Back pressure is gRPC's: nothing is read ahead of `next`.
 * @throws RpcError when no connection could be opened
 */
export async function openDeliver(
  connections: Transport,
  endpoint: Endpoint,
  signer: Signer,
  seek: Seek,
  connectTimeoutMs?: number,
): Promise<DeliverSession> {
  const path = PATHS[seek.kind];
  const { stream, discard } = await connections.stream(endpoint, path, connectTimeoutMs);
  // Cancelling makes grpc-js emit an error after the iterator stopped listening.
  stream.on('error', () => undefined);
  const messages = stream[Symbol.asyncIterator]();
  stream.write(seekEnvelope(seek, signer));
  return {
    async next() {
      const failed = (error: unknown, code: number) => callFailed(endpoint, path, error, code, 0);
      let item: IteratorResult<Buffer>;
      try {
        item = (await messages.next()) as IteratorResult<Buffer>;
      } catch (error) {
        throw failed(error, (error as { code?: number }).code ?? grpcStatus.UNKNOWN);
      }
      if (item.done === true) throw failed('stream ended', grpcStatus.UNAVAILABLE);
      return parseDelivered(item.value);
    },
    cancel: () => stream.cancel(),
    drop() {
      stream.cancel();
      discard();
    },
  };
}

/**
 * Splits a `DeliverResponse` without decoding the block in it: field 1 is a status, field 2 a block, field 3 a
 * filtered block, the same numbers on peers (`peer/events.proto`) and orderers (`orderer/ab.proto`).
 */
export function parseDelivered(bytes: Buffer): Delivered {
  const tag = bytes[0] ?? 0;
  if (tag >> 3 === 1) {
    const { value } = varint(bytes, 1);
    return { type: 'status', status: common.Status[value] ?? `${value}` };
  }
  const { value: length, next } = varint(bytes, 1);
  return { type: 'block', bytes: bytes.subarray(next, next + length) };
}

/**
 * Number of a serialized `common.Block`: field 1 is the header, whose field 1 is the number, left out when 0.
 */
export function blockNumber(block: Uint8Array): number {
  const { value: length, next } = varint(block, 1);
  if (length === 0 || block[next] !== 0x08) return 0;
  return varint(block, next + 1).value;
}

/** Number of what a node delivers: a serialized `common.Block`, or `protos.FilteredBlock` for `peer-filtered`. */
export const numberOf = (kind: DeliverKind, bytes: Uint8Array): number =>
  kind === 'peer-filtered'
    ? toNumber(protos.FilteredBlock.decode(bytes).number)
    : blockNumber(bytes);

function varint(bytes: Uint8Array, from: number): { value: number; next: number } {
  let value = 0;
  let scale = 1;
  let at = from;
  for (;;) {
    const byte = bytes[at++];
    if (byte === undefined) throw new Error(`truncated protobuf message at byte ${at - 1}`);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, next: at };
    scale *= 128;
  }
}
