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

    const judge = (
      { said }: Hearing,
      peer: string,
      block: number,
      wanted: readonly ChaincodeEventTold[],
      heard: readonly ChaincodeEventTold[],
    ): void => {
      findings.count('events heard', heard.length);
      const length = Math.max(wanted.length, heard.length);
      const index = Array.from({ length }).findIndex((_, at) => !isSame(wanted[at], heard[at]));
      // The first difference in a block says it all: what follows is out of step.
      if (index === -1) return;
      const expected = wanted[index];
      const event = heard[index];
      const right = expected ? `it is ${inWords(expected)}` : 'there is none';
      findings.violation({
        block,
        transactionId: (expected ?? event)?.transactionId as string,
        sources: [peer],
        message: `${peer} ${said} ${event ? inWords(event) : 'nothing'} as event ${index} of block ${block}, ${right}`,
      });
    };

    return {
      height({ number, reference }) {
        const wanted = reference.transactions.flatMap((transaction) =>
          eventsOf(transaction, number, facts.chaincode ?? scenario.chaincode),
        );
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
        if (findings.counted('events set') === 0) {
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
  if (code !== VALID || !parts.event) return [];
  const event = decodeEvent(parts.event);
  if (event.chaincode !== chaincode) return [];
  return [{ ...event, block, payload: event.payload.toString('base64') }];
}

const isSame = (a: ChaincodeEventTold | undefined, b: ChaincodeEventTold | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.transactionId === b.transactionId &&
  a.block === b.block &&
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
