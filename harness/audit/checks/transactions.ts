import {
  CONFIG,
  codeName,
  DUPLICATE_TXID,
  ENDORSER_TRANSACTION,
  VALID,
} from '../../fabric/ledger/codes.ts';
import type { Block } from '../../fabric/ledger/model.ts';
import type { Acknowledgement } from '../../ordering/forgetting.ts';
import { UNSETTLED } from '../../workload/history.ts';
import { isMarked, type Operation } from '../../workload/history-index.ts';
import { columnOf } from '../../workload/statistics/columns.ts';
import { isFound, isLoad } from '../../workload/statistics/operations.ts';
import type { ChannelCheck, ChannelContext } from '../checker.ts';
import { Findings } from '../findings.ts';
import { forgetting, isUntold } from '../forgotten.ts';
import type { Height } from '../lockstep.ts';
import { NEVER_ORDERED } from '../model.ts';
import type { LedgerPosition } from '../transaction-index.ts';

/** Orderers answered SUCCESS, or a peer said VALID: from here on the transaction must be in every copy. */
const isAcknowledged = ({ invoke, complete }: Operation): boolean =>
  invoke.kind === 'submit' &&
  complete !== null &&
  (complete.outcome === 'ok' || complete.acknowledgedAt !== undefined);

/** Nobody was told that it is VALID, and each orderer that had it may have lost it. */
function isExcused(
  { complete }: Operation,
  mayForget: (acknowledgement: Acknowledgement) => boolean,
): boolean {
  const { outcome, acknowledgedAt } = complete ?? {};
  if (outcome === 'ok' || acknowledgedAt === undefined) return false;
  // One that has it and did not restart gives it to the leader: all of them must have lost it.
  return acknowledgements(complete).every(mayForget);
}

/** Every SUCCESS that a client was told of one transaction. */
function acknowledgements(complete: Operation['complete']): readonly Acknowledgement[] {
  const { orderer = '', acknowledgedBy = [orderer], acknowledgedAt: at } = complete ?? {};
  if (at === undefined) return [];
  return [
    ...acknowledgedBy.map((name) => ({ orderer: name, at })),
    ...(complete?.acknowledgedAgain ?? []),
  ];
}

/** How often it was sent with success: what went to all orderers at once was sent once. */
const timesAcknowledged = ({ complete }: Operation): number =>
  complete?.acknowledgedAt === undefined
    ? 0
    : 1 + new Set(complete.acknowledgedAgain?.map(({ at }) => at)).size;

const ANSWERED = 'answered of the load';
const IN_LEDGER = 'found in the ledger';

/** Absence proves nothing while the network was still busy when the evidence was taken. */
const UNSETTLED_REASON = 'the network did not come to rest, so what is missing may still come';

/** Which blocks a source lacks or has with other content, and what those other contents hold. */
class Deviations {
  readonly #blocks = new Map<string, Set<number>>();
  readonly #ids = new Map<string, Set<string>>();

  note(sources: readonly string[], { number, copies }: Height): void {
    for (const source of sources) {
      const copy = copies.find((candidate) => candidate.source === source);
      if (copy?.same) continue;
      const blocks = this.#blocks.get(source) ?? new Set();
      this.#blocks.set(source, blocks.add(number));
      if (copy) this.#remember(source, copy.block);
    }
  }

