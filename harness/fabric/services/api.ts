import { PATIENCE, patience } from '../../base/patience.ts';
import type { ServiceDefinition, ServiceFile } from '../../swarm/service-definition.ts';
import { config, listensOn, published, secret } from '../../swarm/service-parts.ts';
import { apisOf } from '../../topology/components.ts';
import { CONTAINER_PORTS, type Topology } from '../../topology/schema.ts';
import type { KeyPair } from '../identities/certificates.ts';
import type { Credentials } from '../identities/credentials.ts';
import type { Identities } from '../identities/identities.ts';
import { connectionProfile } from '../profile/connection-profile.ts';
import { mongoUrl } from './mongo.ts';

const HOME = '/etc/api';
export const API_ARTEFACTS = `${HOME}/artefacts`;
const PROFILE = `${HOME}/connection-profile.json`;
const CERTIFICATE = `${HOME}/server.crt`;
const SECRETS = '/run/secrets';
/** What the process needs at most, and the container gets: fixtures/api/README.md, _Bounds_. */
const MEMORY_BYTES = 512 * 1024 * 1024;
const HEAP_MIB = 256;

/**
 * The processes of the REST API. Its variables name files; what they hold is described in `fixtures/api/src/config.ts`.
 *
 * @param artefacts content by file name, for its routes that create channels and deploy chaincodes: `<channel>.tx`,
 *   `<chaincode>_<version>.tar.gz`
 * @param article whether it takes the article's own script: whoever reaches it is an admin then
 * @throws Error for an artefact that a Swarm config cannot hold
 */
export function apiServices(
  topology: Topology,
  identities: Identities,
  credentials: Credentials,
  artefacts: Readonly<Record<string, Uint8Array>>,
  article = false,
): ServiceDefinition[] {
  const registrars = Object.entries(credentials.registrars).map(([organisation, login]) => [
    organisation,
    { name: login.user, password: login.password },
  ]);
  const admins = Object.values(identities.organisations).map(({ name: of, mspId, admin }) => [
    of,
    { mspId, certificate: admin.certificate, privateKey: admin.privateKey },
  ]);
  const secrets = {
    MONGODB_URL_FILE: mongoUrl(topology, credentials, 'api'),
    TOKEN_SECRET_FILE: credentials.tokenSecret,
    WALLET_KEY_FILE: credentials.walletKey,
    CA_ADMIN_FILE: JSON.stringify(Object.fromEntries(registrars)),
    ORG_ADMINS_FILE: JSON.stringify(Object.fromEntries(admins)),
    ADMIN_SECRETS_FILE: JSON.stringify(credentials.firstAdminSecrets),
  };
  const path = (variable: string) => `${SECRETS}/${variable.toLowerCase().replaceAll('_', '-')}`;
  const common = {
    image: 'api',
    env: {
      PORT: String(CONTAINER_PORTS.api.http),
      [PATIENCE]: String(patience()),
      NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}`,
      CONNECTION_PROFILE: PROFILE,
      CHANNEL_ARTEFACTS_DIR: API_ARTEFACTS,
      TLS_CERT_FILE: CERTIFICATE,
      // Enrolled by the harness itself, at the same CAs.
      RESERVED_NAMES: 'harness-*',
      ...(article ? articleEnvironment(Object.keys(artefacts)) : {}),
      ...Object.fromEntries(
        [...Object.keys(secrets), 'TLS_KEY_FILE'].map((variable) => [variable, path(variable)]),
      ),
    },
    health: listensOn(CONTAINER_PORTS.api.http),
    init: true,
    limits: { memoryBytes: MEMORY_BYTES },
    // An idle API ends at once; one at work answers what it has begun (`SHUTDOWN_TIMEOUT_MS`).
    stopGracePeriodMs: 65_000,
  };
  const profile = JSON.stringify(connectionProfile(topology, identities));
  return apisOf(topology).map(({ name, machine, ports }) => {
    const tls = serverCertificate(identities, name);
    const secretFiles = { ...secrets, TLS_KEY_FILE: tls.privateKey };
    return {
      ...common,
      name,
      machine,
      alias: topology.application.api.name,
      files: [
        config(CERTIFICATE, tls.certificate),
        config(PROFILE, profile),
        ...Object.entries(artefacts).map(([file, content]) => artefact(file, content)),
        ...Object.entries(secretFiles).map(([variable, content]) =>
          secret(path(variable), content),
        ),
      ],
      ports: published(CONTAINER_PORTS.api, ports),
    };
  });
}

/** The article has one application for both organisations, which approves for both. */
function articleEnvironment(artefacts: readonly string[]): Record<string, string> {
  const file = artefacts.find((name) => /^bank_.*\.tar\.gz$/.test(name));
  if (file === undefined) {
    throw new Error(`article's script: expected a package of bank, saw ${artefacts.join(', ')}`);
  }
  return { ARTICLE_CHAINCODE: file, APPROVALS: 'all' };
}

function serverCertificate({ organisations }: Identities, name: string): KeyPair {
  const found = Object.values(organisations).flatMap(({ servers }) => servers[name] ?? [])[0];
  if (found === undefined) throw new Error(`TLS certificate: expected one of ${name}, saw none`);
  return found;
}

/** `moby/swarmkit manager/controlapi/config.go`: the largest config, in bytes. */
const MAX_CONFIG_BYTES = 500 * 1024;

/**
 * A file of the REST API's directory of artefacts.
 *
 * @throws Error when it is more than a Swarm config can hold
 */
export function artefact(file: string, content: Uint8Array): ServiceFile {
  if (content.byteLength > MAX_CONFIG_BYTES) {
    throw new Error(
      `artefact ${file} of the REST API: expected at most ${MAX_CONFIG_BYTES} bytes, saw ${content.byteLength}`,
    );
  }
  return config(`${API_ARTEFACTS}/${file}`, content);
}
