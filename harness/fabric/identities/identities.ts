import type { MachineAddresses } from '../../topology/addresses.ts';
import { apisOf, chaincodeServiceName } from '../../topology/components.ts';
import type { Topology } from '../../topology/schema.ts';
import {
  type Authority,
  type CertificateRole,
  createAuthority,
  type KeyPair,
  openAuthority,
} from './certificates.ts';

/** What an orderer or a peer signs with, and what it serves TLS with. */
export interface NodeIdentity {
  readonly msp: KeyPair;
  readonly tls: KeyPair;
}

export interface OrganisationIdentities {
  readonly name: string;
  readonly mspId: string;
  readonly domain: string;
  /** Root of the organisation's MSP. The organisation's CA server gets the same key, so what it enrols chains here. */
  readonly ca: KeyPair;
  /** Root of the organisation's TLS certificates. */
  readonly tlsCa: KeyPair;
  readonly admin: KeyPair;
  readonly user: KeyPair;
  /** By component name, e.g. `peer0.org1`. */
  readonly nodes: Readonly<Record<string, NodeIdentity>>;
  /** TLS certificates of servers that have no MSP identity (CA, chaincodes, REST API), by component name. */
  readonly servers: Readonly<Record<string, KeyPair>>;
}

/** All certificates and keys of a network, PEM in memory. Holds private keys: never log it, never put it in a report. */
export interface Identities {
  readonly orderer: OrganisationIdentities;
  /** By organisation name, e.g. `Org1`. */
  readonly organisations: Readonly<Record<string, OrganisationIdentities>>;
}

interface ServerRequest {
  readonly name: string;
  readonly machine: number;
  /** Name that it shares with others. */
  readonly shared?: string;
}

/**
 * Creates every identity of a network: a root and a TLS root an organisation, MSP and TLS certificates for its nodes,
 * TLS certificates for its CA and chaincode servers and for the REST API, an admin and a user. Takes tens of milliseconds.
 *
 * @param addresses by which clients outside the overlay reach a machine; part of its servers' certificates
 * @param now milliseconds since the epoch; certificates are valid from an hour before
 * @throws Error if a machine has no address
 */
export async function createIdentities(
  topology: Topology,
  addresses: MachineAddresses,
  now = Date.now(),
): Promise<Identities> {
  const { ordering, organisations, chaincodes, application } = topology;
  const issue = (
    organisation: { readonly name: string; readonly mspId: string; readonly domain: string },
    role: 'orderer' | 'peer',
    nodes: readonly ServerRequest[],
    servers: readonly ServerRequest[],
  ) => createOrganisation({ organisation, role, nodes, servers, addresses, now });
  const [orderer, ...others] = await Promise.all([
    issue(ordering.organisation, 'orderer', ordering.orderers, []),
    ...organisations.map((organisation, index) =>
      issue(organisation, 'peer', organisation.peers, [
        organisation.ca,
        // The REST API serves all organisations; its certificate is of the first one's TLS CA.
        ...(index === 0
          ? apisOf(topology).map((api) => ({ ...api, shared: application.api.name }))
          : []),
        ...chaincodeServers(chaincodes, organisation),
      ]),
    ),
  ]);
  return { orderer, organisations: Object.fromEntries(others.map((o) => [o.name, o])) };
}

/**
 * The same identities with those of further orderers; what is there already stays.
 *
 * @param addresses by which clients outside the overlay reach a machine
 * @throws Error if a machine has no address
 */
export async function withOrderers(
  identities: Identities,
  orderers: readonly ServerRequest[],
  addresses: MachineAddresses,
  now = Date.now(),
): Promise<Identities> {
  const { orderer } = identities;
  const { domain } = orderer;
  const [ca, tlsCa] = await Promise.all([
    openAuthority(orderer.ca, now),
    openAuthority(orderer.tlsCa, now),
  ]);
  const made = await Promise.all(
    orderers
      .filter(({ name }) => !(name in orderer.nodes))
      .map(async (one) => {
        const commonName = fullName(one.name, domain);
        const msp = await ca.issue({ commonName, organisation: domain, role: 'orderer' });
        return [one.name, { msp, tls: await issueTls(tlsCa, one, domain, addresses) }] as const;
      }),
  );
  const nodes = { ...orderer.nodes, ...Object.fromEntries(made) };
  return { ...identities, orderer: { ...orderer, nodes } };
}

/**
 * A TLS certificate with a new key for an orderer that has one.
 *
 * @param addresses by which clients outside the overlay reach a machine
 * @throws Error if its machine has no address
 */
