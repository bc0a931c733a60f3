import { createRequire } from 'node:module';
import { decodeConsenterMetadata } from './consenter-metadata.ts';

const { common, orderer } = createRequire(import.meta.url)('fabric-protos');
const wrapped = (value: Uint8Array) =>
  Buffer.from(common.Metadata.encode({ value: Buffer.from(value) }).finish());

describe('decodeConsenterMetadata', () => {
  it('reads offsets of Kafka, one of them before the first record', () => {
    const metadata = orderer.KafkaMetadata.encode({
      last_offset_persisted: 12,
      last_original_offset_processed: -1,
    }).finish();
    expect(decodeConsenterMetadata(wrapped(metadata), false)).toEqual({
      type: 'kafka',
      lastOffsetPersisted: 12,
      lastOriginalOffsetProcessed: -1,
      lastResubmittedConfigOffset: 0,
    });
  });

  // etcdraft.BlockMetadata of three consenters; the index needs two bytes
  it.each([
    ['packed', [0x0a, 3, 1, 2, 3, 0x10, 4, 0x18, 0xd2, 0x02]],
    ['packed, after what it does not know', [0x0a, 3, 1, 2, 3, 0x10, 4, 0x18, 0xd2, 0x02, 0x20, 1]],
  ])('reads a position in Raft’s log, %s', (_, bytes) => {
    expect(decodeConsenterMetadata(wrapped(Uint8Array.from(bytes)), false)).toEqual({
      type: 'raft',
      consenters: [1, 2, 3],
      nextConsenter: 4,
      index: 338,
    });
  });

  it.each([
    ['view 0', [0x10, 7, 0x18, 6], { view: 0, sequence: 7, decisionsInView: 6, blackList: [] }],
    [
      'a later view, one orderer on the black list',
      [0x08, 1, 0x10, 0x80, 0x01, 0x22, 1, 3, 0x2a, 0],
      { view: 1, sequence: 128, decisionsInView: 0, blackList: [3] },
    ],
  ])('reads a view of BFT: %s', (_, bytes, expected) => {
    expect(decodeConsenterMetadata(Buffer.from(bytes), true)).toEqual({ type: 'bft', ...expected });
  });

  it('finds none in a block that no consenter cut', () => {
    expect(decodeConsenterMetadata(Buffer.alloc(0), false)).toBeNull();
    expect(decodeConsenterMetadata(Buffer.alloc(0), true)).toBeNull();
    expect(decodeConsenterMetadata(wrapped(new Uint8Array()), false)).toBeNull();
  });

  it('refuses what is none of these', () => {
    expect(() => decodeConsenterMetadata(Buffer.from([0x0a, 9, 1]), false)).toThrow(
      'wants 9 bytes',
    );
    expect(() => decodeConsenterMetadata(Buffer.from([0x10]), true)).toThrow('cut off');
  });
});
