import { codeName } from '../../fabric/ledger/codes.ts';
import type { Block } from '../../fabric/ledger/model.ts';
import type { ChannelCheck } from '../checker.ts';
import type { Announcement } from '../event-feed.ts';
import { Findings } from '../findings.ts';

export const eventsComplete: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F16',
    name: 'event streams complete',
    guarantee:
      "Every peer's listener saw each block once, in order, without gap, across faults and reconnections, with the codes that the chain has.",
  },
  create({ facts, history, events }) {
    const findings = new Findings(eventsComplete.definition);
    /** Block that each stream must announce next. */
    const next = new Map<string, number>();
    let lastNeeded = -1;

    const judgeOrder = ({ peer, event }: Announcement): void => {
      findings.count('blocks announced');
      const expected = next.get(peer);
      next.set(peer, event.block + 1);
      const wrong = (message: string): void =>
        findings.violation({ block: event.block, sources: [peer], message });
      if (expected === undefined) {
        if (event.block <= facts.startHeight) return;
        wrong(
          `${peer} announced nothing before block ${event.block}, the scenario began at ${facts.startHeight}`,
        );
      } else if (event.block !== expected) {
        wrong(`${peer} announced block ${event.block} where ${expected} was next`);
      }
    };

    const judgeContent = ({ peer, event }: Announcement, block: Block): void => {
      const { number } = block;
      const wrong = (message: string, transactionId?: string): void =>
        findings.violation({
          block: number,
          sources: [peer],
          ...(transactionId !== undefined && { transactionId }),
          message,
        });
      if (event.transactions.length !== block.transactions.length) {
        wrong(
          `${peer} announced ${event.transactions.length} transactions in block ${number}, it has ${block.transactions.length}`,
        );
        return;
      }
      findings.count('transactions announced', block.transactions.length);
      for (const { id, code, index } of block.transactions) {
        const announced = event.transactions[index];
        if (announced?.id !== id) {
          wrong(
            `${peer} announced ${announced?.id} as transaction ${index} of block ${number}, it is ${id}`,
            id,
          );
        } else if (announced.code !== code) {
          wrong(
            `${peer} announced ${codeName(announced.code)} for transaction ${index} of block ${number}, it is ${codeName(code)}`,
            id,
          );
        }
      }
    };

    return {
      height({ number, reference }, _applied, announced) {
        for (const announcement of announced) {
          judgeOrder(announcement);
          // One that comes late has been reported as out of order.
          if (announcement.event.block === number) judgeContent(announcement, reference);
        }
        if (reference.transactions.some(({ id }) => history.byTransaction.has(id))) {
          lastNeeded = number;
        }
      },
      finish() {
        for (const { peer, event } of events.upTo(Number.POSITIVE_INFINITY)) {
          findings.violation({
            block: event.block,
            sources: [peer],
            message: `${peer} announced block ${event.block}, which the chain does not have`,
          });
        }
        for (const peer of events.peers) {
          const reached = next.get(peer) ?? 0;
          if (reached > lastNeeded) continue;
          findings.violation({
            block: reached,
            sources: [peer],
            message: `${peer} announced nothing from block ${reached} on, the last transaction of a client is in block ${lastNeeded}`,
          });
        }
        for (const problem of events.problems) findings.unknown(problem);
        const missing = facts.peers.filter((peer) => !events.peers.includes(peer));
        if (missing.length > 0) findings.unknown(`no events from ${missing.join(', ')}`);
        findings.floor('blocks announced', 1);
        return findings.result();
      },
    };
  },
};
