import { createHash } from 'node:crypto';
import type { FabricProtos } from '../../../fabric-client/protos.ts';
import * as protos from '../../../fabric-client/protos.ts';
import { codeName } from './codes.ts';
import { decodeBlock, decodeHeader, splitBlock } from './decoder.ts';
import { headerBytes, headerHash } from './header.ts';
import type { Transaction } from './model.ts';
import { MalformedMessage } from './wire.ts';

const { common, kvrwset, msp, orderer, rwset } = protos;
const peer = protos.protos;

const bytes = (writer: { finish(): Uint8Array }): Buffer => Buffer.from(writer.finish());
const hash = (...parts: Uint8Array[]): string =>
  createHash('sha256').update(Buffer.concat(parts)).digest('hex');

/** A read-write set that uses every field there is. */
const everything = bytes(
  rwset.TxReadWriteSet.encode({
    data_model: 0,
    ns_rwset: [
      {
        namespace: 'bank',
        rwset: bytes(
          kvrwset.KVRWSet.encode({
            reads: [
              { key: 'a', version: { block_num: 7, tx_num: 1 } },
              { key: 'ü\u{10ffff}', version: null },
              { key: 'genesis', version: { block_num: 0, tx_num: 0 } },
            ],
            range_queries_info: [
              {
                start_key: 'a',
                end_key: 'b',
                itr_exhausted: true,
                raw_reads: { kv_reads: [{ key: 'aa', version: { block_num: 1, tx_num: 0 } }] },
              },
              { start_key: 'x', end_key: 'y', raw_reads: { kv_reads: [] } },
              {
                start_key: 'c',
                end_key: 'd',
                reads_merkle_hashes: {
                  max_degree: 50,
                  max_level: 2,
                  max_level_hashes: [Buffer.from([1, 2]), Buffer.from([255])],
                },
              },
            ],
            writes: [
              { key: 'w', value: Buffer.from('value') },
              { key: 'gone', is_delete: true },
              { key: 'empty', value: Buffer.alloc(0) },
            ],
            metadata_writes: [{ key: 'm', entries: [{ name: 'n', value: Buffer.from('v') }] }],
          }),
        ),
        collection_hashed_rwset: [
          {
            collection_name: 'secret',
            hashed_rwset: bytes(
              kvrwset.HashedRWSet.encode({
                hashed_reads: [
                  { key_hash: Buffer.from([0xab]), version: { block_num: 3, tx_num: 2 } },
                ],
                hashed_writes: [
                  { key_hash: Buffer.from([1]), value_hash: Buffer.from([2]) },
                  { key_hash: Buffer.from([3]), is_delete: true },
                  { key_hash: Buffer.from([4]), value_hash: createHash('sha256').digest() },
                  { key_hash: Buffer.from([5]) },
                ],
                metadata_writes: [{ key_hash: Buffer.from([9]) }],
              }),
            ),
            pvt_rwset_hash: Buffer.from([7]),
          },
        ],
      },
      { namespace: '_lifecycle', rwset: Buffer.alloc(0) },
    ],
  }),
);

const identity = (mspid: string, certificate: string): Buffer =>
  bytes(msp.SerializedIdentity.encode({ mspid, id_bytes: Buffer.from(certificate) }));

function envelope(type: number, data: Buffer, id = 'tx1'): Buffer {
  return bytes(
    common.Envelope.encode({
      payload: bytes(
        common.Payload.encode({
          header: {
            channel_header: bytes(
              common.ChannelHeader.encode({ type, channel_id: 'mychannel', tx_id: id, epoch: 3 }),
            ),
            signature_header: bytes(
              common.SignatureHeader.encode({
                creator: identity('Org1MSP', 'no certificate'),
                nonce: Buffer.from('nonce'),
              }),
            ),
          },
          data,
        }),
      ),
      signature: Buffer.from('signature'),
    }),
  );
}

