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

/** A stream on which one message was sent; back pressure is gRPC's: nothing is read ahead of `next`. */
interface Session<T> {
  /** The next message. @throws RpcError when the stream broke */
  next(): Promise<T>;
  /** Ends the stream; safe to call at any time, also twice. A pending `next` fails. */
  cancel(): void;
  /** Ends the stream and drops the connection under it, because it proved dead. */
  drop(): void;
}

export type DeliverSession = Session<Delivered>;

async function open(
  transport: Transport,
  endpoint: Endpoint,
  path: string,
  request: Uint8Array,
  connectTimeoutMs?: number,
): Promise<Session<Buffer> & { end(): void }> {
  const { stream, discard } = await transport.stream(endpoint, path, connectTimeoutMs);
  // Cancelling makes grpc-js emit an error after the iterator stopped listening.
  stream.on('error', () => undefined);
  const messages = stream[Symbol.asyncIterator]();
  stream.write(request);
  const failed = (error: unknown, code: number) => callFailed(endpoint, path, error, code, 0);
  return {
    async next() {
      const item = await messages.next().catch((error: { code?: number }) => {
        throw failed(error, error.code ?? grpcStatus.UNKNOWN);
      });
      if (item.done === true) throw failed('stream ended', grpcStatus.UNAVAILABLE);
      return item.value as Buffer;
    },
    end: () => void stream.end(),
    cancel: () => stream.cancel(),
    drop() {
      stream.cancel();
      discard();
    },
  };
}

/** Opens a Deliver stream and sends one seek on it. @throws RpcError when no connection could be opened */
export async function openDeliver(
  connections: Transport,
  endpoint: Endpoint,
  signer: Signer,
  seek: Seek,
): Promise<DeliverSession> {
  const request = seekEnvelope(seek, signer);
  const session = await open(connections, endpoint, PATHS[seek.kind], request);
  return { ...session, next: async () => parseDelivered(await session.next()) };
}

/**
 * The first answer to a message on a stream of its own.
 * @param timeoutMs from now to the answer, including connecting
 * @param signal ends the wait when the answer no longer matters
 * @throws RpcError when there was none; `sent` says whether the message may have arrived
 */
export async function firstAnswer(
  transport: Transport,
  endpoint: Endpoint,
  path: string,
  request: Uint8Array,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  const started = Date.now();
  const session = await open(transport, endpoint, path, request, timeoutMs);
  let late = false;
  const end = () => {
    late = true;
    session.drop();
  };
  const timer = setTimeout(end, Math.max(1, timeoutMs - (Date.now() - started)));
  signal?.addEventListener('abort', session.cancel);
  try {
    if (signal?.aborted === true) session.cancel();
    return await session.next();
  } catch (error) {
    if (!late) throw error;
    throw callFailed(endpoint, path, 'no answer', grpcStatus.DEADLINE_EXCEEDED, timeoutMs);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', session.cancel);
    session.end();
  }
}

/** The first message that a node delivers for a seek. @throws as {@link firstAnswer} */
export async function firstDelivered(
  connections: Transport,
  endpoint: Endpoint,
  signer: Signer,
  seek: Seek,
  timeoutMs: number,
): Promise<Delivered> {
  const request = seekEnvelope(seek, signer);
  return parseDelivered(
    await firstAnswer(connections, endpoint, PATHS[seek.kind], request, timeoutMs),
  );
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
