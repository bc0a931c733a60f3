import { CONFIG, VALID } from '../../fabric/ledger/codes.ts';
import type { Transaction } from '../../fabric/ledger/model.ts';
import type { Operation } from '../../workload/history-index.ts';
import { definitionOf } from '../channel/definitions.ts';
import type { ChannelCheck } from '../checker.ts';
import { Findings } from '../findings.ts';

export const askedIsCommitted: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F28',
    name: 'committed is what was asked',
    guarantee:
      "Every transaction of a client stands in the chain with the channel, the chaincode, the function, the arguments and the organisation that the client's history has, was run by a version that the channel had defined, and gave the result that the client was told.",
  },
  create({ channel, history, replay }) {
    const findings = new Findings(askedIsCommitted.definition);
    /** Versions by chaincode that the channel has had so far. */
    const versions = new Map<string, Set<string>>();

    const judge = (transaction: Transaction, { invoke, complete }: Operation, block: number) => {
      const { id, code, creator, args, chaincode, parts } = transaction;
      findings.count('transactions of clients');
      const wrong = (asked: string, found: string): void =>
        findings.violation({
          block,
          transactionId: id,
          operation: invoke.operation,
          message: `client asked for ${asked}, block ${block} has ${found}`,
        });
      const asked = [invoke.function, ...invoke.args];
      if (asked.length !== args.length || asked.some((arg, index) => arg !== args[index])) {
        wrong(asked.join(' '), args.join(' '));
      }
      if (chaincode !== invoke.chaincode) {
        wrong(`chaincode ${invoke.chaincode}`, `chaincode ${chaincode || 'without a name'}`);
      }
      if (creator !== invoke.msp) {
        wrong(`it as a member of ${invoke.msp}`, `it by a member of ${creator}`);
      }
      const version = parts.actionChaincode?.version ?? '';
      if (code === VALID && !versions.get(chaincode)?.has(version)) {
        wrong(
          `${chaincode} as the channel defined it`,
          `version ${version || 'without a name'} of it`,
        );
      }
      const { result } = complete ?? {};
      if (code !== VALID || complete?.outcome !== 'ok' || result === undefined) return;
      findings.count('results');
      if (parts.result !== result) wrong(`and was told ${result}`, `${parts.result} as the result`);
    };

    return {
      height({ number, reference }, { batch }) {
        for (const transaction of reference.transactions) {
          const { id, type, code, index } = transaction;
          const operation = type === CONFIG ? undefined : history.byTransaction.get(id);
          if (operation) judge(transaction, operation, number);
          if (code === VALID && transaction.channel !== channel) {
            findings.violation({
              block: number,
              transactionId: id,
              message: `transaction ${index} of block ${number} is VALID and was made for channel ${transaction.channel || 'without a name'}`,
            });
          }
        }
        for (const key of batch.namespaces.get('_lifecycle')?.keys() ?? []) {
          const name = /^namespaces\/metadata\/(.+)$/.exec(key)?.[1] ?? nameOfField(key);
          const version = name === undefined ? undefined : definitionOf(replay, name)?.version;
          if (name === undefined || version === undefined) continue;
          versions.set(name, (versions.get(name) ?? new Set()).add(version));
        }
      },
      finish() {
        findings.floor('transactions of clients', 1);
        return findings.result();
      },
    };
  },
};

const nameOfField = (key: string): string | undefined =>
  /^namespaces\/fields\/([^/]+)\/EndorsementInfo$/.exec(key)?.[1];