const transaction = envelope(
  3,
  bytes(
    peer.Transaction.encode({
      actions: [
        {
          header: Buffer.from('ignored'),
          payload: bytes(
            peer.ChaincodeActionPayload.encode({
              chaincode_proposal_payload: bytes(
                peer.ChaincodeProposalPayload.encode({
                  input: bytes(
                    peer.ChaincodeInvocationSpec.encode({
                      chaincode_spec: {
                        type: 1,
                        chaincode_id: { name: 'ignored' },
                        input: { args: ['transfer', 'ü', ''].map((arg) => Buffer.from(arg)) },
                      },
                    }),
                  ),
                }),
              ),
              action: {
                proposal_response_payload: bytes(
                  peer.ProposalResponsePayload.encode({
                    proposal_hash: Buffer.from('hash'),
                    extension: bytes(
                      peer.ChaincodeAction.encode({
                        results: everything,
                        events: Buffer.from('events'),
                        response: { status: 200 },
                        chaincode_id: { name: 'bank', version: '1' },
                      }),
                    ),
                  }),
                ),
                endorsements: [
                  { endorser: identity('Org1MSP', 'rubbish'), signature: Buffer.from('s') },
                  { endorser: identity('Org2MSP', ''), signature: Buffer.from('s') },
                ],
              },
            }),
          ),
        },
      ],
    }),
  ),
);

const config = envelope(
  1,
  bytes(common.ConfigEnvelope.encode({ config: { sequence: 4, channel_group: {} } })),
  '',
);

function block(
  data: Buffer[],
  metadata: Buffer[],
  header: Partial<FabricProtos.common.IBlockHeader> = {},
): Buffer {
  return bytes(
    common.Block.encode({
      header: {
        number: 9,
        previous_hash: Buffer.alloc(32, 1),
        data_hash: Buffer.alloc(32, 2),
        ...header,
      },
      data: { data },
      metadata: { metadata },
    }),
  );
}

const wrapped = (value: Buffer): Buffer => bytes(common.Metadata.encode({ value }));
const offsets = bytes(
  orderer.KafkaMetadata.encode({
    last_offset_persisted: 12,
    last_original_offset_processed: -1,
    last_resubmitted_config_offset: 5,
  }),
);
const signed = wrapped(
  bytes(
    common.OrdererBlockMetadata.encode({
      last_config: { index: 6 },
      consenter_metadata: wrapped(offsets),
    }),
  ),
);

