import type { LifecycleOrganisation } from '../../fabric-client/lifecycle.ts';
import type { Endpoint, PeerEndpoint, SigningIdentity } from '../../fabric-client/types.ts';
import type { MachineAddresses } from '../topology/addresses.ts';
import type { Topology } from '../topology/schema.ts';
import type { KeyPair } from './identities/certificates.ts';
import type { Identities, OrganisationIdentities } from './identities/identities.ts';

/** Orderers and peers as the harness, outside the overlay, reaches them. */
export interface Endpoints {
  readonly orderers: readonly Endpoint[];
  readonly peers: readonly PeerEndpoint[];
  readonly organisations: readonly LifecycleOrganisation[];
}

/** @throws Error when identities or addresses lack a component of the topology */
export function endpointsOf(
  topology: Topology,
  identities: Identities,
  addresses: MachineAddresses,
): Endpoints {
  const at = (machine: number, port: number) => `${addresses[machine]}:${port}`;
  const orderers = topology.ordering.orderers.map(({ name, machine, ports }) => ({
    name,
    address: at(machine, ports.general),
    tlsServerName: name,
    tlsCaPem: identities.orderer.tlsCa.certificate,
  }));
  const organisations = topology.organisations.map(({ name, mspId, peers }) => {
    const owned = identities.organisations[name];
    if (!owned) throw new Error(`identities: expected organisation ${name}, seen none`);
    return {
      mspId,
      admin: signingIdentity(owned, owned.admin),
      peers: peers.map((peer) => ({
        name: peer.name,
        mspId,
        address: at(peer.machine, peer.ports.peer),
        tlsServerName: peer.name,
        tlsCaPem: owned.tlsCa.certificate,
      })),
    };
  });
  return { orderers, organisations, peers: organisations.flatMap(({ peers }) => peers) };
}

/**
 * The endpoints that a channel's members have: its organisations and their peers, and every orderer.
 *
 * @throws Error when the topology has no such channel
 */
export function endpointsOfChannel(
  endpoints: Endpoints,
  topology: Pick<Topology, 'channels' | 'organisations'>,
  name: string,
): Endpoints {
  const channel = topology.channels.find((c) => c.name === name);
  if (!channel) throw new Error(`channel ${name}: expected it in the topology, seen none`);
  return endpointsOfMembers(endpoints, topology, channel.organisations);
}

/**
 * The endpoints that some organisations have between them, and every orderer.
 *
 * @param members names of organisations
 * @throws Error naming those that the topology does not have
 */
export function endpointsOfMembers(
  { orderers, organisations: all }: Endpoints,
  topology: Pick<Topology, 'organisations'>,
  members: readonly string[],
): Endpoints {
  const known = topology.organisations.map(({ name }) => name);
  const strange = members.filter((name) => !known.includes(name));
  if (strange.length > 0 || members.length === 0) {
    throw new Error(
      `members of a channel: expected organisations of the network (${known.join(', ')}), ` +
        `seen ${strange.join(', ') || 'none'}`,
    );
  }
  const mspIds = topology.organisations
    .filter(({ name }) => members.includes(name))
    .map(({ mspId }) => mspId);
  const organisations = all.filter(({ mspId }) => mspIds.includes(mspId));
  return { orderers, organisations, peers: organisations.flatMap(({ peers }) => peers) };
}

/** A member of an organisation as one who signs. */
export function signingIdentity(
  { mspId }: Pick<OrganisationIdentities, 'mspId'>,
  { certificate, privateKey }: KeyPair,
): SigningIdentity {
  return { mspId, certificatePem: certificate, privateKeyPem: privateKey };
}
