import { createHash } from 'node:crypto';
import { LAST_LOOK, QUIESCENT, UNSETTLED } from '../../workload/history.ts';
import { editBlock, judge, relink, rewrite } from '../testing/forge.ts';
import { LedgerBuilder, ORDERERS, PEERS } from '../testing/ledger-builder.ts';
import { busyRecording, opened } from '../testing/scene.ts';
import { converged, sameHeaders, wellFormed } from './chain.ts';

describe('F4 same header at every height', () => {
  it('accepts copies that differ in metadata only', () => {
    expect(judge(sameHeaders, busyRecording())).toMatchObject({
      verdict: 'valid',
      evidence: [],
      counts: { heights: 17, compared: 17, violations: 0 },
    });
  });

  it('rejects an orderer that built another block, even a well-formed one', () => {
    const recording = busyRecording();
    editBlock(recording, 'orderer1', 5, (block) => {
      block.data.reverse();
      block.dataHash = createHash('sha256').update(Buffer.concat(block.data)).digest();
    });
    relink(recording, 'orderer1', 5);
    expect(judge(wellFormed, recording).verdict).toBe('valid');
    const result = judge(sameHeaders, recording);
    expect(result.verdict).toBe('invalid');
    expect(result.counts.violations).toBe(12);
    expect(result.evidence[0]).toEqual({
      block: 5,
      sources: ['orderer1'],
      message: expect.stringMatching(
        /^block 5 has header [0-9a-f]{64} on peer0.org1, peer0.org2, peer1.org1, peer1.org2, orderer0, but [0-9a-f]{64} on orderer1$/,
      ),
    });
    expect(result.evidence).toHaveLength(5);
  });

  it('takes the majority as the norm, also against the first peer, and names all who differ', () => {
    const recording = busyRecording();
    for (const [source, value] of [
      ['peer0.org1', 1],
      ['orderer0', 2],
    ] as const) {
      editBlock(recording, source, 6, (block) => {
        block.dataHash = Buffer.alloc(32, value);
      });
    }
    const [evidence] = judge(sameHeaders, recording).evidence;
    expect(evidence?.sources).toEqual(['peer0.org1', 'orderer0']);
    expect(evidence?.message).toMatch(/ on peer0.org1, [0-9a-f]{64} on orderer0$/);
  });

  it('accepts data that differ under the same header, which F5 rejects', () => {
    const recording = busyRecording();
    editBlock(recording, 'peer1.org1', 5, ({ data }) => {
      data.reverse();
    });
    expect(judge(sameHeaders, recording).verdict).toBe('valid');
    expect(judge(wellFormed, recording).verdict).toBe('invalid');
  });

  it('is unknown without one of the sources, or with one alone', () => {
    const recording = busyRecording();
    recording.chain.delete('orderer1');
    expect(judge(sameHeaders, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'no blocks from orderer1',
    });
    const alone = busyRecording();
    for (const source of [...alone.chain.keys()].slice(1)) alone.chain.set(source, []);
    expect(judge(sameHeaders, alone)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 compared, needs at least 1',
    });
  });
});