export async function newTlsOf(
  { orderer }: Identities,
  one: ServerRequest,
  addresses: MachineAddresses,
  now = Date.now(),
): Promise<KeyPair> {
  return issueTls(await openAuthority(orderer.tlsCa, now), one, orderer.domain, addresses);
}

function chaincodeServers(
  chaincodes: Topology['chaincodes'],
  { peers }: Topology['organisations'][number],
): ServerRequest[] {
  return chaincodes.flatMap((chaincode) =>
    peers.map(({ name, machine }) => ({
      name: chaincodeServiceName(chaincode.name, name),
      machine,
    })),
  );
}

/**
 * The identities of a network that has been given more chaincodes since: their servers' TLS certificates, where they are
 * missing, are issued by its organisations' own authorities.
 */
export async function withServers(
  identities: Identities,
  { organisations, chaincodes }: Pick<Topology, 'organisations' | 'chaincodes'>,
  addresses: MachineAddresses,
  now = Date.now(),
): Promise<Identities> {
  const owned = organisations.map(async (organisation) => {
    const known = identities.organisations[organisation.name];
    if (!known) throw new Error(`${organisation.name}: expected identities, seen none`);
    const tlsCa = await openAuthority(known.tlsCa, now);
    const missing = chaincodeServers(chaincodes, organisation).filter(
      ({ name }) => known.servers[name] === undefined,
    );
    const issued = await Promise.all(
      missing.map(
        async (server) =>
          [server.name, await issueTls(tlsCa, server, known.domain, addresses)] as const,
      ),
    );
    const servers = { ...known.servers, ...Object.fromEntries(issued) };
    return [organisation.name, { ...known, servers }] as const;
  });
  return { ...identities, organisations: Object.fromEntries(await Promise.all(owned)) };
}

interface OrganisationRequest {
  readonly organisation: { readonly name: string; readonly mspId: string; readonly domain: string };
  readonly role: 'orderer' | 'peer';
  readonly nodes: readonly ServerRequest[];
  readonly servers: readonly ServerRequest[];
  readonly addresses: MachineAddresses;
  readonly now: number;
}

async function createOrganisation(request: OrganisationRequest): Promise<OrganisationIdentities> {
  const { organisation, role, nodes, servers, addresses, now } = request;
  const { name, mspId, domain } = organisation;
  const [ca, tlsCa] = await Promise.all([
    createAuthority(`ca.${domain}`, domain, now),
    createAuthority(`tlsca.${domain}`, domain, now),
  ]);
  const member = (commonName: string, memberRole: CertificateRole) =>
    ca.issue({ commonName, organisation: domain, role: memberRole });
  const tls = (server: ServerRequest) => issueTls(tlsCa, server, domain, addresses);
  const [admin, user, nodePairs, serverPairs] = await Promise.all([
    member(`Admin@${domain}`, 'admin'),
    member(`User1@${domain}`, 'client'),
    Promise.all(
      nodes.map(async (node) => {
        const [msp, served] = await Promise.all([
          member(fullName(node.name, domain), role),
          tls(node),
        ]);
        return [node.name, { msp, tls: served }] as const;
      }),
    ),
    Promise.all(servers.map(async (server) => [server.name, await tls(server)] as const)),
  ]);
  return {
    name,
    mspId,
    domain,
    ca: keyPair(ca),
    tlsCa: keyPair(tlsCa),
    admin,
    user,
    nodes: Object.fromEntries(nodePairs),
    servers: Object.fromEntries(serverPairs),
  };
}

function issueTls(
  tlsCa: Authority,
  { name, machine, shared = name }: ServerRequest,
  domain: string,
  addresses: MachineAddresses,
): Promise<KeyPair> {
  const address = addresses[machine];
  if (address === undefined) {
    throw new Error(
      `TLS certificate of ${name}: expected an address of machine ${machine}, ` +
        `saw addresses of machines ${Object.keys(addresses).join(', ') || 'none'}`,
    );
  }
  const commonName = fullName(name, domain);
  const hosts = [...new Set([name, shared, commonName, 'localhost', '127.0.0.1', address])];
  return tlsCa.issue({ commonName, organisation: domain, hosts });
}

/**
 * Name of a component below its organisation's domain: `peer0.org1` becomes `peer0.org1.example.com`, `orderer0`
 * becomes `orderer0.example.com`.
 */
export function fullName(component: string, domain: string): string {
  const organisation = domain.split('.')[0];
  const suffix = `.${organisation}`;
  const host = component.endsWith(suffix) ? component.slice(0, -suffix.length) : component;
  return `${host}.${domain}`;
}

/** Drops the issuing function, so that identities are plain data. */
function keyPair({ certificate, privateKey }: KeyPair): KeyPair {
  return { certificate, privateKey };
}
