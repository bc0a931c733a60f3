import { randomBytes } from 'node:crypto';
import type { Topology } from '../../topology/schema.ts';

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** Passwords of a run. Never log it, never put it in a report. */
export interface Credentials {
  readonly couchdb: Login;
  readonly mongo: Login;
  readonly mongoExpress: Login;
  /** Registrar of each organisation's CA server, by organisation name. */
  readonly registrars: Readonly<Record<string, Login>>;
  /** Signs the REST API's tokens. */
  readonly tokenSecret: string;
  /** Encrypts the keys in the REST API's wallet; 32 bytes, hexadecimal. */
  readonly walletKey: string;
  /** What makes the first user of an organisation at the REST API its admin, by organisation name. */
  readonly firstAdminSecrets: Readonly<Record<string, string>>;
  /** Sign mongo-express' sessions and cookies. */
  readonly sessionSecret: string;
  readonly cookieSecret: string;
}

/** Draws new passwords of 192 bits; letters, digits, `-` and `_` only, so that they may stand in a URL. */
export function createCredentials(topology: Topology): Credentials {
  const login = (user: string): Login => ({ user, password: secret() });
  const byOrganisation = <T>(draw: () => T) =>
    Object.fromEntries(topology.organisations.map(({ name }) => [name, draw()]));
  return {
    couchdb: login('fabric'),
    mongo: login('root'),
    mongoExpress: login('admin'),
    registrars: byOrganisation(() => login('admin')),
    tokenSecret: secret(),
    walletKey: randomBytes(32).toString('hex'),
    firstAdminSecrets: byOrganisation(secret),
    sessionSecret: secret(),
    cookieSecret: secret(),
  };
}

function secret(): string {
  return randomBytes(24).toString('base64url');
}
