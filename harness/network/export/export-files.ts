import { stringify } from 'yaml';
import type { KeyPair } from '../../fabric/identities/certificates.ts';
import type { OrganisationIdentities } from '../../fabric/identities/identities.ts';
import { KEY_FILE, localMsp, organisationMsp } from '../../fabric/identities/msp.ts';
import { connectionProfile } from '../../fabric/profile/connection-profile.ts';
import { addressesOf } from '../../topology/addresses.ts';
import type { Organisation, Topology } from '../../topology/schema.ts';
import type { Deployment } from '../deployment.ts';

export interface ExportedFile {
  /** Relative to the folder of the export. */
  readonly path: string;
  readonly content: string;
  /** Whether it holds a private key, and only its owner may read it. */
  readonly secret?: boolean;
}

/** Names of the identities that each organisation's folder has. */
const MEMBERS = { admin: 'Admin', user: 'User1' } as const;

/**
 * Everything that a program outside needs to talk to a network, as files. Pure.
 *
 * @param folder absolute path that the files will lie in; profiles and environments name files by it
 */
export function exportFiles(
  deployment: Pick<Deployment, 'topology' | 'machines' | 'identities' | 'packageIds'>,
  folder: string,
): ExportedFile[] {
  const { topology, identities } = deployment;
  const organisations = topology.organisations.map((organisation) => {
    const owned = identities.organisations[organisation.name];
    if (!owned) throw new Error(`identities: expected ${organisation.name}, seen none`);
    return { organisation, owned };
  });
  const profile = connectionProfile(topology, identities, addressesOf(deployment.machines));
  const ordererRoot = identities.orderer.tlsCa.certificate;
  return [
    ...memberFiles(topology.ordering.organisation.name, identities.orderer),
    ...organisations.flatMap(({ organisation, owned }) => [
      ...memberFiles(organisation.name, owned),
      ...walletFiles(organisation.name, owned),
      json(`profiles/${organisation.name}.json`, {
        ...profile,
        client: { organization: organisation.name },
      }),
    ]),
    ...organisations.map(({ organisation, owned }, index) => ({
      path: index === 0 ? 'env' : `env.${organisation.name}`,
      content: environment(deployment, organisation, owned.mspId, folder),
    })),
    { path: 'orderer-tls-ca.pem', content: ordererRoot },
    ...ordererAdminFiles(deployment),
    json('gateway.json', gatewayFacts(deployment)),
    { path: 'caliper-network.yaml', content: stringify(caliperNetwork(topology, folder)) },
  ];
}

const json = (path: string, content: unknown): ExportedFile => ({
  path,
  content: `${JSON.stringify(content, null, 2)}\n`,
});

const msp = (organisation: string, member: string) => `organisations/${organisation}/${member}/msp`;

function memberFiles(name: string, owned: OrganisationIdentities): ExportedFile[] {
  const files = (folder: string, content: Readonly<Record<string, string>>): ExportedFile[] =>
    Object.entries(content).map(([path, text]) => ({
      path: `${folder}/${path}`,
      content: text,
      ...(path === KEY_FILE ? { secret: true } : {}),
    }));
  return [
    ...files(`organisations/${name}/msp`, organisationMsp(owned)),
    ...files(msp(name, MEMBERS.admin), localMsp(owned, owned.admin)),
    ...files(msp(name, MEMBERS.user), localMsp(owned, owned.user)),
    { path: `organisations/${name}/tls-ca.pem`, content: owned.tlsCa.certificate },
  ];
}

/** The first orderer that has an admin listener, as `osnadmin` talks to it: with the orderer's own TLS certificate. */
function administered({ ordering }: Topology) {
  return ordering.orderers.find(({ ports }) => ports.admin !== undefined);
}

const ordererTls = (orderer: string) => `orderers/${orderer}/tls`;

function ordererAdminFiles({
  topology,
  identities,
}: Pick<Deployment, 'topology' | 'identities'>): ExportedFile[] {
  const orderer = administered(topology);
  const identity = orderer && identities.orderer.nodes[orderer.name];
  if (!orderer || !identity) return [];
  const folder = ordererTls(orderer.name);
  return [
    { path: `${folder}/server.crt`, content: identity.tls.certificate },
    { path: `${folder}/server.key`, content: identity.tls.privateKey, secret: true },
  ];
}

