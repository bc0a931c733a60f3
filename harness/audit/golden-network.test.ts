import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readBlocks } from '../base/files.ts';
import { wellFormed } from './checks/chain.ts';
import { codesDerived, signaturesVerify } from './checks/signatures.ts';
import { commitHashes, conflictsRight } from './checks/validation.ts';
import { editBlock, judge } from './testing/forge.ts';
import { LedgerBuilder, type TestRecording } from './testing/ledger-builder.ts';

const CHANNEL = 'transfer-balances-ac71';
const PEER = 'peer0.org1';
const ORDERER = 'orderer1';

/** A channel of a Fabric 2.5.9 network under contention, as one of its peers and one of its orderers gave it. */
function golden(): TestRecording {
  const folder = mkdtempSync(join(tmpdir(), 'golden-'));
  const recording = new LedgerBuilder(CHANNEL).recording();
  const facts = recording.scenario.channels[CHANNEL];
  if (!facts) throw new Error('no facts');
  recording.scenario = {
    ...recording.scenario,
    channels: { [CHANNEL]: { ...facts, peers: [PEER], orderers: [ORDERER] } },
  };
  recording.chain.clear();
  for (const source of [PEER, ORDERER]) {
    const packed = join(import.meta.dirname, 'testing/golden', `network-2.5.9.${source}.blocks.gz`);
    const file = join(folder, source);
    writeFileSync(file, gunzipSync(readFileSync(packed)));
    recording.chain.set(
      source,
      Array.from(readBlocks(file), (block) => Buffer.from(block)),
    );
  }
  rmSync(folder, { recursive: true });
  return recording;
}

describe('a channel that a real network made', () => {
  it('has signatures that verify and codes that are derived, every one', () => {
    const recording = golden();
    expect(judge(signaturesVerify, recording)).toMatchObject({
      verdict: 'valid',
      counts: { 'copies of blocks': 54, signatures: 540, violations: 0 },
    });
    expect(judge(codesDerived, recording)).toMatchObject({
      verdict: 'valid',
      counts: { 'codes derived': 162, violations: 0 },
    });
    for (const check of [wellFormed, commitHashes, conflictsRight]) {
      expect(judge(check, recording).verdict).toBe('valid');
    }
  });

  it('is judged invalid with another code, and with another signature', () => {
    const marked = golden();
    editBlock(marked, PEER, 6, ({ metadata }) => {
      metadata[2] = Buffer.from([0, 0, 10]);
    });
    expect(judge(codesDerived, marked).evidence[0]?.message).toMatch(
      /^transaction 2 of block 6 is ENDORSEMENT_POLICY_FAILURE, but VALID follows/,
    );
    const flipped = golden();
    editBlock(flipped, ORDERER, 3, ({ metadata }) => {
      const slot = metadata[0] as Buffer;
      slot[slot.length - 1] = (slot.at(-1) as number) ^ 1;
    });
    expect(judge(signaturesVerify, flipped).evidence).toMatchObject([
      { block: 3, sources: [ORDERER] },
    ]);
  });
});