  #remember(source: string, block: Block): void {
    const ids = this.#ids.get(source) ?? new Set();
    for (const { id, code } of block.transactions) if (code !== DUPLICATE_TXID) ids.add(id);
    this.#ids.set(source, ids);
  }

  /** Sources that do not hold this transaction. */
  without(id: string, place: LedgerPosition): string[] {
    const lacking = [...this.#blocks].filter(([, blocks]) => blocks.has(place.block));
    return lacking.map(([source]) => source).filter((source) => !this.#ids.get(source)?.has(id));
  }
}

/** The same envelope twice in one block, both refused for the same reason: peers flag only VALID twins as duplicates. */
const isHarmlessTwin = (places: readonly LedgerPosition[]): boolean =>
  places.every(
    ({ block, code }) => code !== VALID && code === places[0]?.code && block === places[0]?.block,
  );

export const noneLost: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F1',
    name: 'nothing acknowledged is lost',
    guarantee:
      'Every transaction that an orderer acknowledged stands in exactly one place, not counting refused duplicates, in the chain of every peer and orderer; where Raft or BFT orders, one that was never ordered is excused by a change of leaders or a restart.',
  },
  create({ channel, facts, history, recording, sources, scenario, transactions }) {
    const findings = new Findings(noneLost.definition);
    const mayForget = forgetting(recording, channel, facts.orderers);
    const untold = isUntold(recording);
    const deviations = new Deviations();
    const unsettled = isMarked(history, UNSETTLED);
    return {
      height: (height) => deviations.note(sources, height),
      finish() {
        for (const operation of history.operations) {
          // What set-up and probes got through says nothing of the load, and what was rightly refused has nothing to lose.
          const counts = isAcknowledged(operation) || columnOf(operation) === 'refused';
          if (counts && isLoad(operation)) findings.count(ANSWERED);
          if (isFound(operation)) findings.count(IN_LEDGER);
          if (!isAcknowledged(operation)) continue;
          const { operation: number, transactionId: id = '' } = operation.invoke;
          const where = { transactionId: id, operation: number };
          findings.count('acknowledged');
          const all = transactions.places(id);
          const places = all.filter(({ code }) => code !== DUPLICATE_TXID);
          const place = places[0];
          if (!place && unsettled) {
            findings.count('may still come');
            findings.unknown(UNSETTLED_REASON);
            continue;
          }
          if (!place && untold && operation.complete?.outcome !== 'ok') {
            findings.count(NEVER_ORDERED);
            findings.unknown(
              `transaction ${id} was acknowledged and never ordered; whether a change of leaders excuses it only the orderers' logs tell, and others have those`,
            );
            continue;
          }
          if (!place && isExcused(operation, mayForget)) {
            findings.count(NEVER_ORDERED);
            continue;
          }
          if (!place) {
            findings.violation({
              ...where,
              message: `operation ${number} was acknowledged, but its transaction is in no block`,
            });
            continue;
          }
          // Sent again until it came: so often an orderer had said SUCCESS to no effect.
          const sent = timesAcknowledged(operation);
          if (sent > all.length) findings.count(NEVER_ORDERED, sent - all.length);
          if (places.length > 1 && !isHarmlessTwin(places)) {
            findings.violation({
              ...where,
              block: place.block,
              message: `transaction stands in ${places.length} places: blocks ${places.map(({ block }) => block).join(', ')}`,
            });
          }
          const lacking = deviations.without(id, place);
          if (lacking.length > 0 && unsettled) {
            findings.unknown(UNSETTLED_REASON);
          } else if (lacking.length > 0) {
            findings.violation({
              ...where,
              block: place.block,
              sources: lacking,
              message: `acknowledged transaction of block ${place.block} is missing on ${lacking.join(', ')}`,
            });
          }
        }
        const least = facts.leastOperations ?? scenario.floors?.operations ?? 10;
        // Of a client that tells nothing, what the chain has is all that there is to lose.
        findings.floor(findings.counted(IN_LEDGER) > 0 ? IN_LEDGER : ANSWERED, least);
        return findings.result();
      },
    };
  },
};

export const noneForged: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F2',
    name: 'nothing from nowhere',
    guarantee:
      'Every transaction in the chain was submitted by a client of the run, or is a known set-up or config transaction.',
  },
  create({ history, facts }) {
    const findings = new Findings(noneForged.definition);
    const setUp = new Set(facts.setupTransactions ?? []);
    const look = (block: Block, sources: readonly string[]): void => {
      for (const { id, type, index } of block.transactions) {
        if (type === CONFIG) findings.count('config');
        else if (block.number < facts.startHeight || setUp.has(id)) findings.count('set-up');
        else if (history.byTransaction.has(id)) findings.count('submitted');
        else {
          findings.violation({
            block: block.number,
            transactionId: id,
            sources,
            message: `transaction ${index} of block ${block.number} was submitted by no client`,
          });
        }
      }
    };
    return {
      height({ reference, copies }) {
        look(
          reference,
          copies.filter(({ same }) => same).map(({ source }) => source),
        );
        for (const { block, same, source } of copies) if (!same) look(block, [source]);
      },
      finish() {
        findings.floor('submitted', 1);
        return findings.result();
      },
    };
  },
};

export const noneTwice: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F3',
    name: 'nothing committed twice',
    guarantee: 'No transaction id is VALID in more than one place of the chain.',
  },
  create({ transactions }) {
    const findings = new Findings(noneTwice.definition);
    return {
      finish() {
        findings.count('transactions', transactions.size);
        for (const id of transactions.repeated()) {
          findings.count('ordered more than once');
          const valid = transactions.places(id).filter(({ code }) => code === VALID);
          const [first, second] = valid;
          if (!first || !second) continue;
          findings.violation({
            transactionId: id,
            block: second.block,
            message: `transaction is VALID in block ${first.block} (position ${first.index}) and again in block ${second.block} (position ${second.index})`,
          });
        }
        findings.floor('transactions', 1);
        return findings.result();
      },
    };
  },
};

