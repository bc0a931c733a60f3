import { raftAgreement } from '../../ordering/raft/agreement.ts';
import { judge } from '../testing/forge.ts';
import { LedgerBuilder } from '../testing/ledger-builder.ts';
import { mark, reorder } from '../testing/reorder.ts';
import { busyRecording } from '../testing/scene.ts';
import { agrees } from './agreement.ts';

const raftAgrees = agrees(raftAgreement);

/** A channel of three consenters, whose leader takes a new term, and so an entry of its own, now and then. */
const position = (number: number) => ({
  1: [1, 2, 3],
  2: 4,
  3: 200 + number + Math.floor(number / 3),
});

function raftRecording() {
  const recording = busyRecording();
  reorder(recording, 'raft', position);
  return recording;
}

describe('F31 Raft agrees with the chain', () => {
  it('accepts entries that come later from block to block', () => {
    expect(judge(raftAgrees, raftRecording())).toMatchObject({
      verdict: 'valid',
      counts: { blocks: 16, violations: 0 },
    });
  });

  it('rejects a block from an entry that is not later, and accepts the next one', () => {
    const recording = raftRecording();
    for (const source of recording.chain.keys()) {
      mark(recording, source, 5, 'raft', { ...position(5), 3: position(4)[3] });
    }
    expect(judge(raftAgrees, recording).evidence).toEqual([
      {
        block: 5,
        message: "block 5 came from entry 205 of Raft's log, the block before from entry 205",
      },
    ]);
  });

  it('rejects a copy that came from another entry', () => {
    const recording = raftRecording();
    mark(recording, 'orderer1', 7, 'raft', { ...position(7), 3: 300 });
    expect(judge(raftAgrees, recording)).toMatchObject({
      verdict: 'invalid',
      evidence: [{ block: 7, sources: ['peer0.org1', 'orderer1'] }],
    });
  });

  it('accepts one block without an entry on a node that was rebuilt from a snapshot, and no second one', () => {
    const rebuilt = (...blocks: readonly number[]) => {
      const recording = raftRecording();
      for (const block of blocks) mark(recording, 'orderer1', block, 'raft', {});
      return judge(raftAgrees, recording);
    };
    expect(rebuilt(7)).toMatchObject({
      verdict: 'valid',
      counts: { 'copies out of a snapshot': 1 },
    });
    expect(rebuilt(7, 9)).toMatchObject({
      verdict: 'invalid',
      evidence: [{ block: 9, sources: ['peer0.org1', 'orderer1'] }],
    });
  });

  it('accepts a configuration with the entry of the block before it, as one of the consensus has it', () => {
    const ledger = new LedgerBuilder();
    ledger.configure();
    ledger.configure();
    const recording = ledger.recording();
    reorder(recording, 'raft', position);
    for (const source of recording.chain.keys()) {
      mark(recording, source, 2, 'raft', { ...position(2), 3: position(1)[3] });
    }
    expect(judge(raftAgrees, recording).verdict).toBe('valid');
  });

  it('rejects consenters that change without a configuration, and two at once with one', () => {
    const recording = raftRecording();
    for (const source of recording.chain.keys()) {
      mark(recording, source, 16, 'raft', { ...position(16), 1: [1, 2, 3, 4] });
    }
    expect(judge(raftAgrees, recording).evidence).toEqual([
      {
        block: 16,
        message: 'block 16 has consenters 1, 2, 3, 4, the block before 1, 2, 3',
      },
    ]);
    const configured = (consenters: readonly number[]) => {
      const ledger = new LedgerBuilder();
      ledger.configure();
      ledger.configure();
      const changed = ledger.recording();
      reorder(changed, 'raft', position);
      for (const source of changed.chain.keys()) {
        mark(changed, source, 2, 'raft', { ...position(2), 1: consenters });
      }
      return judge(raftAgrees, changed).verdict;
    };
    expect(configured([1, 2, 3, 4])).toBe('valid');
    expect(configured([1, 2, 4])).toBe('invalid');
  });

  it('rejects a block in the middle that Raft did not mark', () => {
    const recording = raftRecording();
    for (const source of recording.chain.keys()) mark(recording, source, 9, 'raft', {});
    expect(judge(raftAgrees, recording).evidence).toEqual([
      {
        block: 9,
        message: 'block 9 is marked by no ordering service, the block before by raft',
      },
    ]);
  });

  it('is no business of a channel that Kafka orders, and open where no block tells', () => {
    expect(judge(raftAgrees, busyRecording())).toMatchObject({
      verdict: 'unknown',
      applicable: false,
    });
    expect(judge(raftAgrees, new LedgerBuilder().recording())).toMatchObject({
      verdict: 'unknown',
      reason: 'no block tells who ordered it',
    });
  });
});