describe('decodeBlock', () => {
  const raw = block(
    [transaction, config],
    [signed, Buffer.alloc(0), Buffer.from([11, 0]), Buffer.alloc(0), wrapped(Buffer.alloc(32, 9))],
  );

  it('reads the header, the metadata and the hashes', () => {
    expect(decodeBlock(raw)).toMatchObject({
      number: 9,
      previousHash: '01'.repeat(32),
      dataHash: '02'.repeat(32),
      computedDataHash: hash(transaction, config),
      codes: '0b00',
      commitHash: '09'.repeat(32),
      consenter: {
        type: 'kafka',
        lastOffsetPersisted: 12,
        lastOriginalOffsetProcessed: -1,
        lastResubmittedConfigOffset: 5,
      },
      lastConfig: 6,
    });
  });

  it('reads all of a transaction', () => {
    const value = expect.any(Uint8Array);
    expect(decodeBlock(raw).transactions[0]).toEqual({
      index: 0,
      code: 11,
      id: 'tx1',
      type: 3,
      channel: 'mychannel',
      creator: 'Org1MSP',
      endorsers: ['Org1MSP', 'Org2MSP'],
      chaincode: 'bank',
      args: ['transfer', 'ü', ''],
      readWriteSets: [
        {
          namespace: 'bank',
          reads: [
            { key: 'a', version: { block: 7, transaction: 1 } },
            { key: 'ü\u{10ffff}', version: null },
            { key: 'genesis', version: { block: 0, transaction: 0 } },
          ],
          ranges: [
            {
              startKey: 'a',
              endKey: 'b',
              exhausted: true,
              reads: [{ key: 'aa', version: { block: 1, transaction: 0 } }],
            },
            { startKey: 'x', endKey: 'y', exhausted: false, reads: [] },
            {
              startKey: 'c',
              endKey: 'd',
              exhausted: false,
              reads: null,
              summary: { maxDegree: 50, maxLevel: 2, hashes: ['0102', 'ff'] },
            },
          ],
          writes: [
            { key: 'w', isDelete: false, value: Buffer.from('value') },
            { key: 'gone', isDelete: true, value },
            { key: 'empty', isDelete: true, value },
          ],
          metadataWrites: [{ key: 'm', metadata: '\u0012\u0006\u000a\u0001n\u0012\u0001v' }],
          collections: [
            {
              collection: 'secret',
              reads: [{ key: 'ab', version: { block: 3, transaction: 2 } }],
              writes: [
                { key: '01', isDelete: false, value: Buffer.from([2]) },
                { key: '03', isDelete: true, value },
                { key: '04', isDelete: true, value },
                { key: '05', isDelete: true, value },
              ],
              metadataWrites: [{ key: '09', metadata: '' }],
            },
          ],
        },
        {
          namespace: '_lifecycle',
          reads: [],
          ranges: [],
          writes: [],
          metadataWrites: [],
          collections: [],
        },
      ],
      parts: expect.objectContaining({ stage: 'complete' }),
    });
  });

  it('keeps the bytes that signatures and hashes are about', () => {
    const { parts } = decodeBlock(raw).transactions[0] as Transaction;
    const outer = common.Envelope.decode(transaction);
    const payload = common.Payload.decode(outer.payload);
    const action = peer.Transaction.decode(payload.data).actions[0];
    const inner = peer.ChaincodeActionPayload.decode(action?.payload ?? Buffer.alloc(0));
    expect(parts).toMatchObject({
      epoch: 3,
      nonce: Buffer.from('nonce'),
      creator: identity('Org1MSP', 'no certificate'),
      headerChaincode: null,
      actions: 1,
      actionHeader: Buffer.from('ignored'),
      proposalHash: Buffer.from('hash'),
      event: Buffer.from('events'),
      actionChaincode: { name: 'bank', version: '1' },
      channelGroup: null,
      lastUpdate: null,
    });
    const same = (part: Uint8Array, expected: Uint8Array | null | undefined): void =>
      expect(Buffer.from(part).equals(expected ?? Buffer.alloc(0))).toBe(true);
    same(parts.payload, outer.payload);
    same(parts.signature, outer.signature);
    same(parts.channelHeader, payload.header?.channel_header);
    same(parts.proposal, inner.chaincode_proposal_payload);
    same(parts.response, inner.action?.proposal_response_payload);
    expect(parts.endorsements).toHaveLength(2);
    for (const [index, endorsement] of (inner.action?.endorsements ?? []).entries()) {
      same(parts.endorsements[index]?.identity ?? Buffer.alloc(0), endorsement.endorser);
      same(parts.endorsements[index]?.signature ?? Buffer.alloc(0), endorsement.signature);
    }
  });

  it('reads the sequence of a configuration', () => {
    expect(decodeBlock(raw).transactions[1]).toEqual({
      index: 1,
      code: 0,
      id: '',
      type: 1,
      channel: 'mychannel',
      creator: 'Org1MSP',
      endorsers: [],
      chaincode: '',
      args: [],
      readWriteSets: [],
      configSequence: 4,
      parts: expect.objectContaining({ stage: 'complete' }),
    });
    const first = envelope(1, bytes(common.ConfigEnvelope.encode({ config: {} })));
    expect(decodeBlock(block([first], [])).transactions[0]?.configSequence).toBe(0);
  });

  it('finds an orderer’s block unjudged and without commit hash', () => {
    const decoded = decodeBlock(block([transaction], [signed, Buffer.alloc(0)]));
    expect(decoded).toMatchObject({ codes: '', commitHash: null, lastConfig: 6 });
    expect(decoded.transactions[0]?.code).toBe(254);
  });

  it('reads metadata where orderers before 1.4.1 wrote them', () => {
    const old = decodeBlock(
      block(
        [],
        [
          Buffer.alloc(0),
          wrapped(bytes(common.LastConfig.encode({ index: 3 }))),
          Buffer.alloc(0),
          wrapped(offsets),
        ],
      ),
    );
    expect(old).toMatchObject({ lastConfig: 3, consenter: { lastOffsetPersisted: 12 } });
  });

  it('finds no offsets in a genesis block', () => {
    const genesis = wrapped(
      bytes(
        common.OrdererBlockMetadata.encode({
          last_config: { index: 0 },
          consenter_metadata: wrapped(Buffer.alloc(0)),
        }),
      ),
    );
    expect(decodeBlock(block([], [genesis]))).toMatchObject({ consenter: null, lastConfig: 0 });
    expect(decodeBlock(block([], []))).toMatchObject({ consenter: null, lastConfig: 0 });
  });

  it('keeps an envelope that it cannot read, with what it could', () => {
    const cut = transaction.subarray(0, transaction.length - 40);
    const empty = Buffer.alloc(0);
    const headless = bytes(common.Envelope.encode({ payload: Buffer.alloc(0) }));
    const { transactions } = decodeBlock(block([cut, empty, headless, Buffer.from([7])], []));
    expect(transactions.map(({ malformed }) => malformed)).toEqual([
      expect.stringMatching(/^field \d wants \d+ bytes at byte \d+, \d+ are left$/),
      'no channel header',
      'no channel header',
      'field number 0 at byte 1',
    ]);
    const broken = envelope(3, Buffer.from([0x0a, 0x7f]));
    expect(decodeBlock(block([broken], [])).transactions[0]).toMatchObject({
      id: 'tx1',
      type: 3,
      malformed: expect.stringMatching(/^field 1 wants 127 bytes at byte \d+, 0 are left$/),
    });
  });

  it('throws for bytes that are no block', () => {
    expect(() => decodeBlock(Buffer.from('rubbish'))).toThrow(MalformedMessage);
    expect(() => decodeBlock(Buffer.alloc(0))).toThrow('block of 0 bytes without a header');
  });
});

