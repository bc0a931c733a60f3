import { borrow, editBlock, judge } from '../testing/forge.ts';
import type { TestRecording } from '../testing/ledger-builder.ts';
import { busyRecording, opened, SOURCES } from '../testing/scene.ts';
import { configUntouched } from './ordering.ts';

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
