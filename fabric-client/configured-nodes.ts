/** The nodes that a channel's own configuration names, for who knows none of them yet. */
import { channelGroup } from './fetch.ts';
import { common, type FabricProtos, msp, protos } from './protos.ts';
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
  const root = channelGroup(block);
  if (!root) throw new Error('expected a configuration block, seen another');
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
