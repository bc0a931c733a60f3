import type { ServiceDefinition } from '../../swarm/service-definition.ts';
import { listensOn, published, secret } from '../../swarm/service-parts.ts';
import { CONTAINER_PORTS, type Topology } from '../../topology/schema.ts';
import type { Credentials } from '../identities/credentials.ts';
import { withSecretEnvironment } from './common.ts';
import { mongoUrl } from './mongo.ts';

const URL_FILE = '/run/secrets/mongo-url';
const PASSWORD = '/run/secrets/mongo-express-password';
const SESSION = '/run/secrets/mongo-express-session';
const COOKIE = '/run/secrets/mongo-express-cookie';

/** A look into the database by browser, behind a login of its own. */
export function mongoExpressService(
  topology: Topology,
  credentials: Credentials,
): ServiceDefinition {
  const { name, machine, ports } = topology.application.mongoExpress;
  const { user, password } = credentials.mongoExpress;
  return {
    name,
    image: 'mongo-express',
    machine,
    command: withSecretEnvironment(
      {
        ME_CONFIG_MONGODB_URL: URL_FILE,
        ME_CONFIG_BASICAUTH_PASSWORD: PASSWORD,
        ME_CONFIG_SITE_SESSIONSECRET: SESSION,
        ME_CONFIG_SITE_COOKIESECRET: COOKIE,
      },
      ['node', 'app.js'],
    ),
    env: {
      VCAP_APP_HOST: '0.0.0.0',
      PORT: String(CONTAINER_PORTS['mongo-express'].http),
      ME_CONFIG_BASICAUTH_USERNAME: user,
      // Show every database, not only the one in the URL.
      ME_CONFIG_MONGODB_ENABLE_ADMIN: 'true',
    },
    files: [
      secret(URL_FILE, mongoUrl(topology, credentials)),
      secret(PASSWORD, password),
      secret(SESSION, credentials.sessionSecret),
      secret(COOKIE, credentials.cookieSecret),
    ],
    ports: published(CONTAINER_PORTS['mongo-express'], ports),
    health: listensOn(CONTAINER_PORTS['mongo-express'].http),
    init: true,
    stopGracePeriodMs: 2_000,
  };
}
