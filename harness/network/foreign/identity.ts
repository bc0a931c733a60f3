import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { SigningIdentity } from '../../../fabric-client/types.ts';
import { messageOf, UsageError } from '../../base/errors.ts';

/** An MSP folder, and whose it is where it is not the profile's organisation. */
export interface IdentityFolder {
  readonly folder: string;
  readonly mspId?: string;
}

/** @param text `FOLDER`, or `MSPID=FOLDER` */
export function identityFolder(text: string): IdentityFolder {
  const [, mspId, folder] = /^([A-Za-z0-9.-]+)=(.+)$/.exec(text) ?? [];
  return mspId === undefined || folder === undefined ? { folder: text } : { folder, mspId };
}

/**
 * Reads an identity out of an MSP folder as cryptogen and Fabric CA's client write it: `signcerts/` and `keystore/`,
 * below `folder` or below its `msp/`.
 *
 * @throws UsageError where a part is missing, the key is another certificate's, or the certificate has expired
 */
export function readIdentity(folder: string, mspId: string, now = Date.now()): SigningIdentity {
  const fail = (problem: string): never => {
    throw new UsageError([`identity ${folder}: ${problem}`]);
  };
  const msp = [folder, path.join(folder, 'msp')].find((at) =>
    existsSync(path.join(at, 'signcerts')),
  );
  if (!msp) return fail('expected signcerts/ and keystore/ in it or in its msp/, seen none');
  const certificatePem = onlyFile(path.join(msp, 'signcerts'));
  if (certificatePem === undefined) return fail('signcerts/: expected a certificate, seen none');
  const keys = filesIn(path.join(msp, 'keystore'));
  if (keys.length === 0) return fail('keystore/: expected a private key, seen none');
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(certificatePem);
  } catch (error) {
    return fail(`signcerts/: expected a certificate in PEM, seen: ${messageOf(error)}`);
  }
  const own = keys.find((pem) => {
    try {
      return certificate.checkPrivateKey(createPrivateKey(pem));
    } catch {
      return false;
    }
  });
  if (own === undefined) {
    return fail(
      `keystore/: expected the private key of the certificate (${certificate.subject.replaceAll('\n', ', ')}), seen ${keys.length === 1 ? 'another' : 'others'}`,
    );
  }
  if (Date.parse(certificate.validTo) <= now) {
    return fail(
      `expected a certificate that is in force, seen one that ended ${certificate.validTo}`,
    );
  }
  return { mspId, certificatePem, privateKeyPem: own };
}

const filesIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .map((name) => path.join(folder, name))
        .filter((file) => statSync(file).isFile())
        .map((file) => readFileSync(file, 'utf8'))
    : [];

const onlyFile = (folder: string): string | undefined => filesIn(folder)[0];
