import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/**
 * Certificates as Fabric wants them: ECDSA on P-256 with SHA-256, subject and authority key identifiers, the role as
 * organisational unit, and low-S signatures. Fabric normalises a certificate with a high S before it compares or
 * hashes it (`msp/cert.go`, `sanitizeECDSASignedCert`); one that is low already is the same on both sides.
 */

x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Half the order of P-256's group (SEC 2, 2.4.2): the largest S that counts as low. */
const HALF_ORDER = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n;

const HOUR = 3600 * 1000;
const YEAR = 365 * 24 * HOUR;
/** Certificates are valid from this long ago, for machines whose clocks are behind. */
const BACKDATE = HOUR;
const CA_LIFETIME = 10 * YEAR;
const LEAF_LIFETIME = YEAR;

/** Both in PEM; the key in PKCS#8. */
export interface KeyPair {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Roles that Fabric knows by organisational unit (NodeOUs). */
export type CertificateRole = 'client' | 'peer' | 'admin' | 'orderer';

export interface LeafRequest {
  readonly commonName: string;
  readonly organisation: string;
  readonly role?: CertificateRole;
  /** DNS names and IP addresses; with them the certificate may serve and use TLS. */
  readonly hosts?: readonly string[];
}

/** A certificate authority that can issue certificates; its key never leaves the process but as PEM. */
export interface Authority extends KeyPair {
  /** @returns a certificate for a new key, valid for a year */
  issue(request: LeafRequest): Promise<KeyPair>;
}

/**
 * Makes a self-signed root, valid for ten years.
 *
 * @param commonName e.g. `ca.org1.example.com`
 * @param organisation e.g. `org1.example.com`
 * @param now milliseconds since the epoch; certificates count from an hour before
 */
export async function createAuthority(
  commonName: string,
  organisation: string,
  now: number,
): Promise<Authority> {
  const keys = await generateKeys();
  const name = new x509.Name([{ CN: [commonName] }, { O: [organisation] }]).toString();
  const root = await lowS(async () =>
    x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name,
      keys,
      signingAlgorithm: ALGORITHM,
      ...validity(now, CA_LIFETIME),
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.digitalSignature |
            x509.KeyUsageFlags.keyCertSign |
            x509.KeyUsageFlags.cRLSign,
          true,
        ),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    }),
  );
  return authority(root, keys, now);
}

/**
 * An authority that was made before, from its certificate and key.
 *
 * @param now milliseconds since the epoch; what it issues counts from an hour before
 */
export async function openAuthority(
  { certificate, privateKey }: KeyPair,
  now: number,
): Promise<Authority> {
  const root = new x509.X509Certificate(certificate);
  const der = Buffer.from(privateKey.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const [key, publicKey] = await Promise.all([
    webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']),
    root.publicKey.export(ALGORITHM, ['verify']),
  ]);
  return authority(root, { privateKey: key, publicKey: publicKey as webcrypto.CryptoKey }, now);
}

async function authority(
  root: x509.X509Certificate,
  keys: webcrypto.CryptoKeyPair,
  now: number,
): Promise<Authority> {
  const authorityKey = await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey);
  return {
    certificate: pem(root),
    privateKey: await privateKeyPem(keys.privateKey),
    async issue({ commonName: subject, organisation: of, role, hosts }) {
      const leafKeys = await generateKeys();
      const subjectKey = await x509.SubjectKeyIdentifierExtension.create(leafKeys.publicKey);
      const parts = [{ CN: [subject] }, ...(role ? [{ OU: [role] }] : []), { O: [of] }];
      const leaf = await lowS(() =>
        x509.X509CertificateGenerator.create({
          serialNumber: serialNumber(),
          subject: new x509.Name(parts).toString(),
          issuer: root.subject,
          publicKey: leafKeys.publicKey,
          signingKey: keys.privateKey,
          signingAlgorithm: ALGORITHM,
          ...validity(now, LEAF_LIFETIME),
          extensions: [
            new x509.BasicConstraintsExtension(false, undefined, true),
            new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
            subjectKey,
            authorityKey,
            ...(hosts ? tlsExtensions(hosts) : []),
          ],
        }),
      );
      return { certificate: pem(leaf), privateKey: await privateKeyPem(leafKeys.privateKey) };
    },
  };
}

