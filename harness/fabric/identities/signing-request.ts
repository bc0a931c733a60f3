import 'reflect-metadata';
import { KeyObject, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A new key on P-256 and a request (PKCS#10) that a CA certify it; both in PEM, the key in PKCS#8. */
export async function createSigningRequest(
  commonName: string,
): Promise<{ readonly request: string; readonly privateKey: string }> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    { name: new x509.Name([{ CN: [commonName] }]).toString(), keys, signingAlgorithm: ALGORITHM },
    webcrypto,
  );
  return {
    request: request.toString('pem'),
    privateKey: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
