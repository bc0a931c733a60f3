import { VALID } from '../../fabric/ledger/codes.ts';
import { decodeEvent } from '../../fabric/ledger/envelope.ts';
import type { Transaction } from '../../fabric/ledger/model.ts';
import type { ChannelCheck } from '../checker.ts';
import { EventFeed } from '../event-feed.ts';
import { Findings } from '../findings.ts';
import type { ChaincodeEventTold } from '../recording.ts';

/** A stream of one peer, and in which words it is told of. */
interface Hearing {
  readonly feed: EventFeed<ChaincodeEventTold>;
  readonly said: string;
}

export const chaincodeEventsComplete: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F34',
    name: "chaincode's events delivered once, in order",
    guarantee:
      'A listener at each peer heard the event of every VALID transaction of the chaincode once, in the order of the chain, with its payload, across faults and its own restarts; a listener that begins again at the first block hears the same.',
  },
  create({ channel, scenario, facts, recording }) {
    const findings = new Findings(chaincodeEventsComplete.definition);
    const streams = recording.chaincodeEvents(channel);
    const hearings: readonly Hearing[] = [
      {
        feed: new EventFeed(streams.map(({ peer, heard }) => ({ peer, events: heard }))),
        said: 'told its listener',
      },
      {
        feed: new EventFeed(streams.map(({ peer, replayed }) => ({ peer, events: replayed }))),
        said: 'told again',
      },
    ];
    let set = 0;

    const judge = (
      { said }: Hearing,
      peer: string,
      block: number,
      wanted: readonly ChaincodeEventTold[],
      heard: readonly ChaincodeEventTold[],
    ): void => {
      const wrong = (what: string, transactionId: string): void =>
        findings.violation({ block, transactionId, sources: [peer], message: `${peer} ${what}` });
      findings.count('events heard', heard.length);
      const length = Math.max(wanted.length, heard.length);
      for (let index = 0; index < length; index += 1) {
        const expected = wanted[index];
        const event = heard[index];
        if (expected && event && isSame(expected, event)) continue;
        // The first difference in a block says it all: what follows is out of step.
        const place = `event ${index} of block ${block}`;
        if (!event && expected) {
          wrong(`${said} nothing as ${place}, it is ${inWords(expected)}`, expected.transactionId);
        } else if (event && !expected) {
          wrong(`${said} ${inWords(event)} as ${place}, there is none`, event.transactionId);
        } else if (event && expected) {
          wrong(
            `${said} ${inWords(event)} as ${place}, it is ${inWords(expected)}`,
            expected.transactionId,
          );
        }
        return;
      }
    };

    return {
      height({ number, reference }) {
        const wanted = reference.transactions.flatMap((transaction) =>
          eventsOf(transaction, number, facts.chaincode ?? scenario.chaincode),
        );
        set += wanted.length;
        findings.count('events set', wanted.length);
        for (const hearing of hearings) {
          const heard = Map.groupBy(hearing.feed.upTo(number), ({ peer }) => peer);
          for (const peer of hearing.feed.peers) {
            const events = (heard.get(peer) ?? []).map(({ event }) => event);
            judge(hearing, peer, number, wanted, events);
          }
        }
      },
      finish() {
        for (const { feed, said } of hearings) {
          for (const { peer, event } of feed.upTo(Number.POSITIVE_INFINITY)) {
            findings.violation({
              block: event.block,
              sources: [peer],
              message: `${peer} ${said} ${inWords(event)} of block ${event.block}, which the chain does not have`,
            });
          }
          for (const problem of feed.problems) findings.unknown(problem);
        }
        const { feed } = hearings[0] as Hearing;
        const missing = facts.peers.filter((peer) => !feed.peers.includes(peer));
        if (missing.length > 0) findings.unknown(`no chaincode events from ${missing.join(', ')}`);
        if (set === 0 && findings.counted('events heard') === 0) {
          findings.notApplicable('no VALID transaction of the chaincode set an event');
        }
        return findings.result();
      },
    };
  },
};

/** What listeners of the chaincode are to hear of a transaction. */
function eventsOf(
  { code, parts }: Transaction,
  block: number,
  chaincode: string,
): ChaincodeEventTold[] {
  if (code !== VALID || !parts.event || parts.event.length === 0) return [];
  const event = decodeEvent(parts.event);
  if (event.chaincode !== chaincode) return [];
  return [{ ...event, block, payload: event.payload.toString('base64') }];
}

const isSame = (a: ChaincodeEventTold, b: ChaincodeEventTold): boolean =>
  a.block === b.block &&
  a.transactionId === b.transactionId &&
  a.chaincode === b.chaincode &&
  a.name === b.name &&
  a.payload === b.payload;

const SHOWN = 60;

/** Of what may be damaged. */
function inWords({ name, chaincode, transactionId, payload }: Partial<ChaincodeEventTold>): string {
  const text = Buffer.from(payload ?? '', 'base64').toString();
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return `${name} (${shown}) of ${chaincode} in transaction ${transactionId?.slice(0, 12) ?? 'without an id'}`;
}
