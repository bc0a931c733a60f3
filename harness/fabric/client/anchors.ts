import { fetchConfigBlock } from '../deliver/fetch.ts';
import { blockNumber } from '../deliver/seek.ts';
import { broadcastConfig, configUpdateEnvelope } from './channel.ts';
import type { Connections } from './connections.ts';
import { FabricError, RpcError } from './errors.ts';
import { common, type FabricProtos, protos } from './protos.ts';
import { createSigner } from './signer.ts';
import type { Endpoint, SigningIdentity } from './types.ts';
import { until } from './until.ts';

export interface AnchorPeersOptions {
  readonly connections: Connections;
  readonly orderers: readonly Endpoint[];
  readonly channel: string;
  /** By MSP id: the anchor peers' addresses as the other peers reach them. */
  readonly anchors: Readonly<
    Record<string, readonly { readonly host: string; readonly port: number }[]>
  >;
  /** An administrator of each organisation named. */
  readonly signers: readonly SigningIdentity[];
  /** Default 30 000. */
  readonly budgetMs?: number;
}

type Groups = Record<string, FabricProtos.common.IConfigGroup>;

/**
 * Sets the anchor peers of one or more organisations in a single config update, and waits until the first orderer
 * has ordered it. Does nothing when they are set so already.
 * @throws FabricError when an organisation is not in the channel, or the update is refused or not ordered in time
 */
export async function updateAnchorPeers(
  options: AnchorPeersOptions,
): Promise<{ readonly updated: boolean }> {
  const { connections, orderers, channel } = options;
  const budgetMs = options.budgetMs ?? 30_000;
  const signers = options.signers.map(createSigner);
  const signer = signers[0];
  const orderer = orderers[0];
  if (signer === undefined || orderer === undefined) {
    throw new FabricError({
      subject: `anchor peers of ${channel}`,
      expected: 'a signer and an orderer',
      seen: `${signers.length} signers, ${orderers.length} orderers`,
    });
  }
  const fetch = async (timeoutMs: number) =>
    await fetchConfigBlock(connections, orderer, signer, { kind: 'orderer', channel, timeoutMs });
  const before = await fetch(5_000);
  const update = anchorUpdate(channel, before, options.anchors);
  if (update === null) return { updated: false };
  const envelope = () => configUpdateEnvelope(channel, update, signers);
  await broadcastConfig({ connections, orderers, channel, envelope, budgetMs });
  await until({
    subject: `anchor peers of ${channel}`,
    expected: `a config block after block ${blockNumber(before)} on ${orderer.name}`,
    budgetMs,
    attempt: async (left) => {
      if (blockNumber(await fetch(Math.min(left, 5_000))) <= blockNumber(before))
        throw new NotYet();
    },
    retry: (error) => error instanceof NotYet || error instanceof RpcError,
    everyMs: 50,
  });
  return { updated: true };
}

class NotYet extends Error {
  override readonly message = 'no newer config block';
}

/**
 * The config update that sets anchor peers, or null when nothing changes. Only what changes is in the read and write
 * sets; the organisation's group is listed completely, because a new value in it is a change of its membership
 * (`common/configtx/update.go`).
 */
export function anchorUpdate(
  channel: string,
  configBlock: Uint8Array,
  anchors: AnchorPeersOptions['anchors'],
): Uint8Array | null {
  const envelope = common.Envelope.decode(
    common.Block.decode(configBlock).data?.data?.[0] ?? new Uint8Array(),
  );
  const config = common.ConfigEnvelope.decode(common.Payload.decode(envelope.payload).data).config;
  const application = config?.channel_group?.groups?.Application;
  const read: Groups = {};
  const write: Groups = {};
  for (const [mspId, peers] of Object.entries(anchors)) {
    const group = application?.groups?.[mspId];
    if (group === undefined) {
      throw new FabricError({
        subject: `anchor peers of ${mspId}`,
        expected: `an organisation of channel ${channel}`,
        seen: Object.keys(application?.groups ?? {}).join(', ') || 'no organisations',
      });
    }
    const value = protos.AnchorPeers.encode({ anchor_peers: [...peers] }).finish();
    const known = group.values?.AnchorPeers;
    if (known?.value !== undefined && Buffer.from(known.value ?? []).equals(value)) continue;
    const values = versionsOf(group.values ?? {});
    const policies = versionsOf(group.policies ?? {});
    const version = group.version ?? 0;
    read[mspId] = { version, values, policies };
    write[mspId] = {
      version: known === undefined ? Number(version) + 1 : version,
      mod_policy: group.mod_policy ?? 'Admins',
      values: {
        ...values,
        AnchorPeers: {
          version: known === undefined ? 0 : Number(known.version ?? 0) + 1,
          mod_policy: 'Admins',
          value,
        },
      },
      policies,
    };
  }
  if (Object.keys(write).length === 0) return null;
  const root = config?.channel_group;
  const wrap = (groups: Groups) => ({
    version: root?.version ?? 0,
    groups: { Application: { version: application?.version ?? 0, groups } },
  });
  return common.ConfigUpdate.encode({
    channel_id: channel,
    read_set: wrap(read),
    write_set: wrap(write),
  }).finish();
}

function versionsOf<T extends { version?: unknown }>(
  items: Record<string, T>,
): Record<string, { version: number }> {
  return Object.fromEntries(
    Object.entries(items).map(([key, item]) => [key, { version: Number(item.version ?? 0) }]),
  );
}
