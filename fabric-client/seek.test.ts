import fc from 'fast-check';
import { common, orderer, protos } from './protos.ts';
import { blockNumber, parseDelivered, seekEnvelope } from './seek.ts';
import { createSigner } from './signer.ts';
import { createTestCrypto } from './testing/fake-node.ts';

const crypto = await createTestCrypto();

it('reads a block’s number without decoding the block', () => {
  fc.assert(
    fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (number) => {
      const header = { number, previous_hash: Buffer.from([1]), data_hash: Buffer.from([2]) };
      expect(blockNumber(common.Block.encode({ header }).finish())).toBe(number);
    }),
  );
  expect(blockNumber(common.Block.encode({ header: { number: 0 } }).finish())).toBe(0);
});

it('takes the bytes of blocks, filtered blocks and statuses out of their envelopes', () => {
  const block = { header: { number: 7 }, data: { data: [Buffer.alloc(300, 1)] } };
  const fromOrderer = orderer.DeliverResponse.encode({ block }).finish();
  const delivered = parseDelivered(Buffer.from(fromOrderer));
  expect(delivered).toEqual({
    type: 'block',
    bytes: Buffer.from(common.Block.encode(block).finish()),
  });
  const filtered = { channel_id: 'c', number: 9 };
  const fromPeer = protos.DeliverResponse.encode({ filtered_block: filtered }).finish();
  expect(parseDelivered(Buffer.from(fromPeer))).toEqual({
    type: 'block',
    bytes: Buffer.from(protos.FilteredBlock.encode(filtered).finish()),
  });
  const status = orderer.DeliverResponse.encode({ status: common.Status.NOT_FOUND }).finish();
  expect(parseDelivered(Buffer.from(status))).toEqual({ type: 'status', status: 'NOT_FOUND' });
});

it('complains about a truncated message', () => {
  expect(() => blockNumber(Buffer.from([0x0a, 0x80]))).toThrow(/truncated/);
});

describe('seekEnvelope', () => {
  const signer = createSigner(crypto.identity('Org1MSP'));
  const decode = (bytes: Uint8Array) =>
    orderer.SeekInfo.decode(common.Payload.decode(common.Envelope.decode(bytes).payload).data);

  it('reads best-effort and waits for blocks unless told otherwise', () => {
    const seek = { kind: 'orderer', channel: 'c', start: 3, stop: 'never' } as const;
    const info = decode(seekEnvelope(seek, signer));
    expect(Number(info.start?.specified?.number)).toBe(3);
    expect(Number(info.stop?.specified?.number)).toBe(Number.MAX_SAFE_INTEGER);
    expect(info.behavior).toBe(orderer.SeekInfo.SeekBehavior.BLOCK_UNTIL_READY);
    expect(info.error_response).toBe(orderer.SeekInfo.SeekErrorResponse.BEST_EFFORT);
  });

  it('asks for readiness strictly', () => {
    const info = decode(
      seekEnvelope(
        {
          kind: 'orderer',
          channel: 'c',
          start: 'newest',
          stop: 'newest',
          whenMissing: 'fail',
          errors: 'strict',
        },
        signer,
      ),
    );
    expect(info.start?.newest).toBeTruthy();
    expect(info.behavior).toBe(orderer.SeekInfo.SeekBehavior.FAIL_IF_NOT_READY);
    expect(info.error_response).toBe(orderer.SeekInfo.SeekErrorResponse.STRICT);
  });
});
