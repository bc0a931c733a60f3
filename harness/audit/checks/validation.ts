import {
  codeName,
  MVCC_READ_CONFLICT,
  NOT_VALIDATED,
  PHANTOM_READ_CONFLICT,
  VALID,
} from '../../fabric/ledger/codes.ts';
import type { ChannelCheck } from '../checker.ts';
import { commitHash } from '../commit-hash.ts';
import { Findings } from '../findings.ts';

export const sameCodes: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F7',
    name: 'same validation codes',
    guarantee:
      'All peers gave every transaction the same validation code, and none is left unjudged.',
  },
  create({ facts, scenario }) {
    const findings = new Findings(sameCodes.definition);
    return {
      height({ number, copies, reference }) {
        const peers = copies.filter(({ source }) => facts.peers.includes(source));
        if (peers.length > 1) findings.count('heights compared');
        const [first] = peers;
        for (const { source, block, metadata } of peers) {
          const judged = metadata.codes.length / 2;
          if (judged !== block.transactions.length) {
            findings.violation({
              block: number,
              sources: [source],
              message: `block ${number} has ${block.transactions.length} transactions, ${source} has codes for ${judged}`,
            });
            continue;
          }
          findings.count('codes', judged);
          if (first && metadata.codes === first.metadata.codes) continue;
          const position = firstDifference(metadata.codes, first?.metadata.codes ?? '');
          const id = reference.transactions[position]?.id;
          findings.violation({
            block: number,
            ...(id !== undefined && { transactionId: id }),
            sources: [first?.source ?? '', source],
            message: `transaction ${position} of block ${number} is ${codeAt(first?.metadata.codes ?? '', position)} on ${first?.source} and ${codeAt(metadata.codes, position)} on ${source}`,
          });
        }
        for (const { id, index, code } of peers.length > 0 ? reference.transactions : []) {
          if (code !== NOT_VALIDATED) continue;
          findings.violation({
            block: number,
            transactionId: id,
            message: `transaction ${index} of block ${number} was never judged`,
          });
        }
      },
      finish() {
        if (scenario.kind === 'ledger' && facts.peers.length === 1) {
          findings.notApplicable('there is one peer only');
          return findings.result();
        }
        findings.floor('heights compared', 1);
        return findings.result();
      },
    };
  },
};

const codeAt = (codes: string, position: number): string =>
  codeName(Number.parseInt(codes.slice(position * 2, position * 2 + 2), 16));

function firstDifference(a: string, b: string): number {
  let position = 0;
  while (
    position * 2 < a.length &&
    a.slice(position * 2, position * 2 + 2) === b.slice(position * 2, position * 2 + 2)
  ) {
    position += 1;
  }
  return position;
}

export const commitHashes: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F8',
    name: 'commit hash equal and right',
    guarantee:
      'At every height all peers recorded the same commit hash, and it is the one that follows from the codes and write sets of the chain.',
  },
  create({ facts }) {
    const findings = new Findings(commitHashes.definition);
    let expected = '';
    return {
      height({ number, copies }, { batch }) {
        const peers = copies.filter(({ source }) => facts.peers.includes(source));
        const [first] = peers;
        if (!first) return;
        if (number > 0) expected = commitHash(first.metadata.codes, batch, expected);
        for (const { source, metadata } of peers) {
          const seen = metadata.commitHash;
          if (number > 0 && seen !== null) findings.count('hashes');
          if (seen !== first.metadata.commitHash) {
            findings.violation({
              block: number,
              sources: [first.source, source],
              message: `block ${number} has commit hash ${first.metadata.commitHash} on ${first.source} and ${seen} on ${source}`,
            });
          }
        }
        const stored = first.metadata.commitHash;
        if (stored === null || number === 0) return;
        if (stored !== expected) {
          findings.violation({
            block: number,
            sources: [first.source],
            message: `block ${number} has commit hash ${stored}, its codes and writes give ${expected}`,
          });
        }
        // Goes on from what is stored, so that one wrong block is reported once and not once for each that follows.
        expected = stored;
      },
      finish() {
        findings.floor('hashes', 1);
        return findings.result();
      },
    };
  },
};

/** Other codes are given before reads are compared. */
const DECIDED_HERE = new Set([VALID, MVCC_READ_CONFLICT, PHANTOM_READ_CONFLICT]);

export const conflictsRight: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F11',
    name: 'conflicts recomputed',
    guarantee:
      'Every endorsed transaction is VALID exactly if what it read was still current when its turn came; else it is refused as MVCC or phantom conflict.',
  },
  create({ scenario }) {
    const findings = new Findings(conflictsRight.definition);
    findings.count('conflicts', 0);
    return {
      height({ number }, { transactions }) {
        for (const { transaction, conflict } of transactions) {
          const { code, id, index } = transaction;
          if (conflict === null || !DECIDED_HERE.has(code)) continue;
          findings.count('recomputed');
          if (code === MVCC_READ_CONFLICT || code === PHANTOM_READ_CONFLICT) {
            findings.count('conflicts');
          }
          if (code === conflict) continue;
          findings.violation({
            block: number,
            transactionId: id,
            message: `transaction ${index} of block ${number} is ${codeName(code)}, its reads make it ${codeName(conflict)}`,
          });
        }
      },
      finish() {
        findings.floor('recomputed', 1);
        findings.floor('conflicts', scenario.floors?.conflicts ?? 1);
        return findings.result();
      },
    };
  },
};
