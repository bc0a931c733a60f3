import type { ProposalAnswer } from '../../workload/history.ts';
import type { Operation } from '../../workload/history-index.ts';
import type { ChannelCheck } from '../checker.ts';
import { Findings } from '../findings.ts';

const SUCCESS = 200;

/** An event comes some milliseconds after its block's state is there. */
const EVENT_DELAY_MS = 250;

export const endorsersAgree: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F29',
    name: 'chaincode deterministic',
    guarantee:
      'Peers that simulated a proposal on the same state gave the same answer: the same result, or all a refusal.',
  },
  create({ channel, history, recording }) {
    const findings = new Findings(endorsersAgree.definition);

    /** When each peer told of each block, in its order; read only if somebody disagreed. */
    const announcedBy = (name: string): readonly (readonly [number, number])[] =>
      recording
        .events(channel)
        .filter(({ peer }) => peer === name)
        .flatMap(({ events }) => [...events].map(({ block, at }) => [block, at] as const));
    const known = new Map<string, ReturnType<typeof announcedBy>>();

    /**
     * The height that a peer's answer was made at, if that is certain: no block came while the client waited, nor so
     * soon after that its state might have been there already.
     */
    const heightOf = (
      { peer, heightBefore, heightAfter }: ProposalAnswer,
      until: number,
    ): number | undefined => {
      if (heightBefore === undefined || heightBefore !== heightAfter) return undefined;
      const announced = known.get(peer) ?? announcedBy(peer);
      known.set(peer, announced);
      const next = announced.find(([block]) => block >= heightBefore);
      return next && next[1] <= until + EVENT_DELAY_MS ? undefined : heightBefore;
    };

    const judge = ({ invoke, complete }: Operation): void => {
      const said = (complete?.responses ?? []).filter(
        ({ status, message = '' }) => status !== undefined && !NOT_RUN.test(message),
      );
      if (new Set(said.map(({ peer }) => peer)).size < 2) return;
      findings.count('proposals compared');
      const until = complete?.at as number;
      const different = said
        .flatMap((first) => said.map((second) => [first, second] as const))
        .filter(([first, second]) => !isSame(first, second));
      const pair = different.find(
        ([first, second]) =>
          isKnownAs(first.reads, second.reads) ||
          isKnownAs(heightOf(first, until), heightOf(second, until)),
      );
      if (!pair) {
        if (different.length > 0) findings.count('proposals that differed at different heights');
        return;
      }
      const [first, second] = pair;
      findings.violation({
        operation: invoke.operation,
        ...(invoke.transactionId !== undefined && { transactionId: invoke.transactionId }),
        sources: [first.peer, second.peer],
        message: `${invoke.chaincode}.${invoke.function}(${invoke.args.join(', ')}) gave ${inWords(first)} on ${first.peer} and ${inWords(second)} on ${second.peer}, from the same state: the chaincode is not deterministic`,
      });
    };

    return {
      finish() {
        for (const operation of history.operations) judge(operation);
        if (findings.counted('proposals compared') === 0) {
          findings.notApplicable('no client told what several peers answered');
        }
        return findings.result();
      },
    };
  },
};

/** A peer's words for a chaincode that gave no answer: its server was away, or was not done in time. */
const NOT_RUN = /^error in simulation: failed to execute transaction /;

/** The same result, or both a refusal, in whatever words. */
const isSame = (one: ProposalAnswer, other: ProposalAnswer): boolean =>
  one.status === SUCCESS
    ? other.status === SUCCESS && one.result === other.result
    : other.status !== SUCCESS;

const isKnownAs = <T>(one: T | undefined, other: T | undefined): boolean =>
  one !== undefined && one === other;

const inWords = ({ status, message, result }: ProposalAnswer): string =>
  status === SUCCESS ? `result ${String(result).slice(0, 16)}…` : `refusal "${message ?? status}"`;
