import * as protos from '../../../fabric-client/protos.ts';
import { kafkaAgreement } from '../../ordering/kafka/agreement.ts';
import { borrow, editBlock, judge } from '../testing/forge.ts';
import { LedgerBuilder, type TestRecording } from '../testing/ledger-builder.ts';
import { busyRecording, opened, SOURCES, transfers } from '../testing/scene.ts';
import { agrees } from './agreement.ts';

const kafkaAgrees = agrees(kafkaAgreement);

const { common, orderer } = protos;

/** Adds to the Kafka offset that one copy of a block was cut at. */
function shiftOffset(recording: TestRecording, source: string, block: number, by: number): void {
  editBlock(recording, source, block, ({ metadata }) => {
    const signed = common.Metadata.decode(metadata[0] as Buffer);
    const inner = common.OrdererBlockMetadata.decode(signed.value);
    const consenter = common.Metadata.decode(inner.consenter_metadata);
    const kafka = orderer.KafkaMetadata.decode(consenter.value);
    kafka.last_offset_persisted = Number(kafka.last_offset_persisted) + by;
    consenter.value = orderer.KafkaMetadata.encode(kafka).finish();
    inner.consenter_metadata = common.Metadata.encode(consenter).finish();
    signed.value = common.OrdererBlockMetadata.encode(inner).finish();
    metadata[0] = Buffer.from(common.Metadata.encode(signed).finish());
  });
}

/** As recordings were before the topic's log was among them. */
function unlogged(recording: TestRecording): TestRecording {
  recording.orderingRecords.clear();
  if (recording.ordering) {
    const { logged, ...ordering } = recording.ordering;
    recording.ordering = ordering;
  }
  return recording;
}

