import { VALID } from '../../fabric/ledger/codes.ts';
import { lastConfigIn } from '../../fabric/ledger/decoder.ts';
import { LAST_LOOK, QUIESCENT, UNSETTLED } from '../../workload/history.ts';
import { isMarked, type RecordedHistory } from '../../workload/history-index.ts';
import type { ChannelCheck } from '../checker.ts';
import { Findings } from '../findings.ts';
import type { Copy } from '../lockstep.ts';

/** Sources by what they have, most frequent first. */
function group(copies: readonly Copy[], keyOf: (copy: Copy) => string): [string, string[]][] {
  const groups = new Map<string, string[]>();
  for (const copy of copies) {
    const key = keyOf(copy);
    groups.set(key, [...(groups.get(key) ?? []), copy.source]);
  }
  return [...groups].sort(([, a], [, b]) => b.length - a.length);
}

export const sameHeaders: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F4',
    name: 'same header at every height',
    guarantee:
      'All peers and all orderers hold a block with the same header hash at every height that they have.',
  },
  create({ facts, sources }) {
    const findings = new Findings(sameHeaders.definition);
    return {
      height({ number, copies }) {
        findings.count('heights');
        if (copies.length < 2) return;
        findings.count('compared');
        if (copies.every(({ same }) => same)) return;
        const [most, ...others] = group(copies, ({ block }) => block.hash);
        if (others.length === 0) {
          // What is hashed is equal, so something stands beside it that no component writes. Other data are F5's.
          const odd = copies
            .filter(({ same, block }) => !same && block.computedDataHash === block.dataHash)
            .map(({ source }) => source);
          if (odd.length === 0) return;
          findings.violation({
            block: number,
            sources: odd,
            message: `block ${number} has the same header on all, but other bytes on ${odd.join(', ')}`,
          });
          return;
        }
        const differing = others.flatMap(([, names]) => names);
        findings.violation({
          block: number,
          sources: differing,
          message: `block ${number} has header ${most?.[0]} on ${most?.[1].join(', ')}, but ${others.map(([hash, names]) => `${hash} on ${names.join(', ')}`).join(', ')}`,
        });
      },
      finish() {
        const missing = [...facts.peers, ...facts.orderers].filter(
          (source) => !sources.includes(source),
        );
        if (missing.length > 0) findings.unknown(`no blocks from ${missing.join(', ')}`);
        findings.floor('compared', 1);
        return findings.result();
      },
    };
  },
};

export const wellFormed: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F5',
    name: 'chain well-formed',
    guarantee:
      'In every copy block numbers count from 0 without gap, each block names the hash of the one before it, its data hash is that of its data, and its metadata are what orderers and peers write.',
  },
  create({ problems, facts }) {
    const findings = new Findings(wellFormed.definition);
    const lastHash = new Map<string, { readonly number: number; readonly hash: string }>();
    return {
      height({ number, copies }) {
        findings.count('heights');
        const wrong = new Map<string, string[]>();
        const report = (message: string, source: string): void => {
          wrong.set(message, [...(wrong.get(message) ?? []), source]);
        };
        for (const copy of copies) {
          const { source, block } = copy;
          findings.count('blocks');
          const flaw = flawOfMetadata(copy, copies[0], facts.orderers.includes(source));
          if (flaw !== undefined) report(`metadata of block ${number}: ${flaw}`, source);
          const previous = lastHash.get(source);
          lastHash.set(source, { number, hash: block.hash });
          // After a gap (a problem of its own) there is nothing to compare with.
          const expected =
            number === 0 ? '' : previous?.number === number - 1 ? previous.hash : undefined;
          if (expected !== undefined && block.previousHash !== expected) {
            report(
              `block ${number} names ${block.previousHash || 'nothing'} as the hash before it, expected ${expected || 'nothing'}`,
              source,
            );
          }
          if (block.dataHash !== block.computedDataHash) {
            report(
              `block ${number} has data hash ${block.dataHash}, its data hash to ${block.computedDataHash}`,
              source,
            );
          }
          for (const { malformed, code, index } of block.transactions) {
            if (malformed !== undefined && code === VALID) {
              report(
                `transaction ${index} of block ${number} is VALID but unreadable: ${malformed}`,
                source,
              );
            }
          }
        }
        for (const [message, sources] of wrong) {
          findings.violation({ block: number, sources, message });
        }
      },
      finish() {
        for (const { source, block, message } of problems) {
          findings.violation({ block, sources: [source], message: `${source}: ${message}` });
        }
        findings.floor('blocks', 1);
        return findings.result();
      },
    };
  },
};

