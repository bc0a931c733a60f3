import { channelGroup } from '../../fabric-client/fetch.ts';
import { common, etcdraft, orderer as messages } from '../../fabric-client/protos.ts';
import type { Group } from './config-update.ts';
import type { Consensus } from './consensus.ts';

/** Capabilities of the channel itself, e.g. `V3_0`. */
export const channelCapabilities = ({ values }: Group): readonly string[] =>
  Object.keys(common.Capabilities.decode(bytes(values?.Capabilities?.value)).capabilities);

/** TLS certificates of the members of a Raft channel, PEM by host. */
export function raftConsenters({ group }: Consensus): ReadonlyMap<string, string> {
  const value = group.groups?.Orderer?.values?.ConsensusType?.value;
  const { metadata } = messages.ConsensusType.decode(bytes(value));
  const { consenters } = etcdraft.ConfigMetadata.decode(metadata);
  return new Map(
    consenters.map(({ host, server_tls_cert }) => [
      host ?? '',
      Buffer.from(server_tls_cert ?? []).toString(),
    ]),
  );
}

/**
 * A channel from V3_0 on: its orderers are known by their organisations' addresses alone, with those of all the
 * orderers refuse the capability.
 */
export function withV3(group: Group): Group {
  const { OrdererAddresses: _, ...values } = group.values ?? {};
  const capabilities = common.Capabilities.encode({ capabilities: { V3_0: {} } }).finish();
  return {
    ...group,
    values: { ...values, Capabilities: { ...values.Capabilities, value: capabilities } },
  };
}

/** The channel group of a serialized configuration block. */
export function groupOf(block: Uint8Array): Group {
  const group = channelGroup(block);
  if (!group) throw new Error('configuration block: expected a channel group, seen none');
  return group;
}

/**
 * What makes a channel one that BFT orders, all in one update: type and options, who the orderers are, and by whom a
 * block must be signed. It stays in maintenance.
 *
 * @param made by configtxgen for a new channel of the same network under BFT
 */
export function withBft(group: Group, made: Group): Group {
  const [own, other] = [group.groups?.Orderer ?? {}, made.groups?.Orderer ?? {}];
  const consensus = messages.ConsensusType.decode(bytes(other.values?.ConsensusType?.value));
  const value = messages.ConsensusType.encode({
    type: consensus.type,
    metadata: consensus.metadata,
    state: messages.ConsensusType.State.STATE_MAINTENANCE,
  }).finish();
  const { Orderers, BlockValidation } = {
    Orderers: other.values?.Orderers,
    BlockValidation: other.policies?.BlockValidation,
  };
  if (!Orderers || !BlockValidation) {
    throw new Error('configtxgen: expected consenters and a policy for blocks, seen less');
  }
  return {
    ...group,
    groups: {
      ...group.groups,
      Orderer: {
        ...own,
        values: { ...own.values, ConsensusType: { ...own.values?.ConsensusType, value }, Orderers },
        policies: {
          ...own.policies,
          BlockValidation: {
            ...own.policies?.BlockValidation,
            policy: BlockValidation.policy ?? null,
          },
        },
      },
    },
  };
}

const bytes = (value: Uint8Array | null | undefined) => Buffer.from(value ?? []);