describe('F20 Kafka agrees with the chain', () => {
  it('accepts offsets that grow and end below the end of the topic', () => {
    expect(judge(kafkaAgrees, busyRecording())).toMatchObject({
      verdict: 'valid',
      counts: { offsets: 16, replicas: 3, 'replicas in sync': 3, violations: 0 },
    });
  });

  it('rejects an orderer that cut a block at another offset', () => {
    const recording = opened().recording();
    borrow(recording, 'orderer1', 2, 1);
    const result = judge(kafkaAgrees, recording);
    expect(result.verdict).toBe('invalid');
    expect(result.evidence).toEqual([
      {
        block: 2,
        sources: ['peer0.org1', 'orderer1'],
        message: 'block 2 was cut at Kafka offset 6 on peer0.org1 and 2 on orderer1',
      },
    ]);
  });

  it('rejects an orderer that has no offset where others have one, and the other way round', () => {
    const recording = opened().recording();
    borrow(recording, 'orderer1', 2, 0);
    expect(judge(kafkaAgrees, recording).evidence).toMatchObject([
      { message: 'block 2 was cut at Kafka offset 6 on peer0.org1 and none on orderer1' },
    ]);
    const first = opened().recording();
    borrow(first, 'peer0.org1', 2, 0);
    expect(judge(kafkaAgrees, first).evidence[0]).toMatchObject({
      message: 'block 2 was cut at Kafka offset none on peer0.org1 and 6 on peer0.org2',
    });
  });

  it('rejects offsets that go back, and accepts ones that stand still', () => {
    const recording = unlogged(busyRecording());
    for (const source of SOURCES) borrow(recording, source, 6, 5);
    expect(judge(kafkaAgrees, recording).verdict).toBe('valid');
    for (const source of SOURCES) borrow(recording, source, 6, 4);
    expect(judge(kafkaAgrees, recording).evidence).toEqual([
      { block: 6, message: 'block 6 was cut at Kafka offset 14, the block before at 18' },
    ]);
  });

  it('rejects a topic that ends before the last block, and accepts one that ends right behind it', () => {
    const recording = unlogged(opened().recording());
    const topic = { replicas: [0, 1, 2], inSync: [0, 1, 2] };
    recording.ordering = { type: 'kafka', topics: { mychannel: { ...topic, endOffset: 7 } } };
    expect(judge(kafkaAgrees, recording).verdict).toBe('valid');
    recording.ordering = { type: 'kafka', topics: { mychannel: { ...topic, endOffset: 6 } } };
    expect(judge(kafkaAgrees, recording).evidence).toEqual([
      {
        message:
          'the last block was cut at Kafka offset 6, but the topic ends at 6: its records are gone',
      },
    ]);
  });

  it('rejects replicas that are not back in sync', () => {
    const recording = unlogged(opened().recording());
    const topic = { endOffset: 99, replicas: [3, 1, 2] };
    recording.ordering = { type: 'kafka', topics: { mychannel: { ...topic, inSync: [1] } } };
    expect(judge(kafkaAgrees, recording).evidence).toEqual([
      {
        sources: ['broker 3', 'broker 2'],
        message: 'topic mychannel has replicas 3, 1, 2, in sync are only 1',
      },
    ]);
    recording.ordering = { type: 'kafka', topics: { mychannel: { ...topic, inSync: [] } } };
    expect(judge(kafkaAgrees, recording).evidence[0]?.message).toMatch(/only none$/);
    recording.ordering = {
      type: 'kafka',
      topics: { mychannel: { ...topic, replicas: [], inSync: [] } },
    };
    expect(judge(kafkaAgrees, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 replicas, needs at least 1',
    });
  });

  it('accepts a topic as the topology wants it, and rejects every way in which it is not', () => {
    const judged = (change: object) => {
      const recording = unlogged(opened().recording());
      const topic = {
        endOffset: 99,
        replicas: [0, 1, 2],
        inSync: [0, 1, 2],
        firstOffset: 0,
        wanted: { replicas: 3, minInSync: 2 },
        settings: { minInSync: 2, uncleanElection: false },
        ...change,
      };
      recording.ordering = { type: 'kafka', topics: { mychannel: topic } };
      return judge(kafkaAgrees, recording);
    };
    expect(judged({})).toMatchObject({ verdict: 'valid', counts: { settings: 2 } });
    expect(judged({ settings: undefined }).verdict).toBe('valid');
    const message = (change: object) => judged(change).evidence.map((evidence) => evidence.message);
    expect(message({ firstOffset: 4 })).toEqual([
      'topic mychannel begins at offset 4: its first records are gone',
    ]);
    expect(message({ replicas: [2], inSync: [2] })).toEqual([
      'topic mychannel has 1 replicas (brokers 2), 3 are configured',
    ]);
    expect(message({ settings: { minInSync: 1, uncleanElection: true } })).toEqual([
      'topic mychannel takes 1 replicas in sync for enough, 2 are configured',
      'topic mychannel lets a replica that lags become leader',
    ]);
  });

  it('rejects a block with more transactions than its offsets leave room for', () => {
    const ledger = opened();
    transfers(ledger, 2);
    const recording = unlogged(ledger.recording());
    expect(judge(kafkaAgrees, recording)).toMatchObject({
      verdict: 'valid',
      counts: { 'records without a transaction': 3 },
    });
    for (const source of SOURCES) {
      shiftOffset(recording, source, 4, -2);
    }
    expect(judge(kafkaAgrees, recording).evidence[0]?.message).toBe(
      'block 4 has 3 transactions, but only 2 records between its Kafka offset 12 and that of the block before',
    );
  });

  it('is unknown without Kafka’s word, and not applicable without Kafka', () => {
    const recording = opened().recording();
    recording.ordering = { type: 'kafka', topics: {} };
    expect(judge(kafkaAgrees, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'Kafka was not asked about topic mychannel',
    });
    recording.ordering = null;
    expect(judge(kafkaAgrees, recording).reason).toBe('Kafka was not asked about topic mychannel');
    for (const source of SOURCES) {
      borrow(recording, source, 1, 0);
      borrow(recording, source, 2, 0);
    }
    expect(judge(kafkaAgrees, recording)).toMatchObject({
      applicable: false,
      reason: 'the channel is not ordered by Kafka',
    });
    recording.ordering = { type: 'kafka', topics: {} };
    const silent = judge(kafkaAgrees, recording);
    expect(silent.reason).toBe('no block tells a Kafka offset');
    expect(silent.applicable).toBeUndefined();
    const genesis = new LedgerBuilder().recording();
    genesis.ordering = null;
    expect(judge(kafkaAgrees, genesis).reason).toBe('no block tells a Kafka offset');
  });
});
