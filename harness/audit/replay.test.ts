import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readBlocks } from '../base/files.ts';
import { decodeBlock } from '../fabric/ledger/decoder.ts';
import { NO_PARTS } from '../fabric/ledger/envelope.ts';
import type {
  Block,
  CollectionReadWriteSet,
  NamespaceReadWriteSet,
  RangeRead,
  Transaction,
} from '../fabric/ledger/model.ts';
import { commitHash } from './commit-hash.ts';
import { summarise } from './range-summary.ts';
import { Replay } from './replay.ts';

/** Blocks that Fabric 2.5.9's own ledger validated and hashed; see testing/golden. */
function golden(): Block[] {
  const dir = mkdtempSync(join(tmpdir(), 'golden-'));
  const path = join(dir, 'blocks');
  const packed = join(import.meta.dirname, 'testing', 'golden', 'fabric-2.5.9.blocks.gz');
  writeFileSync(path, gunzipSync(readFileSync(packed)));
  // Blocks are views on one buffer that is used again; these live on.
  const blocks = Array.from(readBlocks(path), (raw) => decodeBlock(Buffer.from(raw)));
  rmSync(dir, { recursive: true });
  return blocks;
}

describe('a ledger that Fabric itself wrote', () => {
  it('is decoded to a well-formed chain', () => {
    const blocks = golden();
    expect(blocks.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    for (const [index, { previousHash, dataHash, computedDataHash }] of blocks.entries()) {
      expect(previousHash).toBe(blocks[index - 1]?.hash ?? '');
      expect(dataHash).toBe(computedDataHash);
    }
  });

  it('gets the same validation codes: conflicts, phantoms, Merkle summaries, metadata, private hashes', () => {
    const replay = new Replay();
    const stored: number[][] = [];
    const expected: (number | null)[][] = [];
    for (const block of golden().slice(1)) {
      const { transactions } = replay.apply(block);
      stored.push(block.transactions.map(({ code }) => code));
      expected.push(transactions.map(({ conflict }) => conflict));
    }
    expect(expected).toEqual(stored);
    expect(stored).toEqual([
      [0, 0],
      [0, 11, 0, 11, 0, 11],
      [11],
      [0],
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12],
      [0, 12, 12, 12, 12, 12, 0, 0],
      [12],
      [0, 0, 0],
      [0, 11, 0, 11, 0, 0],
      [11, 11, 0],
    ]);
  });

  it('gets the same commit hashes', () => {
    const replay = new Replay();
    let previous = '';
    for (const block of golden()) {
      const { batch } = replay.apply(block);
      if (block.number > 0) previous = commitHash(block.codes, batch, previous);
      expect(block.commitHash ?? '').toBe(previous);
    }
    expect(replay.height).toBe(11);
    expect(replay.size('many')).toBe(3_000);
    expect(replay.size('none')).toBe(0);
    expect(replay.get('ns', 'b')).toBeUndefined();
    expect(replay.get('none', 'b')).toBeUndefined();
  });

  it('summarises ranges as the endorsers did', () => {
    const replay = new Replay();
    const sent: unknown[] = [];
    for (const block of golden()) {
      if (block.number === 5) {
        for (const { readWriteSets } of block.transactions) {
          for (const { ranges, namespace } of readWriteSets) {
            if (namespace === 'many') sent.push(ranges[0]?.summary?.maxLevel);
          }
        }
      }
      replay.apply(block);
    }
    // 50, 51, 102, 103, 2550, 2551 and 3000 reads, then 60 and 5 of an open range, then none.
    expect(sent).toEqual([undefined, 1, 1, 1, 1, 2, 2, 1, undefined, undefined]);
  });
});

const none: NamespaceReadWriteSet = {
  namespace: 'ns',
  reads: [],
  ranges: [],
  writes: [],
  metadataWrites: [],
  collections: [],
};

const meta = (...keys: string[]) => keys.map((key) => ({ key, metadata: 'p' }));

const transaction = (
  index: number,
  set: Partial<NamespaceReadWriteSet>,
  more: Partial<Transaction> = {},
): Transaction => ({
  index,
  id: `tx${index}`,
  type: 3,
  channel: '',
  creator: '',
  code: 0,
  endorsers: [],
  chaincode: 'ns',
  args: [],
  readWriteSets: [{ ...none, ...set }],
  parts: NO_PARTS,
  ...more,
});

