import { editBlock, judge } from '../testing/forge.ts';
import { LedgerBuilder, type TestRecording } from '../testing/ledger-builder.ts';
import { busyRecording, opened } from '../testing/scene.ts';
import { configUntouched, kafkaAgrees } from './ordering.ts';

const SOURCES = [
  'peer0.org1',
  'peer0.org2',
  'peer1.org1',
  'peer1.org2',
  'orderer0',
  'orderer1',
] as const;

/** Takes the metadata of another block, so that its Kafka offset and last config are wrong where it now stands. */
function borrow(recording: TestRecording, source: string, to: number, from: number): void {
  let slots: Buffer[] = [];
  editBlock(recording, source, from, ({ metadata }) => {
    slots = [...metadata];
  });
  editBlock(recording, source, to, ({ metadata }) => {
    metadata[0] = slots[0] as Buffer;
    metadata[1] = slots[1] as Buffer;
  });
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
    recording.kafka = { topics: { mychannel: { ...topic, endOffset: 7 } } };
    expect(judge(kafkaAgrees, recording).verdict).toBe('valid');
    recording.kafka = { topics: { mychannel: { ...topic, endOffset: 6 } } };
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
    recording.kafka = { topics: { mychannel: { ...topic, inSync: [1] } } };
    expect(judge(kafkaAgrees, recording).evidence).toEqual([
      {
        sources: ['broker 3', 'broker 2'],
        message: 'topic mychannel has replicas 3, 1, 2, in sync are only 1',
      },
    ]);
    recording.kafka = { topics: { mychannel: { ...topic, inSync: [] } } };
    expect(judge(kafkaAgrees, recording).evidence[0]?.message).toMatch(/only none$/);
    recording.kafka = { topics: { mychannel: { ...topic, replicas: [], inSync: [] } } };
    expect(judge(kafkaAgrees, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 replicas, needs at least 1',
    });
  });

  it('is unknown without Kafka’s word, and not applicable without Kafka', () => {
    const recording = opened().recording();
    recording.kafka = { topics: {} };
    expect(judge(kafkaAgrees, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'Kafka was not asked about topic mychannel',
    });
    recording.kafka = null;
    expect(judge(kafkaAgrees, recording).reason).toBe('Kafka was not asked about topic mychannel');
    for (const source of SOURCES) {
      borrow(recording, source, 1, 0);
      borrow(recording, source, 2, 0);
    }
    expect(judge(kafkaAgrees, recording)).toMatchObject({
      applicable: false,
      reason: 'the channel is not ordered by Kafka',
    });
    recording.kafka = { topics: {} };
    const silent = judge(kafkaAgrees, recording);
    expect(silent.reason).toBe('no block tells a Kafka offset');
    expect(silent.applicable).toBeUndefined();
    const genesis = new LedgerBuilder().recording();
    genesis.kafka = null;
    expect(judge(kafkaAgrees, genesis).reason).toBe('no block tells a Kafka offset');
  });
});

describe('F22 configuration untouched', () => {
  const facts = (recording: TestRecording, change: object): void => {
    const mychannel = recording.scenario.channels.mychannel;
    if (!mychannel) throw new Error('no facts');
    recording.scenario = {
      ...recording.scenario,
      channels: { mychannel: { ...mychannel, ...change } },
    };
  };

  it('accepts config blocks of the set-up', () => {
    expect(judge(configUntouched, busyRecording())).toMatchObject({
      verdict: 'valid',
      counts: { blocks: 17, 'config blocks': 0, violations: 0 },
    });
  });

  it('rejects a config block in the middle of the scenario, and accepts one that it asked for', () => {
    const ledger = opened();
    ledger.configure();
    const recording = ledger.recording();
    expect(judge(configUntouched, recording).evidence).toEqual([
      {
        block: 3,
        message: '1 configuration blocks since height 2, expected 0; the last is block 3',
      },
    ]);
    facts(recording, { configBlocks: 1 });
    expect(judge(configUntouched, recording).verdict).toBe('valid');
    facts(recording, { configBlocks: 2 });
    expect(judge(configUntouched, recording).verdict).toBe('invalid');
    facts(recording, { startHeight: 3, configBlocks: 1 });
    expect(judge(configUntouched, recording).verdict).toBe('valid');
  });

  it('rejects a sequence that does not count on by one', () => {
    const ledger = opened();
    ledger.configure();
    const recording = ledger.recording();
    facts(recording, { configBlocks: 1 });
    for (const source of SOURCES) {
      let data: Buffer[] = [];
      editBlock(recording, source, 1, (block) => {
        data = block.data;
      });
      editBlock(recording, source, 3, (block) => {
        block.data = data;
      });
    }
    expect(judge(configUntouched, recording).evidence).toEqual([
      { block: 3, message: 'configuration of block 3 has sequence 1, expected 2' },
    ]);
  });

  it('rejects a copy that names another block as the last configuration', () => {
    const recording = opened().recording();
    borrow(recording, 'orderer0', 2, 0);
    expect(judge(configUntouched, recording).evidence).toEqual([
      {
        block: 2,
        sources: ['orderer0'],
        message: 'block 2 on orderer0 names block 0 as the last configuration, it is block 1',
      },
    ]);
  });

  it('is unknown without blocks', () => {
    const recording = opened().recording();
    recording.chain.clear();
    expect(judge(configUntouched, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 blocks, needs at least 1',
    });
  });
});
