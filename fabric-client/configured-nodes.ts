/** The nodes that a channel's own configuration names, for who knows none of them yet. */
import { channelGroup } from './fetch.ts';
import { common, etcdraft, type FabricProtos, msp, orderer, protos } from './protos.ts';
import type { Endpoint, PeerEndpoint } from './types.ts';

type Group = FabricProtos.common.IConfigGroup;

export interface ConfiguredNodes {
  /** Of organisations' own lists (`Endpoints`), else of the channel's (`OrdererAddresses`). */
  readonly orderers: readonly Endpoint[];
  /** Anchor peers. */
  readonly peers: readonly PeerEndpoint[];
}

/**
 * Orderers and anchor peers of a configuration block, with the TLS authorities of their organisations. Their names are
 * their addresses: the configuration has no others.
 *
 * @param block serialized `common.Block`
 * @throws Error when it is no configuration block
 */
export function configuredNodes(block: Uint8Array): ConfiguredNodes {
  const root = configuration(block);
  const application = root.groups?.['Application']?.groups ?? {};
  const ordering = Object.values(root.groups?.['Orderer']?.groups ?? {});
  const own = ordering.flatMap((group) =>
    addressesIn(group, 'Endpoints').map((address) => ({
      name: address,
      address,
      tlsCaPem: mspOf(group).tlsCaPem,
    })),
  );
  const authorities = ordering.map((group) => mspOf(group).tlsCaPem).join('\n');
  const channels = addressesIn(root, 'OrdererAddresses').map((address) => ({
    name: address,
    address,
    tlsCaPem: authorities,
  }));
  const peers = Object.values(application).flatMap((group) => {
    const value = group.values?.['AnchorPeers']?.value;
    if (!value) return [];
    return (protos.AnchorPeers.decode(value).anchor_peers ?? []).map(({ host, port }) => {
      const address = `${host}:${port}`;
      return { name: address, address, ...mspOf(group) };
    });
  });
  return { orderers: own.length > 0 ? own : channels, peers };
}

/** How a channel is ordered, as far as its configuration tells. */
export interface ConfiguredOrdering {
  /** `raft`, `bft`, or what the configuration calls another. */
  readonly type: string;
  readonly batchTimeoutMs: number;
  /** How long nothing may happen before what has not come counts as absent, ms. */
  readonly calmMs: number;
}

/** Where no more is known: as long as BFT's orderers may take to complain about one of them, ms. */
const CALM_MS = 20_000;

/** @param block serialized `common.Block` @throws Error when it is no configuration block */
export function configuredOrdering(block: Uint8Array): ConfiguredOrdering {
  const values = configuration(block).groups?.['Orderer']?.values ?? {};
  const bytes = (name: string) => values[name]?.value ?? new Uint8Array();
  const { type, metadata } = orderer.ConsensusType.decode(bytes('ConsensusType'));
  const { timeout } = orderer.BatchTimeout.decode(bytes('BatchTimeout'));
  const batchTimeoutMs = milliseconds(timeout);
  if (type !== 'etcdraft')
    return { type: type === 'BFT' ? 'bft' : type, batchTimeoutMs, calmMs: CALM_MS };
  const { options } = etcdraft.ConfigMetadata.decode(metadata);
  const tickMs = milliseconds(options?.tick_interval ?? '');
  const electionMs = tickMs * (options?.election_tick ?? 0);
  // What a leader has taken is in a block, or gone with its leadership: two elections decide it.
  return { type: 'raft', batchTimeoutMs, calmMs: 1_000 + 4 * electionMs };
}

/** Of Go's way to write a duration, what configtxgen lets through: `500ms`, `2s`, `1m30s`. */
function milliseconds(text: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  let sum = 0;
  for (const [, amount, unit = ''] of text.matchAll(/([\d.]+)(ms|s|m|h)/g)) {
    sum += Number(amount) * (units[unit] ?? 0);
  }
  return sum;
}

function configuration(block: Uint8Array): Group {
  const root = channelGroup(block);
  if (!root) throw new Error('expected a configuration block, seen another');
  return root;
}

function addressesIn(group: Group, name: string): string[] {
  const value = group.values?.[name]?.value;
  return value ? (common.OrdererAddresses.decode(value).addresses ?? []) : [];
}

function mspOf(group: Group): { readonly mspId: string; readonly tlsCaPem: string } {
  const value = group.values?.['MSP']?.value ?? new Uint8Array();
  const { name, tls_root_certs, tls_intermediate_certs } = msp.FabricMSPConfig.decode(
    msp.MSPConfig.decode(value).config,
  );
  const certificates = [...(tls_root_certs ?? []), ...(tls_intermediate_certs ?? [])];
  return {
    mspId: name,
    tlsCaPem: certificates.map((pem) => Buffer.from(pem).toString()).join('\n'),
  };
}
