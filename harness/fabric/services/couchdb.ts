import type { ServiceDefinition } from '../../swarm/service-definition.ts';
import { namedEarly, published, secret, volume } from '../../swarm/service-parts.ts';
import { CONTAINER_PORTS, type Topology } from '../../topology/schema.ts';
import type { Credentials } from '../identities/credentials.ts';
import { withSecretEnvironment } from './common.ts';

const PASSWORD = '/run/secrets/couchdb-password';

/** The program that each kind of image runs, behind the reading of the password. */
const OFFICIAL = ['tini', '--', '/docker-entrypoint.sh', '/opt/couchdb/bin/couchdb'];

/**
 * One state database a peer.
 *
 * @param official whether the `couchdb` image is the official one, which cannot read its password from a file
 */
export function couchdbServices(
  topology: Topology,
  credentials: Credentials,
  official: boolean,
): ServiceDefinition[] {
  const { user, password } = credentials.couchdb;
  return topology.organisations.flatMap(({ peers }) =>
    peers.map(({ couchdb: { name, machine, ports } }) => ({
      name,
      image: 'couchdb',
      machine,
      env: {
        COUCHDB_USER: user,
        ...(official ? {} : { COUCHDB_PASSWORD_FILE: PASSWORD }),
      },
      ...(official
        ? { command: withSecretEnvironment({ COUCHDB_PASSWORD: PASSWORD }, OFFICIAL) }
        : {}),
      files: [secret(PASSWORD, password)],
      volumes: [volume(name, 'data', '/opt/couchdb/data')],
      ports: published(CONTAINER_PORTS.couchdb, ports),
      health: namedEarly(CONTAINER_PORTS.couchdb.http),
      stopGracePeriodMs: 3_000,
    })),
  );
}
