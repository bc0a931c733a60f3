import { status as grpcStatus } from '@grpc/grpc-js';
import { CONNECT_TIMEOUT_MS, type Connections, callFailed } from './connections.ts';
import { common, orderer as ordererMessages } from './protos.ts';
import type { Endpoint } from './types.ts';

const BROADCAST = '/orderer.AtomicBroadcast/Broadcast';

export interface BroadcastAnswer {
  /** Name in `common.Status`, e.g. `SUCCESS`, `SERVICE_UNAVAILABLE`. */
  readonly status: string;
  readonly info: string;
}

/**
 * Hands one envelope to one orderer and waits for its answer.
 * @param timeoutMs from now to the answer, including connecting
 * @param signal ends the wait when the answer no longer matters
 * @throws RpcError when there was no answer; `sent` says whether the envelope may have arrived
 */
export async function broadcast(
  connections: Connections,
  endpoint: Endpoint,
  envelope: Uint8Array,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<BroadcastAnswer> {
  const started = Date.now();
  const { stream, discard } = await connections.stream(
    endpoint,
    BROADCAST,
    Math.min(timeoutMs, CONNECT_TIMEOUT_MS),
  );
  const left = Math.max(1, timeoutMs - (Date.now() - started));
  return await new Promise<BroadcastAnswer>((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      settle();
    };
    const fail = (seen: unknown, code: number) =>
      end(() => reject(callFailed(endpoint, BROADCAST, seen, code, timeoutMs)));
    const abort = () => {
      fail('no longer waited for', grpcStatus.CANCELLED);
      stream.cancel();
    };
    const timer = setTimeout(() => {
      fail('no answer', grpcStatus.DEADLINE_EXCEEDED);
      stream.cancel();
      discard();
    }, left);
    signal?.addEventListener('abort', abort);
    stream.on('data', (bytes: Buffer) => {
      const answer = ordererMessages.BroadcastResponse.decode(bytes);
      const status = common.Status[answer.status] ?? `${answer.status}`;
      end(() => resolve({ status, info: answer.info }));
      stream.end();
    });
    stream.on('error', (error: Error & { code?: number }) =>
      fail(error, error.code ?? grpcStatus.UNKNOWN),
    );
    stream.on('end', () => fail('stream ended', grpcStatus.UNAVAILABLE));
    stream.write(envelope);
    if (signal?.aborted === true) abort();
  });
}
