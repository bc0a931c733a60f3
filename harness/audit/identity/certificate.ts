import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import {
  BIT_STRING,
  BOOLEAN,
  childrenOf,
  type Element,
  elementAt,
  INTEGER,
  MalformedDer,
  OCTET_STRING,
  objectIdentifier,
  SEQUENCE,
  textOf,
  timeOf,
} from './der.ts';

const ORGANIZATIONAL_UNIT = '2.5.4.11';
const COMMON_NAME = '2.5.4.3';
const SUBJECT_KEY_IDENTIFIER = '2.5.29.14';
const BASIC_CONSTRAINTS = '2.5.29.19';
const AUTHORITY_KEY_IDENTIFIER = '2.5.29.35';

/** Signature algorithms of certificates that Fabric's identities use. */
const HASHES: Readonly<Record<string, string | null>> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.3.101.112': null,
};

/** Something signed with an X.509 algorithm: a certificate or a revocation list. */
interface SignedObject {
  readonly content: Buffer;
  readonly algorithm: string;
  readonly signature: Buffer;
}

/** A certificate as far as Fabric's membership service looks at it. */
export interface Certificate extends SignedObject {
  /** DER. */
  readonly raw: Buffer;
  /** Content of the INTEGER, hexadecimal. */
  readonly serial: string;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly commonName: string;
  readonly units: readonly string[];
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly key: KeyObject;
  readonly isAuthority: boolean;
  /** How many authorities may follow below; `null` without a limit. */
  readonly pathLength: number | null;
  /** Hexadecimal; `null` without the extension. */
  readonly keyIdentifier: string | null;
}

/** A revocation list as far as Fabric's membership service looks at it. */
export interface RevocationList extends SignedObject {
  /** Key identifier of the authority, hexadecimal; `null` without the extension. */
  readonly authority: string | null;
  /** Serial numbers, hexadecimal. */
  readonly revoked: ReadonlySet<string>;
}

/** DER out of PEM, or the bytes themselves where they are no PEM. `undefined` for a PEM of something else. */
export function fromPem(bytes: Buffer): Buffer | undefined {
  const text = bytes.toString('latin1');
  const match = /-----BEGIN ([A-Z0-9 ]+)-----\s+([A-Za-z0-9+/=\s]+?)-----END \1-----/.exec(text);
  return match ? Buffer.from(match[2] as string, 'base64') : undefined;
}

/** @throws {MalformedDer} and errors of node:crypto when it is no certificate with a key that can be used */
export function parseCertificate(der: Buffer): Certificate {
  const outer = elementAt(der);
  const [body, algorithm, signature] = expectParts(outer, 'certificate');
  const fields = childrenOf(body.content);
  // [0] EXPLICIT version, absent in version 1.
  const at = fields[0]?.tag === 0xa0 ? 1 : 0;
  const [serial, , issuer, validity, subject, key] = fields.slice(at);
  if (serial?.tag !== INTEGER || !issuer || !validity || !subject || !key) {
    throw new MalformedDer('certificate without its fields');
  }
  const [notBefore, notAfter] = childrenOf(validity.content);
  if (!notBefore || !notAfter) throw new MalformedDer('certificate without validity');
  const names = namesOf(subject);
  const extensions = extensionsOf(fields.find(({ tag }) => tag === 0xa3));
  const constraints = extensions.get(BASIC_CONSTRAINTS);
  const [first, second] = constraints ? childrenOf(elementAt(constraints).content) : [];
  const isAuthority = first?.tag === BOOLEAN && first.content[0] !== 0;
  const limit = isAuthority ? second : undefined;
  const identifier = extensions.get(SUBJECT_KEY_IDENTIFIER);
  return {
    raw: outer.raw,
    content: body.raw,
    ...signatureOf(algorithm, signature),
    serial: serial.content.toString('hex'),
    issuer: issuer.raw,
    subject: subject.raw,
    commonName: names.find(([type]) => type === COMMON_NAME)?.[1] ?? '',
    units: names.filter(([type]) => type === ORGANIZATIONAL_UNIT).map(([, text]) => text),
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    key: createPublicKey({ key: key.raw, format: 'der', type: 'spki' }),
    isAuthority,
    pathLength: limit?.tag === INTEGER ? limit.content.readUIntBE(0, limit.content.length) : null,
    keyIdentifier: identifier ? elementAt(identifier).content.toString('hex') : null,
  };
}

/** @throws {MalformedDer} when it is no revocation list */
export function parseRevocationList(der: Buffer): RevocationList {
  const [body, algorithm, signature] = expectParts(elementAt(der), 'revocation list');
  const fields = childrenOf(body.content);
  const extensions = extensionsOf(fields.find(({ tag }) => tag === 0xa0));
  const identifier = extensions.get(AUTHORITY_KEY_IDENTIFIER);
  const authority = identifier
    ? childrenOf(elementAt(identifier).content).find(({ tag }) => tag === 0x80)
    : undefined;
  // After version, algorithm, issuer and times there is at most one sequence: of what was revoked.
  const times = fields.findLastIndex(({ tag }) => tag === 0x17 || tag === 0x18);
  const list = fields[times + 1];
  const entries = list?.tag === SEQUENCE ? childrenOf(list.content) : [];
  return {
    content: body.raw,
    ...signatureOf(algorithm, signature),
    authority: authority?.content.toString('hex') ?? null,
    revoked: new Set(
      entries.map(({ content }) => childrenOf(content)[0]?.content.toString('hex') ?? ''),
    ),
  };
}

/** Whether an authority's key signed it. */
export function isSignedBy(
  { content, algorithm, signature }: SignedObject,
  { key }: Pick<Certificate, 'key'>,
): boolean {
  const hash = HASHES[algorithm];
  if (hash === undefined) return false;
  try {
    return verify(hash, content, key, signature);
  } catch {
    return false;
  }
}

function expectParts(outer: Element, what: string): [Element, Element, Element] {
  const [body, algorithm, signature, ...more] = childrenOf(outer.content);
  if (
    outer.tag !== SEQUENCE ||
    !body ||
    !algorithm ||
    signature?.tag !== BIT_STRING ||
    more.length > 0
  ) {
    throw new MalformedDer(`no ${what}`);
  }
  return [body, algorithm, signature];
}

function signatureOf(
  algorithm: Element,
  { content }: Element,
): Pick<SignedObject, 'algorithm' | 'signature'> {
  const [oid] = childrenOf(algorithm.content);
  // The first byte of a bit string counts its unused bits: none here.
  return { algorithm: oid ? objectIdentifier(oid.content) : '', signature: content.subarray(1) };
}

/** Attributes of a name in their order: object identifier and text. */
function namesOf(name: Element): [string, string][] {
  return childrenOf(name.content).flatMap((set) =>
    childrenOf(set.content).map(({ content }): [string, string] => {
      const [type, value] = childrenOf(content);
      if (!type || !value) throw new MalformedDer('name without a value');
      return [objectIdentifier(type.content), textOf(value)];
    }),
  );
}

/** Content of each extension by object identifier. */
function extensionsOf(explicit: Element | undefined): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  if (!explicit) return found;
  for (const { content } of childrenOf(elementAt(explicit.content).content)) {
    const parts = childrenOf(content);
    const value = parts.at(-1);
    if (parts[0] && value?.tag === OCTET_STRING) {
      found.set(objectIdentifier(parts[0].content), value.content);
    }
  }
  return found;
}
