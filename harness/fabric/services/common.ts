import type { ServiceFile } from '../../swarm/service-definition.ts';
import { config, secret } from '../../swarm/service-parts.ts';
import type { KeyPair } from '../identities/certificates.ts';
import type { OrganisationIdentities } from '../identities/identities.ts';
import { KEY_FILE, localMsp } from '../identities/msp.ts';

/** Files of a member's MSP below a folder; the private key is a secret. */
export function mspFiles(
  folder: string,
  organisation: OrganisationIdentities,
  member: KeyPair,
): ServiceFile[] {
  return Object.entries(localMsp(organisation, member)).map(([path, content]) =>
    path === KEY_FILE ? secret(`${folder}/${path}`, content) : config(`${folder}/${path}`, content),
  );
}

/** A TLS server's certificate, key and root, as `server.crt`, `server.key` and `ca.crt` below a folder. */
export function tlsFiles(
  folder: string,
  organisation: OrganisationIdentities,
  { certificate, privateKey }: KeyPair,
): ServiceFile[] {
  return [
    config(`${folder}/server.crt`, certificate),
    secret(`${folder}/server.key`, privateKey),
    config(`${folder}/ca.crt`, organisation.tlsCa.certificate),
  ];
}

/**
 * A command that reads environment variables from files first, for programs that take a secret from the environment
 * only: a value in the service's definition could be read by `docker service inspect`.
 *
 * @param variables paths by variable name
 */
export function withSecretEnvironment(
  variables: Readonly<Record<string, string>>,
  command: readonly string[],
): string[] {
  const exports = Object.entries(variables).map(([name, path]) => `${name}="$(<${path})"`);
  const names = Object.keys(variables).join(' ');
  return ['bash', '-ec', `${exports.join(' ')}; export ${names}; exec "$@"`, '--', ...command];
}

/** Fabric's log format without colours; level, module and message are what log checks read. */
export const FABRIC_LOG_FORMAT =
  '%{time:2006-01-02T15:04:05.000Z07:00} %{level:.4s} [%{module}] %{shortfunc} -> %{message}';
