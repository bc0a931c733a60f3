import type { ServiceDefinition } from '../../swarm/service-definition.ts';
import { listensOn, published, secret, volume } from '../../swarm/service-parts.ts';
import { CONTAINER_PORTS, type Topology } from '../../topology/schema.ts';
import type { Credentials } from '../identities/credentials.ts';

const PASSWORD = '/run/secrets/mongo-password';

/** The database of the REST API's users. The official image and the stand-in take the same variables. */
export function mongoService(topology: Topology, credentials: Credentials): ServiceDefinition {
  const { name, machine, ports } = topology.application.mongo;
  const { user, password } = credentials.mongo;
  return {
    name,
    image: 'mongo',
    machine,
    env: { MONGO_INITDB_ROOT_USERNAME: user, MONGO_INITDB_ROOT_PASSWORD_FILE: PASSWORD },
    // The official image gives up root before it reads the file.
    files: [secret(PASSWORD, password, 0o444)],
    volumes: [volume(name, 'data', '/data/db')],
    ports: published(CONTAINER_PORTS.mongo, ports),
    health: listensOn(CONTAINER_PORTS.mongo.mongodb),
    stopGracePeriodMs: 5_000,
  };
}

/** URL of the database inside the overlay, with credentials: a secret. */
export function mongoUrl(topology: Topology, { mongo }: Credentials, database = ''): string {
  const { name } = topology.application.mongo;
  const port = CONTAINER_PORTS.mongo.mongodb;
  return `mongodb://${mongo.user}:${mongo.password}@${name}:${port}/${database}?authSource=admin`;
}
