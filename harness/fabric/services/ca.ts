import { stringify } from 'yaml';
import type { ServiceDefinition } from '../../swarm/service-definition.ts';
import {
  config,
  listensOn,
  published,
  required,
  secret,
  volume,
} from '../../swarm/service-parts.ts';
import { CONTAINER_PORTS, type Organisation, type Topology } from '../../topology/schema.ts';
import type { Credentials, Login } from '../identities/credentials.ts';
import { fullName, type Identities } from '../identities/identities.ts';
import { tlsFiles } from './common.ts';

/** The server takes the folder of its configuration as its home. */
const HOME = '/etc/hyperledger/fabric-ca-server';
const DATA = '/var/hyperledger/fabric-ca';
const OPERATIONS_PORT = 9443;

/**
 * One CA server an organisation. It signs with the root key of the organisation's MSP, so what it enrols is valid in
 * every channel without a change of configuration. Its database is on a volume.
 *
 * @throws Error if identities or credentials lack an organisation
 */
export function caServices(
  topology: Topology,
  identities: Identities,
  credentials: Credentials,
): ServiceDefinition[] {
  return topology.organisations.map((organisation) => {
    const { ca, name } = organisation;
    const owned = required(identities.organisations, name, 'identities of organisation');
    const registrar = required(credentials.registrars, name, 'registrar of organisation');
    return {
      name: ca.name,
      image: 'fabric-ca',
      machine: ca.machine,
      command: ['fabric-ca-server', 'start', '--config', `${HOME}/fabric-ca-server-config.yaml`],
      files: [
        // A secret because of the registrar's password.
        secret(`${HOME}/fabric-ca-server-config.yaml`, serverConfig(organisation, registrar)),
        config(`${HOME}/ca-cert.pem`, owned.ca.certificate),
        secret(`${HOME}/ca-key.pem`, owned.ca.privateKey),
        ...tlsFiles(`${HOME}/tls`, owned, required(owned.servers, ca.name, 'TLS certificate')),
      ],
      volumes: [volume(ca.name, 'data', DATA)],
      ports: published(CONTAINER_PORTS.ca, ca.ports),
      health: listensOn(OPERATIONS_PORT),
      stopGracePeriodMs: 3_000,
    };
  });
}

function serverConfig({ name, domain, ca }: Organisation, registrar: Login): string {
  return stringify(
    {
      port: CONTAINER_PORTS.ca.server,
      address: '0.0.0.0',
      debug: false,
      operations: { listenAddress: `127.0.0.1:${OPERATIONS_PORT}` },
      metrics: { provider: 'disabled' },
      tls: { enabled: true, certfile: `${HOME}/tls/server.crt`, keyfile: `${HOME}/tls/server.key` },
      ca: { name: ca.name, certfile: `${HOME}/ca-cert.pem`, keyfile: `${HOME}/ca-key.pem` },
      db: { type: 'sqlite3', datasource: `${DATA}/fabric-ca-server.db` },
      // Every secret here is drawn from 192 bits. Locking an identity after some wrong ones would stop no guess, and
      // would let anyone who reaches the port lock out the registrar, whose name is known.
      cfg: { identities: { passwordattempts: -1, allowremove: false } },
      registry: {
        // No ceiling of the CA's own: whoever registers an identity says how often its secret may be used.
        maxenrollments: -1,
        identities: [
          {
            name: registrar.user,
            pass: registrar.password,
            // Each process that acts as registrar enrols with its password when it starts.
            maxenrollments: -1,
            type: 'client',
            affiliation: '',
            attrs: {
              'hf.Registrar.Roles': '*',
              'hf.Registrar.DelegateRoles': '*',
              'hf.Registrar.Attributes': '*',
              'hf.Revoker': true,
              'hf.IntermediateCA': false,
              'hf.GenCRL': true,
              'hf.AffiliationMgr': true,
            },
          },
        ],
      },
      affiliations: { [name.toLowerCase()]: ['department1', 'department2'] },
      signing: {
        default: { usage: ['digital signature'], expiry: '8760h' },
        profiles: {
          tls: {
            usage: ['signing', 'key encipherment', 'server auth', 'client auth', 'key agreement'],
            expiry: '8760h',
          },
        },
      },
      csr: {
        cn: fullName(ca.name, domain),
        keyrequest: { algo: 'ecdsa', size: 256 },
        names: [{ O: domain }],
        hosts: [ca.name, 'localhost'],
      },
      crl: { expiry: '24h' },
    },
    { lineWidth: 0 },
  );
}
