import type { Transport } from './connections.ts';
import { FabricError } from './errors.ts';
import { patient } from './patience.ts';
import { common, toNumber } from './protos.ts';
import { blockNumber, type DeliverKind, firstDelivered, numberOf, type Seek } from './seek.ts';
import type { Signer } from './signer.ts';
import type { Endpoint } from './types.ts';

/** A node answered a seek with a status instead of a block. */
export class StatusError extends FabricError {
  /** Name in `common.Status`, e.g. `NOT_FOUND`. */
  readonly status: string;

  constructor(endpoint: Endpoint, seek: Seek, status: string) {
    super({
      subject: `channel ${seek.channel} on ${endpoint.name}`,
      expected: `block ${seek.start}`,
      seen: `status ${status}`,
      look: `log of ${endpoint.name}`,
    });
    this.name = 'StatusError';
    this.status = status;
  }
}

/**
 * One block of one node, serialized.
 * @param timeoutMs from now to the block, including connecting
 * @throws RpcError without an answer, StatusError when the node has no such block or refuses
 */
export async function fetchBlock(
  connections: Transport,
  endpoint: Endpoint,
  signer: Signer,
  wanted: Omit<Seek, 'stop'>,
  timeoutMs: number,
): Promise<Buffer> {
  const seek: Seek = { whenMissing: 'fail', ...wanted, stop: wanted.start };
  const message = await firstDelivered(connections, endpoint, signer, seek, timeoutMs);
  if (message.type === 'status') throw new StatusError(endpoint, seek, message.status);
  return message.bytes;
}

/**
 * One block of the first of several nodes that delivers it, sound ones first.
 * @param timeoutMs for each
 * @throws StatusError of one that answered, else RpcError of the last
 */
export async function fetchFromFirst(
  connections: Transport,
  endpoints: readonly Endpoint[],
  signer: Signer,
  wanted: Omit<Seek, 'stop'>,
  timeoutMs: number,
): Promise<Buffer> {
  let seen: unknown;
  for (const endpoint of connections.health.choose(endpoints)) {
    try {
      const bytes = await fetchBlock(connections, endpoint, signer, wanted, timeoutMs);
      connections.health.worked(endpoint);
      return bytes;
    } catch (error) {
      if (error instanceof StatusError) connections.health.worked(endpoint);
      else connections.health.failed(endpoint);
      if (!(seen instanceof StatusError)) seen = error;
    }
  }
  throw seen;
}

export interface TipOptions {
  readonly kind: DeliverKind;
  readonly channel: string;
  /** Default 3 000. */
  readonly timeoutMs?: number;
}

const TIP_MS = 3_000;

/** Number of a node's newest block. @throws as {@link fetchBlock} */
export async function newestBlock(
  connections: Transport,
  endpoint: Endpoint,
  signer: Signer,
  options: TipOptions,
): Promise<number> {
  const seek = { kind: options.kind, channel: options.channel, start: 'newest' } as const;
  const bytes = await fetchBlock(
    connections,
    endpoint,
    signer,
    seek,
    options.timeoutMs ?? patient(TIP_MS),
  );
  return numberOf(options.kind, bytes);
}

/**
 * Height of an orderer's chain, i.e. its newest block's number plus one; also while its Kafka is away.
 * @throws as {@link fetchBlock}
 */
export async function ordererHeight(
  connections: Transport,
  endpoint: Endpoint,
  signer: Signer,
  channel: string,
  timeoutMs = patient(TIP_MS),
): Promise<number> {
  const tip = { kind: 'orderer', channel, timeoutMs } as const;
  return (await newestBlock(connections, endpoint, signer, tip)) + 1;
}

/**
 * The channel's newest config block, serialized, found through the newest block's metadata.
 * @throws as {@link fetchBlock}
 */
export async function fetchConfigBlock(
  connections: Transport,
  endpoint: Endpoint,
  signer: Signer,
  options: TipOptions,
): Promise<Buffer> {
  const timeoutMs = options.timeoutMs ?? patient(TIP_MS);
  const seek = { kind: options.kind, channel: options.channel };
  const at = (start: number | 'newest') =>
    fetchBlock(connections, endpoint, signer, { ...seek, start }, timeoutMs);
  const newest = await at('newest');
  const config = lastConfigOf(newest);
  return config === blockNumber(newest) ? newest : await at(config);
}

/** Number of the last config block as a block's own metadata states it (`common.OrdererBlockMetadata`). */
export function lastConfigOf(block: Uint8Array): number {
  const metadata = common.Block.decode(block).metadata?.metadata ?? [];
  const signatures = metadata[common.BlockMetadataIndex.SIGNATURES] ?? new Uint8Array();
  const value = common.Metadata.decode(signatures).value;
  return toNumber(common.OrdererBlockMetadata.decode(value).last_config?.index);
}