/**
 * A certificate for the same subject, key and names as another one, for another time.
 *
 * @param issuer who issued it
 * @param certificate PEM
 * @param to milliseconds since the epoch when it ends; it is valid for a day before
 */
export async function renewedUntil(
  issuer: KeyPair,
  certificate: string,
  to: number,
): Promise<string> {
  const old = new x509.X509Certificate(certificate);
  const key = Buffer.from(x509.PemConverter.decodeFirst(issuer.privateKey));
  const signingKey = await webcrypto.subtle.importKey('pkcs8', key, ALGORITHM, false, ['sign']);
  const renewed = await lowS(() =>
    x509.X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: old.subject,
      issuer: old.issuer,
      publicKey: old.publicKey,
      signingKey,
      signingAlgorithm: ALGORITHM,
      notBefore: new Date(to - 24 * HOUR),
      notAfter: new Date(to),
      extensions: old.extensions,
    }),
  );
  return pem(renewed);
}

/**
 * A revocation list of an authority, valid for a day, in PEM. Fabric passes over one that does not name its authority's
 * key (`msp/mspimplvalidate.go`).
 *
 * @param certificates those that are revoked, in PEM
 */
export async function revocationList(
  { certificate, privateKey }: KeyPair,
  certificates: readonly string[],
): Promise<string> {
  const authority = new x509.X509Certificate(certificate);
  const { keyId = '' } = authority.getExtension(x509.SubjectKeyIdentifierExtension) ?? {};
  const key = Buffer.from(x509.PemConverter.decodeFirst(privateKey));
  const signingKey = await webcrypto.subtle.importKey('pkcs8', key, ALGORITHM, false, ['sign']);
  const now = Date.now();
  const list = await x509.X509CrlGenerator.create({
    issuer: authority.subject,
    thisUpdate: new Date(now - BACKDATE),
    nextUpdate: new Date(now + 24 * HOUR),
    entries: certificates.map((one) => ({
      serialNumber: new x509.X509Certificate(one).serialNumber,
      revocationDate: new Date(now - BACKDATE),
    })),
    // As the authority's certificate has it: cryptogen makes it of another hash than this library does.
    extensions: [new x509.AuthorityKeyIdentifierExtension(keyId)],
    signingKey,
    signingAlgorithm: ALGORITHM,
  });
  // Go's x509.ParseCRL knows this label only, and the library writes another.
  return x509.PemConverter.encode(list.rawData, 'X509 CRL');
}

/** Whether a certificate's signature has a low S. */
export function hasLowS(certificatePem: string): boolean {
  return isLowS(new x509.X509Certificate(certificatePem));
}

function isLowS(certificate: x509.X509Certificate): boolean {
  // Ecdsa-Sig-Value is SEQUENCE { r INTEGER, s INTEGER }, each shorter than 128 bytes.
  const der = Buffer.from(certificate.signature);
  const lengthOfR = der.readUInt8(3);
  const s = der.subarray(4 + lengthOfR + 2);
  return BigInt(`0x${s.toString('hex')}`) <= HALF_ORDER;
}

/** Signs again until S is low: each signature draws a new nonce, so two attempts are the average. */
async function lowS(sign: () => Promise<x509.X509Certificate>): Promise<x509.X509Certificate> {
  for (;;) {
    const certificate = await sign();
    if (isLowS(certificate)) {
      return certificate;
    }
  }
}

function tlsExtensions(hosts: readonly string[]): x509.Extension[] {
  const isAddress = (host: string) => /^[\d.]+$|:/.test(host);
  return [
    new x509.ExtendedKeyUsageExtension([
      x509.ExtendedKeyUsage.serverAuth,
      x509.ExtendedKeyUsage.clientAuth,
    ]),
    new x509.SubjectAlternativeNameExtension(
      hosts.map((host) => ({ type: isAddress(host) ? 'ip' : 'dns', value: host })),
    ),
  ];
}

function validity(now: number, lifetime: number) {
  const notBefore = now - BACKDATE;
  return { notBefore: new Date(notBefore), notAfter: new Date(notBefore + lifetime) };
}

function generateKeys() {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

/** 127 random bits: positive, and unique for our purposes. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(0) & 0x7f) | 0x40, 0);
  return bytes.toString('hex');
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', key);
  const lines =
    Buffer.from(pkcs8)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}
