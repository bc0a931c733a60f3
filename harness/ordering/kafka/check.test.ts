import { borrow, judge } from '../../audit/testing/forge.ts';
import { LedgerBuilder } from '../../audit/testing/ledger-builder.ts';
import { busyRecording, opened } from '../../audit/testing/scene.ts';
import { kafkaAgrees } from './check.ts';

const SOURCES = [
  'peer0.org1',
  'peer0.org2',
  'peer1.org1',
  'peer1.org2',
  'orderer0',
  'orderer1',
] as const;

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
    const recording = busyRecording();
    for (const source of SOURCES) borrow(recording, source, 6, 5);
    expect(judge(kafkaAgrees, recording).verdict).toBe('valid');
    for (const source of SOURCES) borrow(recording, source, 6, 4);
    expect(judge(kafkaAgrees, recording).evidence).toEqual([
      { block: 6, message: 'block 6 was cut at Kafka offset 14, the block before at 18' },
    ]);
  });

  it('rejects a topic that ends before the last block, and accepts one that ends right behind it', () => {
    const recording = opened().recording();
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
    const recording = opened().recording();
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
