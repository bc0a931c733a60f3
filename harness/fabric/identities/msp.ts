import type { KeyPair } from './certificates.ts';
import type { OrganisationIdentities } from './identities.ts';

/** Files of an MSP folder by path relative to it. */
export type MspFiles = Readonly<Record<string, string>>;

const CA_FILE = 'cacerts/ca.pem';

/** Where in an MSP folder the private key lies. */
export const KEY_FILE = 'keystore/priv_sk';

/** Roles by organisational unit, for every organisation, so that no MSP needs a list of admin certificates. */
const NODE_OUS = [
  'NodeOUs:',
  '  Enable: true',
  ...['Client', 'Peer', 'Admin', 'Orderer'].flatMap((role) => [
    `  ${role}OUIdentifier:`,
    `    Certificate: ${CA_FILE}`,
    `    OrganizationalUnitIdentifier: ${role.toLowerCase()}`,
  ]),
  '',
].join('\n');

/** The public MSP of an organisation, as channel configurations hold it. No secrets. */
export function organisationMsp({ ca, tlsCa }: OrganisationIdentities): MspFiles {
  return {
    [CA_FILE]: ca.certificate,
    'tlscacerts/tlsca.pem': tlsCa.certificate,
    'config.yaml': NODE_OUS,
  };
}

/** The MSP of one member (node, admin or user), with its private key under {@link KEY_FILE}. */
export function localMsp(organisation: OrganisationIdentities, member: KeyPair): MspFiles {
  return {
    ...organisationMsp(organisation),
    'signcerts/cert.pem': member.certificate,
    [KEY_FILE]: member.privateKey,
  };
}
