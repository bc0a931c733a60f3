import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { signLow, withHighS } from '../testing/authority.ts';
import { CONTENT_BYTES, MOST_SIGNATURES } from './batch.ts';
import { SignatureVerifier } from './verifier.ts';

const keys = Array.from({ length: 3 }, () => generateKeyPairSync('ec', { namedCurve: 'P-256' }));
const key = (index: number) => keys[index % keys.length] as (typeof keys)[number];

/** Signatures of which every seventh is wrong, and what is expected of them. */
function verified(count: number, size = 40) {
  using verifier = new SignatureVerifier();
  const expected: boolean[] = [];
  for (let index = 0; index < count; index += 1) {
    const { privateKey, publicKey } = key(index);
    const content = Buffer.alloc(size, index);
    const right = index % 7 !== 0;
    const signature = signLow(right ? content : Buffer.alloc(size, index + 1), privateKey);
    const parts = [content.subarray(0, size / 2), content.subarray(size / 2)];
    expect(verifier.add(publicKey, parts, signature)).toBe(index);
    expected.push(right);
  }
  verifier.settle();
  expect(verifier.count).toBe(count);
  expect(verifier.settled).toBe(count);
  return { results: expected.map((_, index) => verifier.isRight(index)), expected };
}

describe('SignatureVerifier', () => {
  it('gives results in order, few without another thread', () => {
    const { results, expected } = verified(20);
    expect(results).toEqual(expected);
  });

  it('gives the same results with threads, over several rounds of batches', () => {
    const { results, expected } = verified(MOST_SIGNATURES * 14 + 5);
    expect(results).toEqual(expected);
  });

  it('verifies what no batch holds', () => {
    const { results, expected } = verified(5, CONTENT_BYTES + 2);
    expect(results).toEqual(expected);
  });

  it('does not tell before it knows', () => {
    using verifier = new SignatureVerifier();
    const { publicKey, privateKey } = key(0);
    const content = Buffer.from('content');
    const ticket = verifier.add(publicKey, [content], signLow(content, privateKey));
    expect(() => verifier.isRight(ticket)).toThrow('signature 0 has not been verified yet');
    verifier.settle();
    expect(verifier.isRight(ticket)).toBe(true);
    const again = verifier.add(publicKey, [content], withHighS(signLow(content, privateKey)));
    verifier.settle();
    expect(verifier.isRight(again)).toBe(false);
  });

  it.each<[string, KeyObject]>([
    [
      'a curve that Fabric does not use',
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey,
    ],
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey],
  ])('takes no signature by a key of %s', (_, publicKey) => {
    using verifier = new SignatureVerifier();
    const content = Buffer.from('content');
    verifier.add(publicKey, [content], signLow(content, key(0).privateKey));
    verifier.add(publicKey, [content], Buffer.alloc(0));
    verifier.add(key(0).publicKey, [content], Buffer.from('rubbish'));
    verifier.settle();
    expect([0, 1, 2].map((ticket) => verifier.isRight(ticket))).toEqual([false, false, false]);
  });
});