describe('F5 chain well-formed', () => {
  it('accepts a chain from its genesis on', () => {
    expect(judge(wellFormed, busyRecording())).toMatchObject({
      verdict: 'valid',
      counts: { heights: 17, blocks: 102, violations: 0 },
    });
  });

  it('rejects data that were changed in one copy', () => {
    const recording = busyRecording();
    editBlock(recording, 'peer0.org2', 4, ({ data }) => {
      const first = data[0] as Buffer;
      first[first.length - 1] = (first[first.length - 1] as number) ^ 1;
    });
    const result = judge(wellFormed, recording);
    expect(result.verdict).toBe('invalid');
    expect(result.evidence).toEqual([
      {
        block: 4,
        sources: ['peer0.org2'],
        message: expect.stringMatching(
          /^block 4 has data hash [0-9a-f]{64}, its data hash to [0-9a-f]{64}$/,
        ),
      },
    ]);
  });

  it('rejects a broken link once for all copies that have it', () => {
    const recording = busyRecording();
    for (const source of recording.chain.keys()) {
      editBlock(recording, source, 7, (block) => {
        block.previousHash = Buffer.alloc(0);
      });
    }
    const result = judge(wellFormed, recording);
    expect(result.evidence[0]).toEqual({
      block: 7,
      sources: [...recording.chain.keys()],
      message: expect.stringMatching(
        /^block 7 names nothing as the hash before it, expected [0-9a-f]{64}$/,
      ),
    });
    // Its own hash is another now, so the next link is broken too.
    expect(result.counts.violations).toBe(2);
  });

  it('rejects a genesis block that has something before it', () => {
    const recording = new LedgerBuilder().recording();
    editBlock(recording, 'orderer0', 0, (block) => {
      block.previousHash = Buffer.alloc(2, 1);
    });
    expect(judge(wellFormed, recording).evidence).toEqual([
      {
        block: 0,
        sources: ['orderer0'],
        message: 'block 0 names 0101 as the hash before it, expected nothing',
      },
    ]);
  });

  it('rejects a gap without blaming the block behind it for its link', () => {
    const recording = busyRecording();
    recording.chain.get('peer1.org1')?.splice(5, 1);
    expect(judge(wellFormed, recording).evidence).toEqual([
      {
        block: 5,
        sources: ['peer1.org1'],
        message: 'peer1.org1: expected block 5, got block 6',
      },
    ]);
  });

  it('rejects a block that comes twice, and goes on behind it', () => {
    const recording = busyRecording();
    const blocks = recording.chain.get('peer1.org1') ?? [];
    blocks.splice(5, 0, blocks[4] as Buffer);
    expect(judge(wellFormed, recording)).toMatchObject({
      verdict: 'invalid',
      counts: { violations: 1 },
      evidence: [{ block: 5, message: 'peer1.org1: expected block 5, got block 4 again' }],
    });
  });

  it('rejects bytes that are no block, and a chain that does not begin at 0', () => {
    const recording = busyRecording();
    recording.chain.get('orderer0')?.splice(3, 1, Buffer.from([0xff, 0xff]));
    recording.chain.get('orderer1')?.shift();
    expect(judge(wellFormed, recording).evidence).toMatchObject([
      { block: 0, message: 'orderer1: expected block 0, got block 1' },
      { block: 3, message: 'orderer0: cannot be read: integer cut off at byte 2' },
    ]);
  });

  it('rejects an unreadable transaction that is VALID, and accepts one that was refused', () => {
    const recording = busyRecording();
    const rubbish = Buffer.from([0x0a, 0x05, 1]);
    for (const source of recording.chain.keys()) {
      editBlock(recording, source, 16, (block) => {
        block.data = [rubbish];
        block.dataHash = createHash('sha256').update(rubbish).digest();
      });
    }
    expect(judge(wellFormed, recording).evidence).toMatchObject([
      {
        block: 16,
        message:
          'transaction 0 of block 16 is VALID but unreadable: field 1 wants 5 bytes at byte 2, 1 are left',
      },
    ]);
    for (const source of PEERS) {
      editBlock(recording, source, 16, ({ metadata }) => {
        metadata[2] = Buffer.from([2]);
      });
    }
    expect(judge(wellFormed, recording).verdict).toBe('valid');
  });

  it.each<[string, string, (metadata: Buffer[]) => void, string]>([
    [
      'orderer0',
      'a slot more',
      (metadata) => metadata.push(Buffer.alloc(0)),
      '6 slots, expected 5',
    ],
    [
      'orderer1',
      'a code',
      (metadata) => metadata.splice(2, 1, Buffer.of(0)),
      'an orderer says what',
    ],
    [
      'orderer1',
      'a hash',
      (metadata) => metadata.splice(4, 1, Buffer.from([0x0a, 1, 0])),
      'an orderer says what',
    ],
    [
      'peer0.org1',
      'old offsets',
      (metadata) => metadata.splice(3, 1, Buffer.of(0)),
      'the slot of old',
    ],
    [
      'peer1.org2',
      'another last configuration',
      (metadata) => metadata.splice(1, 1, Buffer.from([0x0a, 2, 8, 0])),
      'says 0, expected 1 as on peer0.org1',
    ],
    [
      'peer1.org1',
      'a last configuration that cannot be read',
      (metadata) => metadata.splice(1, 1, Buffer.from([0x0a, 9])),
      'says something else, expected 1',
    ],
  ])('rejects metadata of %s with %s', (source, _, change, message) => {
    const recording = busyRecording();
    editBlock(recording, source, 5, ({ metadata }) => change(metadata));
    expect(judge(wellFormed, recording).evidence).toMatchObject([
      { block: 5, sources: [source], message: expect.stringContaining(message) },
    ]);
  });

  it('is unknown without blocks', () => {
    const recording = busyRecording();
    recording.chain.clear();
    expect(judge(wellFormed, recording)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 blocks, needs at least 1',
    });
  });
});