const SLOTS = 5;
const LAST_CONFIG = 1;

/**
 * What is wrong with the metadata that no signature covers: the number of slots, what is left empty, and the last
 * configuration, which is said twice.
 */
function flawOfMetadata(
  copy: Copy,
  first: Copy | undefined,
  isOrderer: boolean,
): string | undefined {
  const { slots, metadata } = copy;
  if (slots.length !== SLOTS) return `${slots.length} slots, expected ${SLOTS}`;
  const [, lastConfig, codes, orderer, commitHash] = slots as [
    Buffer,
    Buffer,
    Buffer,
    Buffer,
    Buffer,
  ];
  if (isOrderer && codes.length + commitHash.length > 0) return 'an orderer says what peers found';
  // Before 1.4.1 orderers wrote here what stands in the signed slot now.
  if (orderer.length > 0 && (slots[0] as Buffer).length > 0)
    return 'the slot of old orderers is used';
  const same = first?.slots[LAST_CONFIG]?.equals(lastConfig) ?? true;
  const index = lastConfig.length === 0 ? 0 : lastConfigIn(lastConfig);
  if (same && index === metadata.lastConfig) return undefined;
  // Fabric leaves the slot empty where the index is 0.
  if (same && lastConfig.length === 0 && metadata.lastConfig === 0) return undefined;
  return `the slot of the last configuration says ${index ?? 'something else'}, expected ${metadata.lastConfig} as on ${first?.source}`;
}

export const converged: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F6',
    name: 'heights grow and converge',
    guarantee:
      'The height of a component never decreases, and after healing all peers and orderers have the same height, to which nothing is added once the network is at rest.',
  },
  create({ facts, history }) {
    const findings = new Findings(converged.definition);
    const heights = new Map<string, number>();
    return {
      height({ number, copies }) {
        for (const { source } of copies) heights.set(source, number + 1);
      },
      finish() {
        const last = new Map<string, number>();
        for (const { source, height, at } of history.heights) {
          findings.count('samples');
          const before = last.get(source) ?? 0;
          if (height < before) {
            findings.violation({
              sources: [source],
              block: height,
              message: `height of ${source} fell from ${before} to ${height} at ${at} ms`,
            });
          }
          last.set(source, height);
        }
        const highest = Math.max(0, ...heights.values());
        const behind = [...heights].filter(([, height]) => height < highest);
        if (behind.length > 0) {
          findings.violation({
            block: Math.min(...behind.map(([, height]) => height)),
            sources: behind.map(([source]) => source),
            message: `the chain has ${highest} blocks, but ${behind.map(([source, height]) => `${source} has ${height}`).join(', ')}`,
          });
        }
        for (const [source, height] of last) {
          const blocks = heights.get(source);
          if (blocks === undefined || height <= blocks) continue;
          if (isMarked(history, UNSETTLED)) {
            findings.unknown(
              `the network did not come to rest: ${source} has ${height} blocks now`,
            );
            continue;
          }
          findings.violation({
            sources: [source],
            block: blocks,
            message: `${source} said that it has ${height} blocks, but gave ${blocks}`,
          });
        }
        findings.count('height', highest);
        const expected = [...facts.peers, ...facts.orderers];
        const missing = expected.filter((name) => !heights.has(name));
        if (missing.length > 0) findings.unknown(`no blocks from ${missing.join(', ')}`);
        if (isMarked(history, QUIESCENT)) lookedAgain(history, expected, findings);
        findings.floor('samples', 2);
        return findings.result();
      },
    };
  },
};

/** Whether every node was asked once more when all had been collected: a block may come after the network was at rest. */
function lookedAgain(
  { marks, heights }: RecordedHistory,
  nodes: readonly string[],
  findings: Findings,
): void {
  const look = marks.find(({ label }) => label === LAST_LOOK);
  const told = new Set(
    heights.filter(({ at }) => look && at >= look.at).map(({ source }) => source),
  );
  const silent = nodes.filter((name) => !told.has(name));
  if (silent.length === 0) return;
  findings.unknown(
    `blocks may have come after the network was at rest: ${silent.join(', ')} did not say at the end`,
  );
}
