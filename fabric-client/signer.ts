import { createHash, createPrivateKey, randomBytes, sign } from 'node:crypto';
import { FabricError } from './errors.ts';
import { msp } from './protos.ts';
import type { SigningIdentity } from './types.ts';

/** Order of the P-256 group (SEC 2, secp256r1). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const HALF_ORDER = ORDER >> 1n;

/** An identity that can sign: the serialized MSP identity and a signature function. */
export interface Signer {
  readonly mspId: string;
  /** `msp.SerializedIdentity`, the creator of everything that this signer signs. */
  readonly creator: Uint8Array;
  /** ECDSA over SHA-256, DER, low S. */
  sign(message: Uint8Array): Uint8Array;
}

/**
 * Prepares an identity for signing.
 * @throws FabricError when the key is not an elliptic-curve key on P-256, the only curve Fabric's tools issue by
 *   default.
 */
export function createSigner(identity: SigningIdentity): Signer {
  const key = createPrivateKey(identity.privateKeyPem);
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (curve !== 'prime256v1') {
    throw new FabricError({
      subject: `private key of an identity of ${identity.mspId}`,
      expected: 'an ECDSA key on P-256',
      seen: `${key.asymmetricKeyType ?? 'unknown type'} ${curve ?? ''}`.trim(),
    });
  }
  const creator = msp.SerializedIdentity.encode({
    mspid: identity.mspId,
    id_bytes: Buffer.from(identity.certificatePem),
  }).finish();
  return {
    mspId: identity.mspId,
    creator,
    sign: (message) => lowSDer(sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' })),
  };
}

/** One who signs, of an identity that is to become one. @throws as {@link createSigner} */
export function signerOf(who: SigningIdentity | Signer): Signer {
  return 'sign' in who ? who : createSigner(who);
}

/**
 * Converts a raw `r || s` signature to DER with S in the lower half: Fabric rejects the other, equally valid, half
 * (`bccsp/utils/ecdsa.go`), so that a signature cannot be altered by a third party.
 */
export function lowSDer(raw: Uint8Array): Uint8Array {
  const r = raw.subarray(0, 32);
  let s = BigInt(`0x${Buffer.from(raw.subarray(32)).toString('hex')}`);
  if (s > HALF_ORDER) s = ORDER - s;
  const low = Buffer.from(s.toString(16).padStart(64, '0'), 'hex');
  const body = Buffer.concat([derInteger(r), derInteger(low)]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

function derInteger(unsigned: Uint8Array): Buffer {
  let start = 0;
  while (start < unsigned.length - 1 && unsigned[start] === 0) start++;
  const digits = unsigned.subarray(start);
  const pad = (digits[0] ?? 0) >= 0x80 ? [0] : [];
  return Buffer.from([0x02, digits.length + pad.length, ...pad, ...digits]);
}

/** A fresh nonce and the transaction id that Fabric derives from it and the creator (`protoutil.ComputeTxID`). */
export function newTransactionId(
  signer: Signer,
  nonce: Uint8Array = randomBytes(24),
): { nonce: Uint8Array; transactionId: string } {
  const transactionId = createHash('sha256').update(nonce).update(signer.creator).digest('hex');
  return { nonce, transactionId };
}
