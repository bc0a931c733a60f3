import { randomBytes } from 'node:crypto';
import type { Topology } from '../../settings/topology/schema.ts';

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
}

/** Draws new passwords of 192 bits; letters, digits, `-` and `_` only, so that they may stand in a URL. */
export function createCredentials(topology: Topology): Credentials {
  const login = (user: string): Login => ({ user, password: secret() });
  return {
    couchdb: login('fabric'),
    mongo: login('root'),
    mongoExpress: login('admin'),
    registrars: Object.fromEntries(
      topology.organisations.map(({ name }) => [name, login('admin')]),
    ),
    tokenSecret: secret(),
  };
}

function secret(): string {
  return randomBytes(24).toString('base64url');
}