export const notifiedTruly: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F17',
    name: 'clients were told the truth',
    guarantee:
      'A client that was told VALID finds its transaction VALID in the chain, one that was told another code finds that code, one that was told of a duplicate finds a second copy, and nothing reported as failed took effect.',
  },
  create({ history, transactions }) {
    const findings = new Findings(notifiedTruly.definition);
    /** Which copy counts it was not told; that there are two must be true. */
    const duplicate = (operation: number, id: string): void => {
      findings.count('told of a duplicate');
      if (transactions.places(id).some(({ code }) => code === DUPLICATE_TXID)) return;
      findings.violation({
        ...{ operation, transactionId: id },
        message: 'client was told DUPLICATE_TXID, the chain has no second copy',
      });
    };
    const judge = ({ invoke, complete }: Operation): void => {
      if (invoke.kind !== 'submit' || !complete) return;
      const { transactionId: id = '', operation } = invoke;
      const place = transactions.place(id);
      if (complete.outcome === 'unknown') {
        if (complete.code === codeName(DUPLICATE_TXID)) duplicate(operation, id);
        return;
      }
      const seen = place ? `${codeName(place.code)} in block ${place.block}` : 'in no block';
      const told = complete.code ?? (complete.outcome === 'ok' ? 'VALID' : undefined);
      const wrong = (expectation: string): void =>
        findings.violation({
          operation,
          transactionId: id,
          ...(place && { block: place.block }),
          message: `client was told ${expectation}, the chain has it ${seen}`,
        });
      if (told === undefined) {
        findings.count('told failed');
        if (place?.code === VALID) wrong(`that it failed (${complete.stage ?? 'no stage'})`);
        return;
      }
      findings.count(told === 'VALID' ? 'told valid' : 'told refused');
      if (complete.outcome === 'fail' && place?.code === VALID)
        wrong(`that it failed with ${told}`);
      else if (!place || codeName(place.code) !== told) wrong(told);
      else if (complete.block !== undefined && complete.block !== place.block) {
        wrong(`${told} in block ${complete.block}`);
      }
    };
    return {
      finish() {
        for (const operation of history.operations) judge(operation);
        findings.floor('told valid', 1);
        return findings.result();
      },
    };
  },
};

/** What the chain says of an operation whose client does not know. */
export type Settlement = 'committed' | 'refused' | 'absent';

/** Settles a submit by the chain, whatever its client was told. */
export function settle(
  { invoke }: Operation,
  { transactions }: Pick<ChannelContext, 'transactions'>,
): Settlement {
  const place = transactions.place(invoke.transactionId ?? '');
  if (!place) return 'absent';
  return place.code === VALID ? 'committed' : 'refused';
}

export const allSettled: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'R1',
    name: 'every operation settled',
    guarantee:
      'After reconciliation with complete copies of the chain no operation is left unknown: each committed, was refused, or never reached a block.',
  },
  create(context) {
    const { history, problems, sources, facts } = context;
    const findings = new Findings(allSettled.definition);
    const heights = new Map<string, number>(sources.map((source) => [source, 0]));
    return {
      height({ number, copies }) {
        for (const { source } of copies) heights.set(source, number + 1);
      },
      finish() {
        for (const operation of history.operations) {
          const { invoke, complete } = operation;
          if (invoke.kind !== 'submit') continue;
          findings.count(complete?.outcome ?? 'never came back');
          if (complete && complete.outcome !== 'unknown') continue;
          findings.count(`unknown, ${settle(operation, context)}`);
        }
        const [problem] = history.problems;
        if (problem !== undefined) findings.unknown(`the history is unfit: ${problem}`);
        if (isMarked(history, UNSETTLED)) findings.unknown(UNSETTLED_REASON);
        const expected = [...facts.peers, ...facts.orderers];
        const missing = expected.filter((source) => !heights.get(source));
        if (missing.length > 0) findings.unknown(`no blocks from ${missing.join(', ')}`);
        if (new Set(heights.values()).size > 1 || problems.length > 0) {
          findings.unknown('the copies of the chain are not complete, so absence proves nothing');
        }
        return findings.result();
      },
    };
  },
};

/** Whether a transaction went through endorsement, as opposed to configuration. */
export const isEndorsed = (type: number): boolean => type === ENDORSER_TRANSACTION;
