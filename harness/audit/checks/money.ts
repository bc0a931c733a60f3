import { VALID } from '../../fabric/ledger/codes.ts';
import type { Transaction } from '../../fabric/ledger/model.ts';
import { minted, moneyOf, movement } from '../bank.ts';
import type { ChannelCheck } from '../checker.ts';
import { Findings } from '../findings.ts';
import type { Evidence } from '../model.ts';
import type { Change } from '../replay.ts';
import { type Rule, ruleCheck } from './invariants.ts';

const NOT_THE_BANK = 'the chaincode under test is not the bank';

/** Money as the bank keeps it: moved, and created or destroyed only by the functions that are there for it. */
class BankMoney implements Rule {
  #total = 0n;

  transaction(transaction: Transaction, changes: readonly Change[], block: number): Evidence[] {
    const where = { block, transactionId: transaction.id };
    const broken: Evidence[] = [];
    let delta = 0n;
    for (const change of changes) {
      const { key } = change;
      const { before, after: now } = moneyOf(change);
      if (now === undefined) {
        const message = `transaction ${transaction.index} of block ${block} left something in ${key} that is no balance`;
        return [...broken, { ...where, key, message }];
      }
      if (now < 0n) {
        broken.push({ ...where, key, message: `balance of ${key} is ${now} after block ${block}` });
      }
      // What was no balance before has been reported when it was written, and counts as nothing.
      delta += now - (before ?? 0n);
    }
    const expected = minted(transaction.args, changes) ?? 0n;
    if (delta !== expected) {
      broken.push({
        ...where,
        ...(changes[0] && { key: changes[0].key }),
        message: `${transaction.args[0]} in block ${block} changed the sum of all balances by ${delta}, expected ${expected}: the sum was ${this.#total}, is ${this.#total + delta}`,
      });
    }
    this.#total += delta;
    return broken;
  }

  finish(findings: Findings): void {
    if (this.#total <= Number.MAX_SAFE_INTEGER) findings.count('total', Number(this.#total));
  }
}

export const moneyConserved = ruleCheck(
  {
    id: 'F12',
    name: 'money conserved',
    guarantee:
      'At every height the sum of all balances is what was opened and not deleted, and no balance is negative.',
  },
  'changes of balance',
  ({ scenario }) => (scenario.workload === 'bank' ? new BankMoney() : NOT_THE_BANK),
);

export const amountsExact: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F13',
    name: 'each transfer moved its amount once',
    guarantee:
      'Every VALID transfer changed exactly two balances, by exactly its amount; refused ones changed none.',
  },
  create({ scenario }) {
    const findings = new Findings(amountsExact.definition);
    const { chaincode } = scenario;

    const asMoved = (transaction: Transaction, changes: readonly Change[], block: number): void => {
      const asked = movement(transaction.args);
      if (!asked) return;
      findings.count('transfers');
      const { from, to, amount } = asked;
      const expected = new Map(
        amount === undefined
          ? []
          : [
              [from, -amount],
              [to, amount],
            ],
      );
      const seen = changes.map((change) => {
        const { before, after } = moneyOf(change);
        const known = before !== undefined && after !== undefined;
        return { key: change.key, delta: known ? after - before : undefined };
      });
      const right =
        seen.length === 2 &&
        from !== to &&
        seen.every(({ key, delta }) => delta !== undefined && expected.get(key) === delta);
      if (right) return;
      findings.violation({
        block,
        transactionId: transaction.id,
        key: from,
        message: `${transaction.args.join(' ')} in block ${block} changed ${seen.map(({ key, delta }) => `${key} by ${delta}`).join(', ') || 'nothing'}`,
      });
    };

    return {
      height({ number }, { transactions }) {
        if (scenario.workload !== 'bank') return; // its values are not ours to read
        for (const { transaction, changes } of transactions) {
          if (transaction.chaincode !== chaincode) continue;
          if (transaction.code !== VALID) findings.count('refused');
          else {
            const here = changes.filter(({ namespace }) => namespace === chaincode);
            asMoved(transaction, here, number);
          }
        }
      },
      finish() {
        findings.floor('transfers', 1);
        if (scenario.workload !== 'bank') findings.notApplicable(NOT_THE_BANK);
        return findings.result();
      },
    };
  },
};