describe('headerHash', () => {
  // DER by hand: INTEGERs are minimal and signed, so 128 needs a zero in front.
  it.each([
    [0, '020100'],
    [1, '020101'],
    [127, '02017f'],
    [128, '02020080'],
    [255, '020200ff'],
    [256, '02020100'],
    [65_535, '020300ffff'],
    [2 ** 40, '0206010000000000'],
  ])('encodes number %i as DER does', (number, integer) => {
    const previous = Buffer.alloc(32, 1);
    const data = Buffer.alloc(32, 2);
    const body = `${integer}0420${previous.toString('hex')}0420${data.toString('hex')}`;
    const expected = `30${(body.length / 2).toString(16).padStart(2, '0')}${body}`;
    expect(headerBytes(number, previous, data).toString('hex')).toBe(expected);
    expect(headerHash(number, previous, data)).toBe(hash(Buffer.from(expected, 'hex')));
  });

  it('encodes the empty hash before the genesis block, and lengths above 127', () => {
    expect(headerBytes(0, Buffer.alloc(0), Buffer.alloc(1, 5)).toString('hex')).toBe(
      '30080201000400040105',
    );
    const long = headerBytes(128, Buffer.alloc(60, 1), Buffer.alloc(60, 2));
    expect(long.subarray(0, 3).toString('hex')).toBe('308180');
    expect(long).toHaveLength(3 + 0x80);
    expect(() => headerBytes(4, Buffer.alloc(61), Buffer.alloc(0))).toThrow(
      'block 4: hashes of 61 and 0 bytes, expected at most 60',
    );
    expect(() => headerBytes(4, Buffer.alloc(0), Buffer.alloc(61))).toThrow(RangeError);
  });

  it('is the hash of the header that a block carries', () => {
    const { header } = splitBlock(block([], [], { number: 300 }));
    expect(decodeHeader(header).hash).toBe(
      headerHash(300, Buffer.alloc(32, 1), Buffer.alloc(32, 2)),
    );
  });
});

describe('codeName', () => {
  it('knows every code that fabric-protos knows, and names others by number', () => {
    for (const [name, code] of Object.entries(peer.TxValidationCode)) {
      if (typeof code === 'number') expect(codeName(code)).toBe(name);
    }
    expect(codeName(99)).toBe('CODE_99');
  });
});
