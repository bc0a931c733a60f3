import { bftAgreement } from '../../ordering/bft/agreement.ts';
import { judge } from '../testing/forge.ts';
import { mark, reorder } from '../testing/reorder.ts';
import { busyRecording } from '../testing/scene.ts';
import { agrees } from './agreement.ts';

const bftAgrees = agrees(bftAgreement);

/** View 0 up to block 6, then view 2: one that nobody could agree on was passed over. */
const view = (number: number) =>
  number < 7
    ? { 2: number, 3: number - 1 }
    : { 1: 2, 2: number, ...(number > 7 ? { 3: number - 7 } : {}) };

function bftRecording() {
  const recording = busyRecording();
  reorder(recording, 'bft', view);
  return recording;
}

function changed(number: number, marks: Record<number, number | number[]>) {
  const recording = bftRecording();
  for (const source of recording.chain.keys()) {
    mark(recording, source, number, 'bft', { ...view(number), ...marks });
  }
  return judge(bftAgrees, recording);
}

describe('F32 BFT agrees with the chain', () => {
  it('accepts sequences that count up through a change of the view', () => {
    expect(judge(bftAgrees, bftRecording())).toMatchObject({
      verdict: 'valid',
      counts: { blocks: 16, violations: 0 },
    });
  });

  it('rejects a sequence that leaves one out', () => {
    expect(changed(4, { 2: 5 }).evidence).toEqual([
      { block: 4, message: 'block 4 has sequence 5, the block before 3' },
      { block: 5, message: 'block 5 has sequence 5, the block before 5' },
    ]);
  });

  it('rejects a view that goes back', () => {
    expect(changed(12, { 1: 1, 3: 0 }).evidence).toMatchObject([
      { block: 12, message: 'block 12 was decided in view 1, the block before in 2' },
      { block: 13 },
    ]);
  });

  it('rejects decisions that do not count on, or not from the first of a view', () => {
    expect(changed(5, { 3: 9 }).evidence).toMatchObject([
      { message: 'block 5 is decision 9 of view 0, expected 4' },
      { message: 'block 6 is decision 5 of view 0, expected 10' },
    ]);
    expect(changed(7, { 3: 3 }).evidence[0]).toMatchObject({
      message: 'block 7 is decision 3 of view 2, expected 0',
    });
  });

  it('rejects an orderer on the black list, which only rotation of leaders fills', () => {
    expect(changed(3, { 4: [2] }).evidence).toEqual([
      { block: 3, message: 'block 3 puts orderers 2 on the black list' },
    ]);
  });

  it('rejects a copy of another view, and a block that Raft marked', () => {
    const recording = bftRecording();
    mark(recording, 'orderer0', 3, 'bft', { ...view(3), 1: 1 });
    expect(judge(bftAgrees, recording).evidence).toMatchObject([
      { block: 3, sources: ['peer0.org1', 'orderer0'] },
    ]);
    const raft = bftRecording();
    for (const source of raft.chain.keys()) {
      mark(raft, source, 16, 'raft', { 1: [1, 2, 3, 4], 3: 338 });
    }
    expect(judge(bftAgrees, raft).evidence).toEqual([
      { block: 16, message: 'block 16 is marked by raft, the block before by bft' },
    ]);
  });

  it('is no business of a channel that Kafka orders', () => {
    expect(judge(bftAgrees, busyRecording())).toMatchObject({ applicable: false });
  });
});
