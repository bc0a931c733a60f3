import { hash } from 'node:crypto';
import type { KeyRead, RangeSummary } from '../fabric/ledger/model.ts';
import { FieldWriter } from '../fabric/ledger/wire-writer.ts';

/**
 * Merkle summary of a range, in place of more than 50 reads. Leaves are hashes of groups of `maxDegree + 1` reads; a
 * level with more than `maxDegree` hashes is folded into one hash of the next level
 * (core/ledger/kvledger/txmgmt/rwsetutil/query_results_helper.go).
 */

/** Whether what is in the range now gives the summary that the endorsers sent. */
export function matchesSummary(reads: readonly KeyRead[], sent: RangeSummary): boolean {
  const now = summarise(reads, sent.maxDegree);
  return (
    now !== null &&
    now.maxLevel === sent.maxLevel &&
    now.hashes.length === sent.hashes.length &&
    now.hashes.every((value, index) => value === sent.hashes[index])
  );
}

/** `null` for so few reads (at most `maxDegree`) that Fabric sends the reads themselves. */
export function summarise(reads: readonly KeyRead[], maxDegree: number): RangeSummary | null {
  if (maxDegree < 2 || reads.length <= maxDegree) return null;
  const levels: string[][] = [];
  const top = () => levels.length;
  const level = (number: number): string[] => {
    while (levels.length < number) levels.push([]);
    return levels[number - 1] as string[];
  };
  for (let start = 0; start < reads.length; start += maxDegree + 1) {
    level(1).push(leaf(reads.slice(start, start + maxDegree + 1)));
    for (let current = 1; level(current).length > maxDegree; current += 1) {
      level(current + 1).push(combine(level(current)));
      levels[current - 1] = [];
    }
  }
  for (let current = 1; current < top(); current += 1) {
    const rest = level(current);
    if (rest.length === 0) continue;
    level(current + 1).push(rest.length === 1 ? (rest[0] as string) : combine(rest));
    levels[current - 1] = [];
  }
  const highest = level(top());
  if (highest.length > maxDegree) level(top() + 1).push(combine(highest));
  return { maxDegree, maxLevel: top(), hashes: level(top()) };
}

const combine = (hashes: readonly string[]): string =>
  hash('sha256', Buffer.from(hashes.join(''), 'hex'), 'hex');

/** SHA-256 of `kvrwset.QueryReads`. */
function leaf(reads: readonly KeyRead[]): string {
  const list = new FieldWriter();
  const read = new FieldWriter();
  const version = new FieldWriter();
  for (const { key, version: at } of reads) {
    read.clear();
    read.text(1, key, 'utf8');
    if (at) {
      version.clear();
      if (at.block > 0) version.integer(1, at.block);
      if (at.transaction > 0) version.integer(2, at.transaction);
      read.content(2, version.bytes);
    }
    list.content(1, read.bytes);
  }
  return hash('sha256', list.bytes, 'hex');
}
