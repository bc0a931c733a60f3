import { codeName } from '../../fabric/ledger/codes.ts';
import type { ChannelCheck } from '../checker.ts';
import { Findings } from '../findings.ts';
import type { BlockEvent } from '../recording.ts';

/** Ids and codes of one block, as the chain has them. */
interface Announced {
  readonly ids: readonly string[];
  readonly codes: string;
}

const codeAt = (codes: string, index: number): number =>
  Number.parseInt(codes.slice(index * 2, index * 2 + 2), 16);

export const eventsComplete: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F16',
    name: 'event streams complete',
    guarantee:
      "Every peer's listener saw each block once, in order, without gap, across faults and reconnections, with the codes that the chain has.",
  },
  create({ facts, history, recording, channel }) {
    const findings = new Findings(eventsComplete.definition);
    const blocks: Announced[] = [];
    let lastNeeded = -1;

    const judgeEvent = (peer: string, { block, transactions }: BlockEvent): void => {
      const announced = blocks[block];
      const wrong = (message: string, transactionId?: string): void =>
        findings.violation({
          block,
          sources: [peer],
          ...(transactionId !== undefined && { transactionId }),
          message,
        });
      if (!announced) {
        wrong(`${peer} announced block ${block}, which the chain does not have`);
        return;
      }
      if (transactions.length !== announced.ids.length) {
        wrong(
          `${peer} announced ${transactions.length} transactions in block ${block}, it has ${announced.ids.length}`,
        );
        return;
      }
      for (const [index, { id, code }] of transactions.entries()) {
        findings.count('transactions announced');
        if (id !== announced.ids[index]) {
          wrong(
            `${peer} announced ${id} as transaction ${index} of block ${block}, it is ${announced.ids[index]}`,
            id,
          );
        } else if (code !== codeAt(announced.codes, index)) {
          wrong(
            `${peer} announced ${codeName(code)} for transaction ${index} of block ${block}, it is ${codeName(codeAt(announced.codes, index))}`,
            id,
          );
        }
      }
    };

    const judgeStream = (peer: string, events: Iterable<BlockEvent>): void => {
      let next: number | undefined;
      try {
        for (const event of events) {
          findings.count('blocks announced');
          const least = next ?? Math.min(event.block, facts.startHeight);
          if (event.block !== (next ?? event.block) || event.block < least) {
            findings.violation({
              block: next ?? event.block,
              sources: [peer],
              message: `${peer} announced block ${event.block} where ${next} was next`,
            });
          } else if (next === undefined && event.block > facts.startHeight) {
            findings.violation({
              block: facts.startHeight,
              sources: [peer],
              message: `${peer} announced nothing before block ${event.block}, the scenario began at ${facts.startHeight}`,
            });
          }
          next = event.block + 1;
          judgeEvent(peer, event);
        }
      } catch (error) {
        findings.unknown(`events of ${peer} cannot be read: ${(error as Error).message}`);
        return;
      }
      if ((next ?? 0) <= lastNeeded) {
        findings.violation({
          block: next ?? 0,
          sources: [peer],
          message: `${peer} announced nothing from block ${next ?? 0} on, the last transaction of a client is in block ${lastNeeded}`,
        });
      }
    };

    return {
      height({ reference, copies }) {
        const judged = copies.find(({ source }) => facts.peers.includes(source));
        blocks[reference.number] = {
          ids: reference.transactions.map(({ id }) => id),
          codes: judged?.metadata.codes ?? '',
        };
        if (reference.transactions.some(({ id }) => history.byTransaction.has(id))) {
          lastNeeded = reference.number;
        }
      },
      finish() {
        const streams = recording.events(channel);
        for (const { peer, events } of streams) judgeStream(peer, events);
        const missing = facts.peers.filter((name) => !streams.some(({ peer }) => peer === name));
        if (missing.length > 0) findings.unknown(`no events from ${missing.join(', ')}`);
        findings.floor('blocks announced', 1);
        return findings.result();
      },
    };
  },
};
