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
 * @throws RpcError when there was no answer; `sent` says whether the envelope may have arrived
 */
export async function broadcast(
  connections: Connections,
  endpoint: Endpoint,
  envelope: Uint8Array,
  timeoutMs: number,
): Promise<BroadcastAnswer> {
  const started = Date.now();
  const { stream, discard } = await connections.stream(
    endpoint,
    BROADCAST,
    Math.min(timeoutMs, CONNECT_TIMEOUT_MS),
  );
  const left = Math.max(1, timeoutMs - (Date.now() - started));
  return await new Promise<BroadcastAnswer>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(callFailed(endpoint, BROADCAST, 'no answer', grpcStatus.DEADLINE_EXCEEDED, timeoutMs));
      stream.cancel();
      discard();
    }, left);
    stream.on('data', (bytes: Buffer) => {
      clearTimeout(timer);
      const answer = ordererMessages.BroadcastResponse.decode(bytes);
      resolve({ status: common.Status[answer.status] ?? `${answer.status}`, info: answer.info });
      stream.end();
    });
    stream.on('error', (error: Error & { code?: number }) => {
      clearTimeout(timer);
      reject(callFailed(endpoint, BROADCAST, error, error.code ?? grpcStatus.UNKNOWN, timeoutMs));
    });
    stream.on('end', () => {
      clearTimeout(timer);
      reject(callFailed(endpoint, BROADCAST, 'stream ended', grpcStatus.UNAVAILABLE, timeoutMs));
    });
    stream.write(envelope);
  });
}