/** As fabric-network's `Wallets.newFileSystemWallet` reads them. */
function walletFiles(name: string, owned: OrganisationIdentities): ExportedFile[] {
  const file = (label: string, { certificate, privateKey }: KeyPair): ExportedFile => ({
    ...json(`wallet/${name}-${label}.id`, {
      credentials: { certificate, privateKey },
      mspId: owned.mspId,
      type: 'X.509',
      version: 1,
    }),
    secret: true,
  });
  return [file(MEMBERS.admin, owned.admin), file(MEMBERS.user, owned.user)];
}

/** Variables for the stock `peer` and `osnadmin`, as a shell reads them. */
function environment(
  { topology, machines }: Pick<Deployment, 'topology' | 'machines'>,
  organisation: Organisation,
  mspId: string,
  folder: string,
): string {
  const addresses = addressesOf(machines);
  const [peer] = organisation.peers;
  const [orderer] = topology.ordering.orderers;
  const [channel] = topology.channels;
  const orderers = topology.ordering.organisation.name;
  const admin = administered(topology);
  const variables: Record<string, string> = {
    FABRIC_CFG_PATH: `${folder}/config`,
    CORE_PEER_LOCALMSPID: mspId,
    CORE_PEER_MSPCONFIGPATH: `${folder}/${msp(organisation.name, MEMBERS.admin)}`,
    CORE_PEER_TLS_ENABLED: 'true',
    CORE_PEER_TLS_ROOTCERT_FILE: `${folder}/organisations/${organisation.name}/tls-ca.pem`,
    CORE_PEER_ADDRESS: peer ? `${addresses[peer.machine]}:${peer.ports.peer}` : '',
    ORDERER_ADDRESS: orderer ? `${addresses[orderer.machine]}:${orderer.ports.general}` : '',
    ORDERER_CA: `${folder}/orderer-tls-ca.pem`,
    OSN_TLS_CA_ROOT_CERT: `${folder}/orderer-tls-ca.pem`,
    ORDERER_ADMIN_MSP: `${folder}/${msp(orderers, MEMBERS.admin)}`,
    ...(admin && {
      ORDERER_ADMIN_LISTENADDRESS: `${addresses[admin.machine]}:${admin.ports.admin}`,
      ADMIN_TLS_SIGN_CERT: `${folder}/${ordererTls(admin.name)}/server.crt`,
      ADMIN_TLS_PRIVATE_KEY: `${folder}/${ordererTls(admin.name)}/server.key`,
    }),
    CHANNEL: channel?.name ?? '',
  };
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'\n`)
    .join('');
}

/** What a fabric-gateway program has to know: one peer of its organisation, and as whom to come; paths are relative. */
function gatewayFacts({
  topology,
  machines,
}: Pick<Deployment, 'topology' | 'machines'>): Record<string, unknown> {
  const addresses = addressesOf(machines);
  const user = (name: string) => msp(name, MEMBERS.user);
  return {
    channels: topology.channels.map(({ name, chaincodes }) => ({ name, chaincodes })),
    organisations: Object.fromEntries(
      topology.organisations.map(({ name, mspId, peers }) => [
        name,
        {
          mspId,
          certificate: `${user(name)}/signcerts/cert.pem`,
          privateKey: `${user(name)}/${KEY_FILE}`,
          tlsRoot: `organisations/${name}/tls-ca.pem`,
          peers: peers.map((peer) => ({
            name: peer.name,
            address: `${addresses[peer.machine]}:${peer.ports.peer}`,
          })),
        },
      ]),
    ),
  };
}

/** Caliper's description of a network, version 2.0.0, for its Fabric connectors. */
function caliperNetwork(topology: Topology, folder: string): unknown {
  return {
    name: topology.name,
    version: '2.0.0',
    caliper: { blockchain: 'fabric' },
    channels: topology.channels.map(({ name, chaincodes }) => ({
      channelName: name,
      contracts: chaincodes.map((id) => ({ id })),
    })),
    organizations: topology.organisations.map(({ name, mspId }) => ({
      mspid: mspId,
      identities: {
        certificates: [
          {
            name: MEMBERS.user,
            clientPrivateKey: { path: `${folder}/${msp(name, MEMBERS.user)}/${KEY_FILE}` },
            clientSignedCert: {
              path: `${folder}/${msp(name, MEMBERS.user)}/signcerts/cert.pem`,
            },
          },
        ],
      },
      connectionProfile: { path: `${folder}/profiles/${name}.json`, discover: false },
    })),
  };
}
