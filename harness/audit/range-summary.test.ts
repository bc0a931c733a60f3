import { createHash } from 'node:crypto';
import { kvrwset } from '../../fabric-client/protos.ts';
import type { KeyRead } from '../fabric/ledger/model.ts';
import { matchesSummary, summarise } from './range-summary.ts';

const reads = (count: number): KeyRead[] =>
  Array.from({ length: count }, (_, index) => ({
    key: `schlüssel ${index}`,
    version: { block: index + 1, transaction: index + 2 },
  }));

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Hash of a group as Fabric's own message gives it. */
const leaf = (group: readonly KeyRead[]): string =>
  sha256(
    kvrwset.QueryReads.encode({
      kv_reads: group.map(({ key, version }) => ({
        key,
        ...(version && { version: { block_num: version.block, tx_num: version.transaction } }),
      })),
    }).finish(),
  );

const groups = (count: number): string[] =>
  Array.from({ length: count }, (_, index) =>
    leaf(reads(count * 3).slice(index * 3, index * 3 + 3)),
  );

const folded = (...hashes: readonly string[]): string =>
  sha256(Buffer.from(hashes.join(''), 'hex'));

describe('summary of a range', () => {
  it('is none of so few reads that they are sent themselves', () => {
    expect(summarise(reads(2), 2)).toBeNull();
    expect(summarise(reads(9), 1)).toBeNull();
    expect(summarise(reads(3), 2)).toEqual({ maxDegree: 2, maxLevel: 1, hashes: groups(1) });
  });

  it('folds a level that has grown too large, and what is left at the end', () => {
    const [a = '', b = '', c = '', d = '', e = '', f = '', g = ''] = groups(7);
    const of = (count: number) => {
      const summary = summarise(reads(count), 2);
      return [summary?.maxLevel, summary?.hashes];
    };
    expect(of(6)).toEqual([1, [a, b]]);
    expect(of(9)).toEqual([2, [folded(a, b, c)]]);
    expect(of(12)).toEqual([2, [folded(a, b, c), d]]);
    expect(of(15)).toEqual([2, [folded(a, b, c), folded(d, e)]]);
    expect(of(21)).toEqual([3, [folded(folded(a, b, c), folded(d, e, f), g)]]);
  });

  it('writes no zero and no version of what has none, as Fabric does', () => {
    const at = (version: KeyRead['version']): KeyRead => ({ key: 'k', version });
    const list = [
      at(null),
      at({ block: 0, transaction: 0 }),
      at({ block: 5, transaction: 0 }),
      at({ block: 0, transaction: 6 }),
    ];
    const written = kvrwset.QueryReads.encode({
      kv_reads: [
        { key: 'k' },
        { key: 'k', version: {} },
        { key: 'k', version: { block_num: 5 } },
        { key: 'k', version: { tx_num: 6 } },
      ],
    }).finish();
    expect(summarise(list, 3)?.hashes).toEqual([sha256(written)]);
  });

  it('matches the same, and nothing that goes on behind it or ends before', () => {
    const sent = { maxDegree: 2, maxLevel: 1, hashes: groups(2) };
    expect(matchesSummary(reads(6), sent)).toBe(true);
    expect(matchesSummary(reads(6), { ...sent, hashes: [...sent.hashes, 'ff'] })).toBe(false);
    expect(matchesSummary(reads(6), { ...sent, hashes: sent.hashes.slice(0, 1) })).toBe(false);
    expect(matchesSummary(reads(6), { ...sent, hashes: sent.hashes.toReversed() })).toBe(false);
    expect(matchesSummary(reads(6), { ...sent, maxLevel: 2 })).toBe(false);
    expect(matchesSummary(reads(2), sent)).toBe(false);
  });
});
