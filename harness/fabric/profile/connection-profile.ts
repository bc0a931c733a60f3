import type { MachineAddresses } from '../../topology/addresses.ts';
import { CONTAINER_PORTS, type Topology } from '../../topology/schema.ts';
import type { Identities } from '../identities/identities.ts';

interface Pem {
  readonly pem: string;
}

export interface ProfileNode {
  readonly url: string;
  readonly tlsCACerts: Pem;
  readonly grpcOptions: Readonly<Record<string, string | number>>;
}

/** Fabric's common connection profile, with every endpoint static. Holds certificates but no keys. */
export interface ConnectionProfile {
  readonly name: string;
  readonly version: '1.0.0';
  readonly channels: Readonly<
    Record<
      string,
      {
        readonly orderers: readonly string[];
        readonly peers: Readonly<Record<string, Readonly<Record<string, boolean>>>>;
      }
    >
  >;
  readonly organizations: Readonly<
    Record<
      string,
      {
        readonly mspid: string;
        readonly peers: readonly string[];
        readonly certificateAuthorities: readonly string[];
      }
    >
  >;
  readonly orderers: Readonly<Record<string, ProfileNode & { readonly mspid: string }>>;
  readonly peers: Readonly<Record<string, ProfileNode>>;
  readonly certificateAuthorities: Readonly<
    Record<
      string,
      {
        readonly url: string;
        readonly caName: string;
        readonly tlsCACerts: Pem;
        readonly httpOptions: { readonly verify: boolean };
      }
    >
  >;
}

/**
 * Connection profile for fabric-network 2.2.20 with discovery off: that version never refreshes what it discovered,
 * so a fixed list, which the topology is, serves better under faults.
 *
 * @param addresses of the machines, for clients outside the overlay, who use published ports; without them the
 *   profile is for clients inside, who use component names
 * @throws Error if a machine has no address
 */
export function connectionProfile(
  topology: Topology,
  identities: Identities,
  addresses?: MachineAddresses,
): ConnectionProfile {
  const { ordering, organisations, channels } = topology;
  const endpoint = (name: string, machine: number, host: number, container: number): string => {
    if (addresses === undefined) {
      return `${name}:${container}`;
    }
    const address = addresses[machine];
    if (address === undefined) {
      throw new Error(`connection profile, ${name}: expected an address of machine ${machine}`);
    }
    return `${address}:${host}`;
  };
  const node = (name: string, authority: string, at: string): ProfileNode => ({
    url: `grpcs://${at}`,
    tlsCACerts: { pem: authority },
    grpcOptions: {
      'ssl-target-name-override': name,
      // A server behind a cut link is noticed after 15 s instead of minutes.
      'grpc.keepalive_time_ms': 10_000,
      'grpc.keepalive_timeout_ms': 5_000,
    },
  });
  const tlsRoot = (organisation: string) =>
    identities.organisations[organisation]?.tlsCa.certificate ?? '';

  return {
    name: topology.name,
    version: '1.0.0',
    channels: Object.fromEntries(
      channels.map((channel) => [
        channel.name,
        {
          orderers: ordering.orderers.map(({ name }) => name),
          peers: Object.fromEntries(
            organisations
              .filter(({ name }) => channel.organisations.includes(name))
              .flatMap(({ peers }) => peers.map(({ name }) => [name, PEER_ROLES])),
          ),
        },
      ]),
    ),
    organizations: Object.fromEntries(
      organisations.map(({ name, mspId, domain, peers, ca }) => [
        name,
        {
          mspid: mspId,
          domain,
          peers: peers.map((peer) => peer.name),
          certificateAuthorities: [ca.name],
        },
      ]),
    ),
    orderers: Object.fromEntries(
      ordering.orderers.map(({ name, machine, ports }) => [
        name,
        {
          mspid: ordering.organisation.mspId,
          ...node(
            name,
            identities.orderer.tlsCa.certificate,
            endpoint(name, machine, ports.general, CONTAINER_PORTS.orderer.general),
          ),
        },
      ]),
    ),
    peers: Object.fromEntries(
      organisations.flatMap((organisation) =>
        organisation.peers.map(({ name, machine, ports }) => [
          name,
          node(
            name,
            tlsRoot(organisation.name),
            endpoint(name, machine, ports.peer, CONTAINER_PORTS.peer.peer),
          ),
        ]),
      ),
    ),
    certificateAuthorities: Object.fromEntries(
      organisations.map(({ name: organisation, ca }) => [
        ca.name,
        {
          url: `https://${endpoint(ca.name, ca.machine, ca.ports.server, CONTAINER_PORTS.ca.server)}`,
          caName: ca.name,
          tlsCACerts: { pem: tlsRoot(organisation) },
          httpOptions: { verify: true },
        },
      ]),
    ),
  };
}

const PEER_ROLES = {
  endorsingPeer: true,
  chaincodeQuery: true,
  ledgerQuery: true,
  eventSource: true,
};
