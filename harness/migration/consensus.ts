import type { Transport } from '../../fabric-client/connections.ts';
import { FabricError } from '../../fabric-client/errors.ts';
import { channelGroup, fetchBlock } from '../../fabric-client/fetch.ts';
import { common, type FabricProtos, orderer as messages } from '../../fabric-client/protos.ts';
import type { Signer } from '../../fabric-client/signer.ts';
import type { Endpoint } from '../../fabric-client/types.ts';
import { decodeBlock, decodeMetadata, splitBlock } from '../fabric/ledger/decoder.ts';

const ANSWER_MS = 5_000;

/** What a channel's configuration says of how its blocks are ordered (`orderer.ConsensusType`). */
export interface Consensus {
  readonly channel: string;
  /** `kafka`, `etcdraft` or `BFT`. */
  readonly type: string;
  readonly maintenance: boolean;
  /** Number of the block that says so, and of the newest block. */
  readonly configBlock: number;
  readonly newestBlock: number;
  /** Whether the newest block changes the type: neither the service before nor the one after has marked it. */
  readonly changesType: boolean;
  readonly group: FabricProtos.common.IConfigGroup;
}

/**
 * A channel's consensus as one orderer has it.
 *
 * @param signer an administrator of the orderers: in maintenance nobody else is served
 * @throws RpcError or StatusError when the orderer does not answer; FabricError when the block is no configuration
 */
export async function readConsensus(
  connections: Transport,
  orderer: Endpoint,
  signer: Signer,
  channel: string,
): Promise<Consensus> {
  const block = (start: number | 'newest') =>
    fetchBlock(connections, orderer, signer, { kind: 'orderer', channel, start }, ANSWER_MS);
  const newestBytes = await block('newest');
  const newest = decodeBlock(newestBytes);
  const { consenter } = decodeMetadata(splitBlock(newestBytes).metadata);
  const raw = await block(newest.lastConfig);
  const group = channelGroup(raw);
  const value = group?.groups?.Orderer?.values?.ConsensusType?.value;
  if (!group || !value) {
    throw new FabricError({
      subject: `channel ${channel} on ${orderer.name}`,
      expected: `a configuration with a consensus in block ${newest.lastConfig}`,
      seen: 'none',
    });
  }
  const { type, state } = messages.ConsensusType.decode(value);
  return {
    channel,
    type,
    maintenance: state === messages.ConsensusType.State.STATE_MAINTENANCE,
    configBlock: newest.lastConfig,
    newestBlock: newest.number,
    changesType: newest.number > 0 && consenter === null,
    group,
  };
}

export interface ConsensusChange {
  readonly type?: string;
  /** Of the new type, serialized. */
  readonly metadata?: Uint8Array;
  readonly maintenance?: boolean;
}

/**
 * The update of a channel's configuration that changes its consensus and nothing else: more in one update is refused
 * (orderer/common/msgprocessor/maintenancefilter.go).
 *
 * @returns serialized `common.ConfigUpdate`
 */
export function consensusUpdate(
  { channel, group }: Consensus,
  change: ConsensusChange,
): Uint8Array {
  const orderer = group.groups?.Orderer ?? {};
  const current = orderer.values?.ConsensusType ?? {};
  const { State } = messages.ConsensusType;
  const before = messages.ConsensusType.decode(current.value ?? new Uint8Array());
  const inMaintenance = change.maintenance ?? before.state === State.STATE_MAINTENANCE;
  const value = messages.ConsensusType.encode({
    type: change.type ?? before.type,
    metadata: change.metadata ?? before.metadata,
    state: inMaintenance ? State.STATE_MAINTENANCE : State.STATE_NORMAL,
  }).finish();
  const version = Number(current.version ?? 0) + 1;
  const unchanged = { version: orderer.version ?? 0 };
  return common.ConfigUpdate.encode({
    channel_id: channel,
    read_set: { version: group.version ?? 0, groups: { Orderer: unchanged } },
    write_set: {
      version: group.version ?? 0,
      groups: {
        Orderer: {
          ...unchanged,
          values: { ConsensusType: { version, value, mod_policy: current.mod_policy ?? 'Admins' } },
        },
      },
    },
  }).finish();
}
