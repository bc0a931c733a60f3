import { editBlock, judge } from '../testing/forge.ts';
import { LedgerBuilder, PEERS, type TestRecording } from '../testing/ledger-builder.ts';
import { busyRecording, opened, transfers } from '../testing/scene.ts';
import { commitHashes, conflictsRight, sameCodes } from './validation.ts';

const setCodes = (
  recording: TestRecording,
  peers: readonly string[],
  block: number,
  codes: readonly number[],
): void => {
  for (const peer of peers) {
    editBlock(recording, peer, block, ({ metadata }) => {
      metadata[2] = Buffer.from(codes);
    });
  }
};

describe('F7 same validation codes', () => {
  it('accepts equal codes, and orderers that have none', () => {
    expect(judge(sameCodes, busyRecording())).toMatchObject({
      verdict: 'valid',
      counts: { 'heights compared': 17, codes: 140, violations: 0 },
    });
  });

  it('rejects a peer that judged one transaction otherwise', () => {
    const recording = busyRecording();
    setCodes(recording, ['peer1.org1'], 9, [0, 0]);
    const result = judge(sameCodes, recording);
    expect(result.verdict).toBe('invalid');
    expect(result.evidence).toEqual([
      {
        block: 9,
        transactionId: expect.stringMatching(/^[0-9a-f]{64}$/),
        sources: ['peer0.org1', 'peer1.org1'],
        message:
          'transaction 1 of block 9 is MVCC_READ_CONFLICT on peer0.org1 and VALID on peer1.org1',
      },
    ]);
  });

  it('names the first transaction that differs', () => {
    const recording = busyRecording();
    setCodes(recording, ['peer1.org1'], 9, [16, 0]);
    expect(judge(sameCodes, recording).evidence).toMatchObject([
      { message: 'transaction 0 of block 9 is VALID on peer0.org1 and NIL_TXACTION on peer1.org1' },
    ]);
  });

  it('rejects codes for more or fewer transactions than there are', () => {
    const recording = busyRecording();
    setCodes(recording, ['peer0.org1'], 9, [0]);
    expect(judge(sameCodes, recording).evidence[0]).toEqual({
      block: 9,
      sources: ['peer0.org1'],
      message: 'block 9 has 2 transactions, peer0.org1 has codes for 1',
    });
  });

  it('rejects transactions that no peer has judged', () => {
    const recording = busyRecording();
    setCodes(recording, PEERS, 9, [0, 254]);
    expect(judge(sameCodes, recording).evidence).toEqual([
      {
        block: 9,
        transactionId: expect.stringMatching(/^[0-9a-f]{64}$/),
        message: 'transaction 1 of block 9 was never judged',
      },
    ]);
  });

  it('is unknown with fewer than two peers', () => {
    const recording = busyRecording();
    for (const peer of PEERS.slice(1)) recording.chain.delete(peer);
    expect(judge(sameCodes, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 heights compared, needs at least 1',
    });
    recording.chain.delete('peer0.org1');
    expect(judge(sameCodes, recording)).toMatchObject({
      verdict: 'unknown',
      counts: { violations: 0 },
    });
  });
});

