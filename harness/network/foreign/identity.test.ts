import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createAuthority, type KeyPair } from '../../fabric/identities/certificates.ts';
import { readIdentity } from './identity.ts';

let folder: string;
let user: KeyPair;
let other: KeyPair;
const NOW = Date.UTC(2026, 10, 1);
beforeAll(async () => {
  const authority = await createAuthority('ca.org1', 'org1', NOW);
  const request = { commonName: 'User1', organisation: 'org1', role: 'client' } as const;
  user = await authority.issue(request);
  other = await authority.issue(request);
});
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'identity-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function leave(file: string, content: string): void {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), content);
}
const read = (now = NOW) => readIdentity(folder, 'Org1MSP', now);

describe('an identity in an MSP folder', () => {
  it('is a certificate and its private key, whatever other keys are there', () => {
    leave('msp/signcerts/cert.pem', user.certificate);
    leave('msp/keystore/a_sk', other.privateKey);
    leave('msp/keystore/b_sk', user.privateKey);
    expect(read()).toEqual({
      mspId: 'Org1MSP',
      certificatePem: user.certificate,
      privateKeyPem: user.privateKey,
    });
  });

  it('is refused with what is missing or wrong', () => {
    expect(() => read()).toThrow('expected signcerts/ and keystore/ in it or in its msp/');
    mkdirSync(path.join(folder, 'signcerts'));
    expect(() => read()).toThrow('signcerts/: expected a certificate, seen none');
    leave('signcerts/cert.pem', 'nonsense');
    expect(() => read()).toThrow('keystore/: expected a private key, seen none');
    leave('keystore/priv_sk', other.privateKey);
    expect(() => read()).toThrow('signcerts/: expected a certificate in PEM');
    leave('signcerts/cert.pem', user.certificate);
    expect(() => read()).toThrow(
      /keystore\/: expected the private key of the certificate \(.*User1.*\), seen another/,
    );
    leave('keystore/priv_sk', user.privateKey);
    expect(() => read(NOW + 2 * 366 * 86_400_000)).toThrow(
      /expected a certificate that is in force, seen one that ended .* 2027/,
    );
  });
});