const block = (number: number, ...transactions: Transaction[]): Block => ({
  number,
  previousHash: '',
  dataHash: '',
  hash: '',
  computedDataHash: '',
  codes: '',
  commitHash: null,
  consenter: null,
  lastConfig: 0,
  transactions,
});

const put = (key: string, value: string) => ({ key, isDelete: false, value: Buffer.from(value) });
const remove = (key: string) => ({ key, isDelete: true, value: Buffer.alloc(0) });
const at = (blockNumber: number, position: number) => ({
  block: blockNumber,
  transaction: position,
});

describe('Replay', () => {
  const started = () => {
    const replay = new Replay();
    replay.apply(
      block(1, transaction(0, { writes: [put('a', '1'), put('b', '2'), put('d', '4')] })),
    );
    return replay;
  };
  const expected = (replay: Replay, ...sets: Partial<NamespaceReadWriteSet>[]) =>
    replay
      .apply(block(2, ...sets.map((set, index) => transaction(index, set))))
      .transactions.map(({ conflict }) => conflict);

  it('compares versions: right, wrong block, wrong position, absent', () => {
    const read = (version: ReturnType<typeof at> | null, key = 'a') => ({
      reads: [{ key, version }],
    });
    expect(
      expected(
        started(),
        read(at(1, 0)),
        read(at(0, 0)),
        read(at(1, 1)),
        read(null),
        read(null, 'none'),
        read(at(1, 0), 'none'),
      ),
    ).toEqual([0, 11, 11, 11, 0, 11]);
  });

  it('lets a key that the block has touched conflict whatever its version', () => {
    const replay = started();
    const reads = [{ key: 'a', version: at(2, 0) }];
    expect(expected(replay, { writes: [put('a', '9')] }, { reads })).toEqual([0, 11]);
  });

  it('does not let refused transactions touch anything', () => {
    const replay = started();
    const refused = transaction(0, { writes: [put('a', '9')] }, { code: 11 });
    const next = transaction(1, { reads: [{ key: 'a', version: at(1, 0) }] });
    const { transactions, batch } = replay.apply(block(2, refused, next));
    expect(transactions.map(({ conflict }) => conflict)).toEqual([0, 0]);
    expect(transactions[0]?.changes).toEqual([]);
    expect(batch.namespaces.size).toBe(0);
    expect(replay.get('ns', 'a')).toEqual({ value: '1', metadata: '', block: 1, transaction: 0 });
  });

  it('compares what was refused for another reason too, and no configuration', () => {
    const replay = started();
    const stale = { reads: [{ key: 'a', version: null }] };
    const { transactions } = replay.apply(
      block(2, transaction(0, stale, { type: 1 }), transaction(1, stale, { code: 10 })),
    );
    expect(transactions.map(({ conflict }) => conflict)).toEqual([null, 11]);
  });

  it('reports what each transaction changed, with the value before', () => {
    const replay = started();
    const { transactions, batch } = replay.apply(
      block(
        2,
        transaction(0, { writes: [put('a', '\u00fc'), remove('b'), remove('none')] }),
        transaction(1, { writes: [put('b', '3')], metadataWrites: meta('a', 'b', 'none') }),
      ),
    );
    expect(transactions.map(({ changes }) => changes)).toEqual([
      [
        { namespace: 'ns', key: 'a', before: '1', after: '\u00c3\u00bc' },
        { namespace: 'ns', key: 'b', before: '2', after: null },
        { namespace: 'ns', key: 'none', before: null, after: null },
      ],
      [
        { namespace: 'ns', key: 'b', before: null, after: '3' },
        { namespace: 'ns', key: 'a', before: '\u00c3\u00bc', after: '\u00c3\u00bc' },
      ],
    ]);
    expect(Object.fromEntries(batch.namespaces.get('ns') ?? [])).toEqual({
      a: { value: '\u00c3\u00bc', transaction: 1 },
      b: { value: '3', transaction: 1 },
      none: { value: null, transaction: 0 },
    });
    expect(new Map(replay.entries('ns')).get('a')).toEqual({
      value: '\u00c3\u00bc',
      metadata: 'p',
      block: 2,
      transaction: 1,
    });
  });

  const range = (more: Partial<RangeRead>): Partial<NamespaceReadWriteSet> => ({
    ranges: [{ startKey: 'a', endKey: 'c', exhausted: true, reads: [], ...more }],
  });
  const both = [
    { key: 'a', version: at(1, 0) },
    { key: 'b', version: at(1, 0) },
  ];

  it.each<[string, Partial<RangeRead>, number]>([
    ['the same', { reads: both }, 0],
    ['one too few', { reads: both.slice(1) }, 12],
    ['another key', { reads: [{ key: 'aa', version: at(1, 0) }, ...both.slice(1)] }, 12],
    ['another version', { reads: [{ key: 'a', version: at(0, 0) }, ...both.slice(1)] }, 12],
    ['one too many', { reads: [...both, { key: 'bb', version: at(1, 0) }] }, 12],
    ['nothing where nothing is', { startKey: 'x', endKey: 'y' }, 0],
    ['nothing where something is', {}, 12],
    ['up to the last key read', { exhausted: false, endKey: 'b', reads: both }, 0],
    ['up to a key that is gone', { exhausted: false, endKey: 'c', reads: both }, 0],
    ['an exhausted range with its end', { endKey: 'b', reads: both }, 12],
    ['no summary at all', { reads: null }, 12],
  ])('judges a range read as %s', (_case, more, code) => {
    expect(expected(started(), range(more))).toEqual([code]);
  });

  it('sees keys that come and go between two ranges', () => {
    const replay = started();
    expect(
      expected(
        replay,
        range({ reads: both }),
        { writes: [put('ab', '1'), remove('b'), put('a', '1')] },
        range({ reads: both }),
        range({
          reads: [
            { key: 'a', version: at(2, 1) },
            { key: 'ab', version: at(2, 1) },
          ],
        }),
      ),
    ).toEqual([0, 0, 12, 0]);
  });

  it('matches a summary, and rejects any other', () => {
    const reads = Array.from({ length: 3 }, (_, index) => ({
      key: 'abd'[index] as string,
      version: at(1, 0),
    }));
    const summary = summarise(reads, 2);
    if (!summary) throw new Error('three reads are more than two');
    const all = { startKey: '', endKey: '', reads: null } as const;
    expect(
      expected(
        started(),
        range({ ...all, summary }),
        range({ ...all, summary: { ...summary, maxLevel: 2 } }),
        range({ ...all, summary: { ...summary, hashes: [] } }),
        range({ ...all, summary: { ...summary, hashes: ['00'] } }),
        range({ ...all, summary: { ...summary, maxDegree: 3 } }),
        range({ ...all, summary: { ...summary, maxDegree: 1 } }),
      ),
    ).toEqual([0, 12, 12, 12, 12, 12]);
  });

  it('judges private collections by their hashes, each apart', () => {
    const collection = (more: Partial<CollectionReadWriteSet>) => ({
      collections: [{ collection: 'coll', reads: [], writes: [], metadataWrites: [], ...more }],
    });
    const replay = new Replay();
    replay.apply(block(1, transaction(0, collection({ writes: [put('aa', 'h')] }))));
    const { transactions, batch } = replay.apply(
      block(
        2,
        transaction(0, collection({ reads: [{ key: 'aa', version: at(1, 0) }] })),
        transaction(1, collection({ collection: 'other', reads: [{ key: 'aa', version: null }] })),
        transaction(2, collection({ metadataWrites: meta('aa') })),
        transaction(3, collection({ reads: [{ key: 'aa', version: at(1, 0) }] })),
      ),
    );
    expect(transactions.map(({ conflict }) => conflict)).toEqual([0, 0, 0, 11]);
    expect(transactions.flatMap(({ changes }) => changes)).toEqual([]);
    expect(batch.namespaces.size).toBe(0);
    expect([...(batch.collections.get('ns')?.keys() ?? [])]).toEqual(['coll']);
  });
});

describe('commitHash', () => {
  it('leaves out the channel configuration', () => {
    const replay = new Replay();
    const { batch } = replay.apply(
      block(1, transaction(0, { namespace: '', writes: [put('config', '1')] })),
    );
    const empty = new Replay().apply(block(1)).batch;
    expect(commitHash('00', batch, '')).toBe(commitHash('00', empty, ''));
    expect(commitHash('00', batch, '')).not.toBe(commitHash('01', batch, ''));
    expect(commitHash('00', batch, '')).not.toBe(commitHash('00', batch, '00'));
  });
});

describe('summarise', () => {
  it('gives nothing for what Fabric would send as reads', () => {
    const reads = [1, 2, 3].map((number) => ({ key: `${number}`, version: at(0, number) }));
    expect(summarise(reads, 3)).toBeNull();
    expect(summarise(reads, 1)).toBeNull();
    expect(summarise(reads, 2)).toMatchObject({ maxDegree: 2, maxLevel: 1 });
  });
});