describe('F8 commit hash equal and right', () => {
  it('accepts hashes that follow from writes, deletions, refusals and empty blocks', () => {
    expect(judge(commitHashes, busyRecording())).toMatchObject({
      verdict: 'valid',
      counts: { hashes: 64, violations: 0 },
    });
  });

  it('rejects a peer with another hash', () => {
    const recording = busyRecording();
    editBlock(recording, 'peer1.org2', 6, ({ metadata }) => {
      metadata[4] = Buffer.concat([Buffer.from([0x0a, 0x20]), Buffer.alloc(32, 3)]);
    });
    const result = judge(commitHashes, recording);
    expect(result.verdict).toBe('invalid');
    expect(result.evidence).toEqual([
      {
        block: 6,
        sources: ['peer0.org1', 'peer1.org2'],
        message: expect.stringMatching(
          /^block 6 has commit hash [0-9a-f]{64} on peer0.org1 and (03){32} on peer1.org2$/,
        ),
      },
    ]);
  });

  it('rejects a hash that all peers have but that does not follow from the chain, and reports it once', () => {
    const recording = busyRecording();
    // All peers took back a refusal that they had hashed.
    setCodes(recording, PEERS, 9, [0, 0]);
    const result = judge(commitHashes, recording);
    expect(result.evidence).toEqual([
      {
        block: 9,
        sources: ['peer0.org1'],
        message: expect.stringMatching(
          /^block 9 has commit hash [0-9a-f]{64}, its codes and writes give [0-9a-f]{64}$/,
        ),
      },
    ]);
    expect(result.counts.violations).toBe(1);
  });

  it('rejects a peer whose block lacks the hash', () => {
    const recording = busyRecording();
    editBlock(recording, 'peer0.org2', 6, ({ metadata }) => {
      metadata[4] = Buffer.alloc(0);
    });
    expect(judge(commitHashes, recording).evidence).toMatchObject([
      { block: 6, message: expect.stringMatching(/on peer0.org1 and null on peer0.org2$/) },
    ]);
  });

  it('is unknown for a channel whose peers record no hashes', () => {
    const recording = opened().recording();
    for (const peer of PEERS) {
      for (const number of [1, 2]) {
        editBlock(recording, peer, number, ({ metadata }) => {
          metadata[4] = Buffer.alloc(0);
        });
      }
    }
    expect(judge(commitHashes, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 hashes, needs at least 1',
    });
    for (const peer of PEERS) recording.chain.delete(peer);
    expect(judge(commitHashes, recording).verdict).toBe('unknown');
  });
});

describe('F11 conflicts recomputed', () => {
  it('accepts conflicts within a block, across blocks, phantoms and duplicates', () => {
    expect(judge(conflictsRight, busyRecording())).toMatchObject({
      verdict: 'valid',
      counts: { conflicts: 3, recomputed: 32, violations: 0 },
    });
  });

  it.each([
    [9, [0, 0], 1, 'VALID', 'MVCC_READ_CONFLICT'],
    [9, [0, 12], 1, 'PHANTOM_READ_CONFLICT', 'MVCC_READ_CONFLICT'],
    [9, [11, 0], 0, 'MVCC_READ_CONFLICT', 'VALID'],
    [11, [0], 0, 'VALID', 'PHANTOM_READ_CONFLICT'],
  ])('rejects block %i judged %j', (block, codes, index, is, should) => {
    const recording = busyRecording();
    setCodes(recording, PEERS, block, codes);
    const result = judge(conflictsRight, recording);
    expect(result.verdict).toBe('invalid');
    expect(result.evidence[0]).toEqual({
      block,
      transactionId: expect.stringMatching(/^[0-9a-f]{64}$/),
      message: `transaction ${index} of block ${block} is ${is}, its reads make it ${should}`,
    });
  });

  it('leaves alone what was refused for other reasons', () => {
    const recording = busyRecording();
    setCodes(recording, PEERS, 9, [0, 10]);
    expect(judge(conflictsRight, recording)).toMatchObject({
      verdict: 'valid',
      counts: { conflicts: 2, recomputed: 31 },
    });
  });

  it('is unknown without a conflict, unless the scenario says that there is none to see', () => {
    const ledger = opened();
    transfers(ledger, 1);
    const recording = ledger.recording();
    expect(judge(conflictsRight, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 conflicts, needs at least 1',
      counts: { conflicts: 0, recomputed: 7 },
    });
    recording.scenario = { ...recording.scenario, floors: { conflicts: 0 } };
    expect(judge(conflictsRight, recording).verdict).toBe('valid');
  });

  it('is unknown when there was nothing to recompute', () => {
    const recording = new LedgerBuilder('mychannel', false).recording();
    recording.scenario = { ...recording.scenario, floors: { conflicts: 0 } };
    expect(judge(conflictsRight, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 recomputed, needs at least 1',
    });
  });
});
