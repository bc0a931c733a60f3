import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readBlocks } from '../base/files.ts';
import { codeName } from '../fabric/ledger/codes.ts';
import { decodeBlock } from '../fabric/ledger/decoder.ts';
import { wellFormed } from './checks/chain.ts';
import { codesDerived, signaturesVerify } from './checks/signatures.ts';
import { commitHashes, conflictsRight } from './checks/validation.ts';
import { editBlock, judge } from './testing/forge.ts';
import { LedgerBuilder, type TestRecording } from './testing/ledger-builder.ts';

const PEER = 'peer0.org1';
const ORDERER = 'orderer1';

/** A channel of a Fabric 2.5.9 network, as one of its peers and one of its orderers gave it. */
function golden(name: 'network' | 'codes' = 'network'): TestRecording {
  const folder = mkdtempSync(join(tmpdir(), 'golden-'));
  const chain = [PEER, ORDERER].map((source) => {
    const packed = join(import.meta.dirname, 'testing/golden', `${name}-2.5.9.${source}.blocks.gz`);
    const file = join(folder, source);
    writeFileSync(file, gunzipSync(readFileSync(packed)));
    return [source, Array.from(readBlocks(file), (block) => Buffer.from(block))] as const;
  });
  rmSync(folder, { recursive: true });
  const [[, [genesis = Buffer.alloc(0)]] = ['', []]] = chain;
  const channel = decodeBlock(genesis).transactions[0]?.channel ?? '';
  const recording = new LedgerBuilder(channel).recording();
  const facts = recording.scenario.channels[channel];
  if (!facts) throw new Error('no facts');
  recording.scenario = {
    ...recording.scenario,
    channels: { [channel]: { ...facts, peers: [PEER], orderers: [ORDERER] } },
  };
  recording.chain.clear();
  for (const [source, blocks] of chain) recording.chain.set(source, blocks);
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

/** What the peers of the network made of each transaction of `harness/cli/golden/transactions.ts`. */
const CODES: Readonly<Record<string, string>> = {
  'a write': 'VALID',
  'a key with a policy of its own': 'VALID',
  'endorsed by one organisation': 'ENDORSEMENT_POLICY_FAILURE',
  'endorsed twice by one peer': 'ENDORSEMENT_POLICY_FAILURE',
  'another id': 'BAD_PROPOSAL_TXID',
  'asked something else': 'INVALID_ENDORSER_TRANSACTION',
  'a type that there is not': 'BAD_COMMON_HEADER',
  'an epoch': 'BAD_COMMON_HEADER',
  'two actions': 'INVALID_ENDORSER_TRANSACTION',
  'no transaction': 'INVALID_ENDORSER_TRANSACTION',
  'an expired version': 'VALID',
  'a chaincode that there is not': 'INVALID_CHAINCODE',
  'another chaincode answered': 'INVALID_CHAINCODE',
  'wrote for a chaincode that there is not': 'INVALID_CHAINCODE',
  'wrote for another chaincode': 'VALID',
  'wrote for itself twice': 'ILLEGAL_WRITESET',
  'an event of another chaincode': 'INVALID_OTHER_REASON',
  'an event': 'VALID',
  'any peer may endorse': 'VALID',
  'private data': 'VALID',
  'private data of which one organisation is too little': 'ENDORSEMENT_POLICY_FAILURE',
  'private data that both endorsed': 'VALID',
  'a phantom': 'PHANTOM_READ_CONFLICT',
  'a range as it is': 'VALID',
  'read an older version': 'MVCC_READ_CONFLICT',
  'read nothing where there was something': 'MVCC_READ_CONFLICT',
  'read what was there': 'VALID',
  'read the same, behind it in a block': 'MVCC_READ_CONFLICT',
  'the key, as its own policy wants it': 'VALID',
  'the key, not as its own policy wants it': 'ENDORSEMENT_POLICY_FAILURE',
  'the key and another': 'ENDORSEMENT_POLICY_FAILURE',
  'a write, again': 'DUPLICATE_TXID',
  'a flipped signature': 'BAD_CREATOR_SIGNATURE',
  'by a stranger': 'BAD_CREATOR_SIGNATURE',
  'by a member of an organisation that there is not': 'BAD_CREATOR_SIGNATURE',
  'by a client as it should be': 'VALID',
  'by a client that was revoked': 'BAD_CREATOR_SIGNATURE',
  'endorsed by a peer that was revoked': 'ENDORSEMENT_POLICY_FAILURE',
  'by another client': 'VALID',
};

/** A header's type that Fabric does not know. */
const UNKNOWN_TYPE = 7;

describe('a channel with every code that can be provoked from outside', () => {
  /** By what the transaction is called, in the order of the chain. */
  const told = (recording: TestRecording): Record<string, string> => {
    const found: Record<string, string> = {};
    for (const raw of recording.chain.get(PEER) ?? []) {
      for (const { type, args, code, parts } of decodeBlock(raw).transactions) {
        const unread = parts.stage === 'transaction' ? 'no transaction' : args[0];
        const name = (type === UNKNOWN_TYPE ? 'a type that there is not' : unread) ?? '';
        if (name in CODES) found[name in found ? `${name}, again` : name] = codeName(code);
      }
    }
    return found;
  };

  it('is what the network made of it', () => {
    expect(told(golden('codes'))).toEqual(CODES);
  });

  it('has codes that are derived, every one, and signatures of those who were entitled', () => {
    const recording = golden('codes');
    expect(judge(codesDerived, recording)).toMatchObject({
      verdict: 'valid',
      counts: { violations: 0 },
    });
    for (const check of [signaturesVerify, wellFormed, commitHashes, conflictsRight]) {
      expect(judge(check, recording).evidence).toEqual([]);
    }
  });

  it('is judged invalid with another code of a transaction, whatever its own is', () => {
    const sound = golden('codes');
    const blocks = sound.chain.get(PEER) ?? [];
    const changedCodes = new Set<number>();
    for (const [number, raw] of blocks.entries()) {
      for (const { index, code, args } of decodeBlock(raw).transactions) {
        if (!((args[0] ?? '') in CODES) || changedCodes.has(code)) continue;
        changedCodes.add(code);
        const changed = { ...sound, chain: new Map([...sound.chain].map(([k, v]) => [k, [...v]])) };
        changed.blocks = () =>
          [...changed.chain].map(([source, list]) => ({ source, blocks: list }));
        editBlock(changed, PEER, number, ({ metadata }) => {
          const codes = Buffer.from(metadata[2] as Buffer);
          codes[index] = code === 0 ? 10 : 0;
          metadata[2] = codes;
        });
        const { verdict } = judge(codesDerived, changed);
        expect([number, index, args[0], verdict]).toEqual([number, index, args[0], 'invalid']);
      }
    }
    expect(changedCodes.size).toBe(12);
  });
});
