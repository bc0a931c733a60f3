import { webcrypto } from 'node:crypto';
import 'reflect-metadata'; // x509's injector needs it
import * as x509 from '@peculiar/x509';

/** PEM texts for the Docker API of the machines: servers and the one client trust the same throw-away authority. */
export interface ApiCertificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const VALIDITY_MS = 30 * 24 * 3600_000;

/**
 * Makes the certificates with which the machines' engines and the harness know each other. The authority's key is
 * forgotten at once, so that nobody else can get in.
 *
 * @param addresses IP addresses that the engines answer at
 */
export async function createApiCertificates(
  addresses: readonly string[],
): Promise<ApiCertificates> {
  const window = {
    notBefore: new Date(Date.now() - 3600_000),
    notAfter: new Date(Date.now() + VALIDITY_MS),
  };
  const authority = await newKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=harness docker api',
    keys: authority,
    signingAlgorithm: ALGORITHM,
    ...window,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const issue = async (
    serialNumber: string,
    subject: string,
    usage: string,
    names: x509.JsonGeneralNames,
  ) => {
    const keys = await newKeys();
    const cert = await x509.X509CertificateGenerator.create({
      serialNumber,
      subject,
      issuer: ca.subject,
      publicKey: keys.publicKey,
      signingKey: authority.privateKey,
      signingAlgorithm: ALGORITHM,
      ...window,
      extensions: [
        new x509.ExtendedKeyUsageExtension([usage]),
        new x509.SubjectAlternativeNameExtension(names),
      ],
    });
    return { cert: cert.toString('pem'), key: await privatePem(keys.privateKey) };
  };
  const ips: x509.JsonGeneralNames = [...addresses, '127.0.0.1'].map((value) => ({
    type: 'ip',
    value,
  }));
  return {
    ca: ca.toString('pem'),
    server: await issue('02', 'CN=machine', x509.ExtendedKeyUsage.serverAuth, ips),
    client: await issue('03', 'CN=harness', x509.ExtendedKeyUsage.clientAuth, [
      { type: 'dns', value: 'harness' },
    ]),
  };
}

const newKeys = () =>
  webcrypto.subtle.generateKey(ALGORITHM, true, [
    'sign',
    'verify',
  ]) as Promise<webcrypto.CryptoKeyPair>;

async function privatePem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.replace(/.{64}/g, '$&\n').trimEnd()}\n-----END PRIVATE KEY-----\n`;
}
