import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/**
 * Certificate authorities for paper networks, with a DER writer of their own, so that what reads certificates in the
 * audit is held against something that shares nothing with it. Keys live as long as the process.
 */

/** Somebody who can sign. */
export interface Member {
  readonly mspid: string;
  /** PEM. */
  readonly certificate: Buffer;
  readonly key: KeyObject;
}

export interface Issue {
  /** Serial number; counted up if absent. */
  readonly serial?: number;
  readonly isAuthority?: boolean;
  readonly notBefore?: string;
  readonly notAfter?: string;
}

const SIGNATURE_ALGORITHM = der(0x30, oid('1.2.840.10045.4.3.2'));

/** An authority: a root, or one that another has certified. */
export class Authority {
  readonly mspid: string;
  readonly certificate: Buffer;
  readonly #key: KeyObject;
  readonly #name: Buffer;
  readonly #keyIdentifier: Buffer;
  #serial = 1;

  constructor(mspid: string, above?: Authority, name = `ca.${mspid}${above ? '.below' : ''}`) {
    this.mspid = mspid;
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey;
    this.#name = distinguishedName(name, []);
    this.#keyIdentifier = keyIdentifier(publicKey);
    const issuer = above ?? this;
    this.certificate = issuer.#certify(this.#name, publicKey, { isAuthority: true });
  }

  /** A new key with a certificate. @param units - e.g. `['peer']` */
  issue(commonName: string, units: readonly string[], options: Issue = {}): Member {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const subject = distinguishedName(commonName, units);
    return {
      mspid: this.mspid,
      certificate: this.#certify(subject, publicKey, options),
      key: privateKey,
    };
  }

  /** A revocation list. @param signer - another authority's key: a list that should not count */
  revoke(serials: readonly number[], signer: Authority = this): Buffer {
    const time = der(0x17, Buffer.from('261124000000Z'));
    const entries = serials.map((serial) => der(0x30, integer(serial), time));
    const content = der(
      0x30,
      integer(1),
      SIGNATURE_ALGORITHM,
      this.#name,
      time,
      ...(entries.length > 0 ? [der(0x30, ...entries)] : []),
      der(0xa0, der(0x30, extension('2.5.29.35', der(0x30, der(0x80, this.#keyIdentifier))))),
    );
    return pem('X509 CRL', signer.#sign(content));
  }

  #certify(
    subject: Buffer,
    key: KeyObject,
    {
      serial = this.#serial++,
      isAuthority = false,
      notBefore = '261101000000Z',
      notAfter = '361101000000Z',
    }: Issue,
  ): Buffer {
    const content = der(
      0x30,
      der(0xa0, integer(2)),
      integer(serial),
      SIGNATURE_ALGORITHM,
      this.#name,
      der(0x30, der(0x17, Buffer.from(notBefore)), der(0x17, Buffer.from(notAfter))),
      subject,
      key.export({ format: 'der', type: 'spki' }),
      der(
        0xa3,
        der(
          0x30,
          extension('2.5.29.19', der(0x30, ...(isAuthority ? [der(1, Buffer.of(255))] : []))),
          extension('2.5.29.14', der(4, keyIdentifier(key))),
        ),
      ),
    );
    return pem('CERTIFICATE', this.#sign(content));
  }

  #sign(content: Buffer): Buffer {
    const signature = signLow(content, this.#key);
    return der(0x30, content, SIGNATURE_ALGORITHM, der(3, Buffer.of(0), signature));
  }
}

const ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

/** An ECDSA signature with the lower of the two possible values of S, as Fabric signs. */
export function signLow(content: Buffer, key: KeyObject): Buffer {
  const raw = sign('sha256', content, { key, dsaEncoding: 'ieee-p1363' });
  const s = BigInt(`0x${raw.toString('hex', 32)}`);
  return encodeSignature(raw.subarray(0, 32), s > ORDER / 2n ? ORDER - s : s);
}

/** The other signature that ECDSA would take for the same content; Fabric does not. */
export function withHighS(signature: Buffer): Buffer {
  const r = signature.subarray(4, 4 + (signature[3] as number));
  const s = BigInt(`0x${signature.toString('hex', 6 + r.length)}`);
  return encodeSignature(r, ORDER - s);
}

function encodeSignature(r: Buffer, s: bigint): Buffer {
  return der(0x30, unsigned(r), unsigned(Buffer.from(s.toString(16).padStart(64, '0'), 'hex')));
}

function unsigned(bytes: Buffer): Buffer {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const content = bytes.subarray(start);
  return (content[0] as number) >= 0x80 ? der(2, Buffer.of(0), content) : der(2, content);
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

function integer(value: number): Buffer {
  return unsigned(Buffer.from(value.toString(16).padStart(8, '0'), 'hex'));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const number of rest) {
    const digits = [number & 0x7f];
    for (let left = number >> 7; left > 0; left >>= 7) digits.unshift((left & 0x7f) | 0x80);
    bytes.push(...digits);
  }
  return der(6, Buffer.from(bytes));
}

function distinguishedName(commonName: string, units: readonly string[]): Buffer {
  const attribute = (type: string, value: string): Buffer =>
    der(0x30, oid(type), der(0x0c, Buffer.from(value)));
  return der(
    0x30,
    ...units.map((unit) => der(0x31, attribute('2.5.4.11', unit))),
    der(0x31, attribute('2.5.4.3', commonName)),
  );
}

function extension(type: string, value: Buffer): Buffer {
  return der(0x30, oid(type), der(4, value));
}

function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest();
}

function pem(label: string, content: Buffer): Buffer {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? [];
  return Buffer.from(`-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`);
}