describe('F6 heights grow and converge', () => {
  it('accepts equal heights that never fell', () => {
    expect(judge(converged, busyRecording())).toMatchObject({
      verdict: 'valid',
      counts: { samples: 102, height: 17, violations: 0 },
    });
  });

  it('rejects a copy that stayed behind', () => {
    const recording = busyRecording();
    for (const [source, height] of [
      ['orderer1', 16],
      ['peer1.org2', 12],
    ] as const) {
      recording.chain.set(source, (recording.chain.get(source) ?? []).slice(0, height));
    }
    rewrite(recording, (record) =>
      record.type === 'height' && record.height > 12 ? null : record,
    );
    expect(judge(converged, recording).evidence).toEqual([
      {
        block: 12,
        sources: ['peer1.org2', 'orderer1'],
        message: 'the chain has 17 blocks, but peer1.org2 has 12, orderer1 has 16',
      },
    ]);
  });

  it('rejects a height that fell, and accepts one that stood still', () => {
    const recording = busyRecording();
    const sample = { type: 'height', source: 'orderer0', channel: 'mychannel' } as const;
    recording.history.push({ ...sample, height: 17, at: 90_000 });
    expect(judge(converged, recording).verdict).toBe('valid');
    recording.history.push({ ...sample, height: 15, at: 90_500 });
    expect(judge(converged, recording).evidence).toEqual([
      {
        block: 15,
        sources: ['orderer0'],
        message: 'height of orderer0 fell from 17 to 15 at 90500 ms',
      },
    ]);
  });

  it('rejects a source that once claimed more blocks than it gave', () => {
    const recording = busyRecording();
    recording.history.push({
      type: 'height',
      source: 'peer0.org1',
      channel: 'mychannel',
      height: 18,
      at: 90_000,
    });
    expect(judge(converged, recording).evidence).toEqual([
      {
        block: 17,
        sources: ['peer0.org1'],
        message: 'peer0.org1 said that it has 18 blocks, but gave 17',
      },
    ]);
  });

  describe('once the network was at rest', () => {
    const names = [...PEERS, ...ORDERERS];
    const atRest = (height: (name: string) => number | undefined, rest = QUIESCENT) => {
      const recording = busyRecording();
      const mark = (label: string, at: number) => ({ type: 'mark', label, at }) as const;
      recording.history.push(mark(rest, 80_000), mark(LAST_LOOK, 90_000));
      for (const source of names) {
        const seen = height(source);
        if (seen === undefined) continue;
        recording.history.push({
          ...{ type: 'height', source, channel: 'mychannel', height: seen, at: 90_001 },
        });
      }
      return judge(converged, recording);
    };

    it('accepts that nothing came, and rejects a block that did', () => {
      expect(atRest(() => 17).verdict).toBe('valid');
      const late = atRest((name) => (name === 'orderer1' ? 18 : 17));
      expect(late.evidence).toMatchObject([
        { sources: ['orderer1'], message: 'orderer1 said that it has 18 blocks, but gave 17' },
      ]);
    });

    it('does not know of a node that was not asked again', () => {
      expect(atRest((name) => (name === 'peer1.org2' ? undefined : 17))).toMatchObject({
        verdict: 'unknown',
        reason:
          'blocks may have come after the network was at rest: peer1.org2 did not say at the end',
      });
    });

    it('does not hold a block against a network that never came to rest', () => {
      expect(atRest(() => 18, UNSETTLED).verdict).toBe('unknown');
    });
  });

  it('does not judge samples of sources whose blocks were not asked for, or of other channels', () => {
    const recording = busyRecording();
    recording.history.push(
      { type: 'height', source: 'orderer9', channel: 'mychannel', height: 99, at: 90_000 },
      { type: 'height', source: 'orderer0', channel: 'other', height: 1, at: 90_001 },
    );
    expect(judge(converged, recording).verdict).toBe('valid');
  });

  it('is unknown without samples or without a source', () => {
    const recording = opened().recording();
    recording.chain.delete('orderer0');
    expect(judge(converged, recording).reason).toBe('no blocks from orderer0');
    const unsampled = opened().recording();
    rewrite(unsampled, (record) => (record.type === 'height' ? null : record));
    expect(judge(converged, unsampled)).toMatchObject({
      verdict: 'unknown',
      reason: 'saw 0 samples, needs at least 2',
    });
  });
});
