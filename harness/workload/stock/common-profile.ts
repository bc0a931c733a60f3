import type { NetworkProfile } from '../../../fabric-client/client.ts';

/** Fabric's common connection profile of the given nodes, static, with one channel, as fabric-network reads it. */
export function commonProfile({ peers, orderers }: NetworkProfile, channel: string) {
  const names = (nodes: readonly { readonly name: string }[]) => nodes.map(({ name }) => name);
  const nodes = (list: NetworkProfile['orderers']) =>
    Object.fromEntries(
      list.map(({ name, address, tlsServerName = name, tlsCaPem = '' }) => [
        name,
        {
          url: `grpcs://${address}`,
          tlsCACerts: { pem: tlsCaPem },
          grpcOptions: { 'ssl-target-name-override': tlsServerName },
        },
      ]),
    );
  const byMspId = Map.groupBy(peers, ({ mspId }) => mspId);
  return {
    name: 'harness',
    version: '1.0.0',
    channels: {
      [channel]: {
        orderers: names(orderers),
        peers: Object.fromEntries(names(peers).map((name) => [name, {}])),
      },
    },
    organizations: Object.fromEntries(
      [...byMspId].map(([mspid, own]) => [mspid, { mspid, peers: names(own) }]),
    ),
    orderers: nodes(orderers),
    peers: nodes(peers),
  };
}
