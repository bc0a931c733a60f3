import type { Transport } from './connections.ts';
import { FabricError } from './errors.ts';
import { patient } from './patience.ts';
import { common, type FabricProtos, toNumber } from './protos.ts';
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
  { kind, channel, timeoutMs = patient(TIP_MS) }: TipOptions,
): Promise<number> {
  const seek = { kind, channel, start: 'newest' } as const;
  return numberOf(kind, await fetchBlock(connections, endpoint, signer, seek, timeoutMs));
}

/**
 * The channel's newest config block, serialized, found through the newest block's metadata; of the first of several nodes
 * that delivers it, sound ones first.
 * @throws as {@link fetchFromFirst}
 */
export async function fetchConfigBlock(
  connections: Transport,
  endpoints: readonly Endpoint[],
  signer: Signer,
  { kind, channel, timeoutMs = patient(TIP_MS) }: TipOptions,
): Promise<Buffer> {
  const at = (start: number | 'newest') =>
    fetchFromFirst(connections, endpoints, signer, { kind, channel, start }, timeoutMs);
  const newest = await at('newest');
  const config = lastConfigOf(newest);
  return config === blockNumber(newest) ? newest : await at(config);
}

/** The configuration in a config block, serialized; undefined in any other block. */
export function channelGroup(block: Uint8Array): FabricProtos.common.IConfigGroup | undefined {
  const [envelope] = common.Block.decode(block).data?.data ?? [];
  if (envelope === undefined) return undefined;
  const { data } = common.Payload.decode(common.Envelope.decode(envelope).payload);
  return common.ConfigEnvelope.decode(data).config?.channel_group ?? undefined;
}

/** Number of the last config block as a block's own metadata states it (`common.OrdererBlockMetadata`). */
function lastConfigOf(block: Uint8Array): number {
  const metadata = common.Block.decode(block).metadata?.metadata ?? [];
  const signatures = metadata[common.BlockMetadataIndex.SIGNATURES] ?? new Uint8Array();
  const value = common.Metadata.decode(signatures).value;
  return toNumber(common.OrdererBlockMetadata.decode(value).last_config?.index);
}
