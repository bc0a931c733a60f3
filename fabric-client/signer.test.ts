import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { FabricError } from './errors.ts';
import { createSigner, lowSDer, newTransactionId } from './signer.ts';
import type { SigningIdentity } from './types.ts';

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const identity: SigningIdentity = {
  mspId: 'Org1MSP',
  certificatePem: 'certificate',
  privateKeyPem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
};

function sOf(der: Uint8Array): bigint {
  const lengthOfR = der[3] ?? 0;
  return BigInt(`0x${Buffer.from(der.subarray(4 + lengthOfR + 2)).toString('hex')}`);
}

describe('createSigner', () => {
  it('makes DER signatures that verify and have a low S', () => {
    const signer = createSigner(identity);
    fc.assert(
      fc.property(fc.uint8Array(), (message) => {
        const der = signer.sign(message);
        expect(verify('sha256', message, pair.publicKey, der)).toBe(true);
        expect(sOf(der) <= ORDER / 2n).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('refuses a key on another curve, naming the curve', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const privateKeyPem = other.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(() => createSigner({ ...identity, privateKeyPem })).toThrow(FabricError);
    expect(() => createSigner({ ...identity, privateKeyPem })).toThrow(/secp384r1/);
  });
});

describe('lowSDer', () => {
  it('turns a high S into its low twin, which verifies as well', () => {
    const message = Buffer.from('transfer');
    const raw = sign('sha256', message, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
    const s = BigInt(`0x${raw.subarray(32).toString('hex')}`);
    const high = s > ORDER / 2n ? s : ORDER - s;
    const highRaw = Buffer.concat([
      raw.subarray(0, 32),
      Buffer.from(high.toString(16).padStart(64, '0'), 'hex'),
    ]);
    const der = lowSDer(highRaw);
    expect(sOf(der)).toBe(ORDER - high);
    expect(verify('sha256', message, pair.publicKey, der)).toBe(true);
  });

  it('drops leading zeros and pads a leading one bit', () => {
    const raw = Buffer.alloc(64);
    raw[31] = 1;
    raw[63] = 0x80;
    expect(Buffer.from(lowSDer(raw)).toString('hex')).toBe('300702010102020080');
  });
});

it('derives the transaction id from nonce and creator, in that order', () => {
  const signer = createSigner(identity);
  const { nonce, transactionId } = newTransactionId(signer);
  const expected = createHash('sha256')
    .update(Buffer.concat([nonce, signer.creator]))
    .digest('hex');
  expect(transactionId).toBe(expected);
  expect(newTransactionId(signer).transactionId).not.toBe(transactionId);
});
