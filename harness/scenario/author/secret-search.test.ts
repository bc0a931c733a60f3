import { generateKeyPairSync } from 'node:crypto';
import type { Credentials } from '../../fabric/identities/credentials.ts';
import type { Identities } from '../../fabric/identities/identities.ts';
import { keyTexts, passwordsOf, privateKeysOf, secretsIn } from './secret-search.ts';

const newKey = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string,
  };
};

it('knows passwords by where they stand, and no user names', () => {
  const credentials = {
    couchdb: { user: 'fabric', password: 'p1' },
    registrars: { Org1: { user: 'admin', password: 'p2' } },
    tokenSecret: 'p3',
  } as unknown as Credentials;
  expect([...passwordsOf(credentials)]).toEqual([
    ['couchdb.password', ['p1']],
    ['registrars.Org1.password', ['p2']],
    ['tokenSecret', ['p3']],
  ]);
});

it('knows each private key wherever it is quoted, and not its public key or another key', () => {
  const [one, other] = [newKey(), newKey()];
  const identities = { organisations: { Org1: { admin: one } } } as unknown as Identities;
  const secrets = privateKeysOf(identities);
  const name = 'identities.organisations.Org1.admin.privateKey';
  expect([...secrets.keys()]).toEqual([name]);
  expect(secretsIn(`x ${one.privateKey}`, secrets)).toEqual([name]);
  expect(secretsIn(JSON.stringify({ key: one.privateKey }), secrets)).toEqual([name]);
  expect(secretsIn(`${one.publicKey} ${other.privateKey}`, secrets)).toEqual([]);
});

it('does not take another text for a key', () => {
  expect(() => keyTexts('nothing')).toThrow('expected PEM');
});
