import { type KeyObject, verify } from 'node:crypto';

/** Half of the order of a curve, rounded down: Fabric accepts no signature whose S is above it. */
const HALF_ORDERS: Readonly<Record<string, Buffer>> = {
  prime256v1: Buffer.from(
    '7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8',
    'hex',
  ),
  secp384r1: Buffer.from(
    '7fffffffffffffffffffffffffffffffffffffffffffffffe3b1a6c0fa1b96efac0d06d9245853bd76760cb5666294b9',
    'hex',
  ),
};

/** What is to be known of a key; asking the key each time costs a tenth of a verification. */
interface Scheme {
  /** `null`: the scheme has a digest of its own. */
  readonly digest: 'sha256' | null;
  /** Largest S; `undefined` where a signature has none. */
  readonly half: Buffer | undefined;
}

/** `null` for a key that Fabric takes no signature of. */
const schemes = new WeakMap<KeyObject, Scheme | null>();

function schemeOf(key: KeyObject): Scheme | null {
  const { asymmetricKeyType, asymmetricKeyDetails } = key;
  if (asymmetricKeyType === 'ed25519') return { digest: null, half: undefined };
  const half = HALF_ORDERS[asymmetricKeyDetails?.namedCurve ?? ''];
  return half ? { digest: 'sha256', half } : null;
}

/**
 * Whether a key made a signature over some bytes, as Fabric's software provider decides (bccsp/sw/ecdsa.go): SHA-256,
 * and of the two signatures that ECDSA allows only the one with the lower S.
 */
export function isSignature(key: KeyObject, content: Buffer, signature: Buffer): boolean {
  let scheme = schemes.get(key);
  if (scheme === undefined) {
    scheme = schemeOf(key);
    schemes.set(key, scheme);
  }
  if (!scheme) return false;
  const { digest, half } = scheme;
  try {
    return (!half || isLow(signature, half)) && verify(digest, content, key, signature);
  } catch {
    return false;
  }
}

/** S of `SEQUENCE { INTEGER r, INTEGER s }` is at most `half`. */
function isLow(signature: Buffer, half: Buffer): boolean {
  if (signature[0] !== 0x30 || signature[2] !== 0x02) return false;
  const at = 4 + (signature[3] as number);
  if (signature[at] !== 0x02) return false;
  let start = at + 2;
  const end = start + (signature[at + 1] as number);
  while (start < end && signature[start] === 0) start += 1;
  const length = end - start;
  if (end > signature.length || length > half.length) return false;
  return length < half.length || signature.compare(half, 0, half.length, start, end) <= 0;
}
