import { VALID } from '../../fabric/ledger/codes.ts';
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
    const chaincodes = new Set(history.operations.map(({ invoke }) => invoke.chaincode));
    /** Chaincodes with the versions that the channel has had so far, as {@link inFull} writes them. */
    const defined = new Set<string>();

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
        wrong(`chaincode ${invoke.chaincode}`, `chaincode ${chaincode}`);
      }
      if (creator !== invoke.msp) {
        wrong(`it as a member of ${invoke.msp}`, `it by a member of ${creator}`);
      }
      if (code !== VALID) return;
      const run = inFull(chaincode, parts.actionChaincode?.version);
      if (!defined.has(run)) wrong(`${chaincode} as the channel defined it`, run);
      if (complete?.outcome !== 'ok' || complete.result === undefined) return;
      findings.count('results');
      if (parts.result === complete.result) return;
      wrong(`and was told ${complete.result}`, `${parts.result} as the result`);
    };

    return {
      height({ number, reference }) {
        for (const transaction of reference.transactions) {
          const { id, code, index } = transaction;
          const operation = history.byTransaction.get(id);
          if (operation) judge(transaction, operation, number);
          if (code === VALID && transaction.channel !== channel) {
            findings.violation({
              block: number,
              transactionId: id,
              message: `transaction ${index} of block ${number} is VALID and was made for channel ${transaction.channel}`,
            });
          }
        }
        for (const chaincode of chaincodes) {
          const definition = definitionOf(replay, chaincode);
          if (definition) defined.add(inFull(chaincode, definition.version));
        }
      },
      finish() {
        findings.floor('transactions of clients', 1);
        return findings.result();
      },
    };
  },
};

const inFull = (chaincode: string, version: string | undefined): string =>
  `version ${version} of ${chaincode}`;
