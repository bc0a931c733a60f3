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

    /** When each peer told of each block, in its order; read once and only if somebody disagreed. */
    let announced: ReadonlyMap<string, readonly (readonly [number, number])[]> | undefined;
    const announcedBy = (peer: string): readonly (readonly [number, number])[] => {
      announced ??= new Map(
        recording
          .events(channel)
          .map(({ peer: name, events }) => [
            name,
            [...events].map(({ block, at }) => [block, at] as const),
          ]),
      );
      return announced.get(peer) ?? [];
    };

    /**
     * The height that a peer's answer was made at, if that is certain: no block came while the client waited, nor so
     * soon after that its state might have been there already.
     */
    const heightOf = (
      { peer, heightBefore, heightAfter }: ProposalAnswer,
      { complete }: Operation,
    ): number | undefined => {
      if (heightBefore === undefined || heightBefore !== heightAfter) return undefined;
      const next = announcedBy(peer).find(([block]) => block >= heightBefore);
      const until = (complete?.at ?? Number.POSITIVE_INFINITY) + EVENT_DELAY_MS;
      return next && next[1] <= until ? undefined : heightBefore;
    };

    const judge = (operation: Operation, answers: readonly ProposalAnswer[]): void => {
      const said = answers.filter(({ status, message = '' }) => {
        return status !== undefined && !NOT_RUN.test(message);
      });
      if (new Set(said.map(({ peer }) => peer)).size < 2) return;
      findings.count('proposals compared');
      const [first, second] = conflicting(said, operation, heightOf) ?? [];
      if (!first || !second) {
        const texts = new Set(said.map(answerOf));
        if (texts.size > 1) findings.count('proposals that differed at different heights');
        return;
      }
      const { invoke } = operation;
      findings.violation({
        operation: invoke.operation,
        ...(invoke.transactionId !== undefined && { transactionId: invoke.transactionId }),
        sources: [first.peer, second.peer],
        message: `${invoke.chaincode}.${invoke.function}(${invoke.args.join(', ')}) gave ${inWords(first)} on ${first.peer} and ${inWords(second)} on ${second.peer}, from the same state: the chaincode is not deterministic`,
      });
    };

    return {
      finish() {
        for (const operation of history.operations) {
          const { responses } = operation.complete ?? {};
          if (responses) judge(operation, responses);
        }
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

/** Equal for equal answers. */
const answerOf = ({ status, result }: ProposalAnswer): string =>
  status === SUCCESS ? `result ${result}` : 'refusal';

/** The first two answers that differ although they were made from the same state. */
function conflicting(
  answers: readonly ProposalAnswer[],
  operation: Operation,
  heightOf: (answer: ProposalAnswer, operation: Operation) => number | undefined,
): readonly [ProposalAnswer, ProposalAnswer] | undefined {
  for (const [index, first] of answers.entries()) {
    for (const second of answers.slice(index + 1)) {
      if (answerOf(first) === answerOf(second)) continue;
      const sameReads = first.reads !== undefined && first.reads === second.reads;
      if (sameReads) return [first, second];
      const height = heightOf(first, operation);
      if (height !== undefined && height === heightOf(second, operation)) return [first, second];
    }
  }
  return undefined;
}

const inWords = ({ status, message, result }: ProposalAnswer): string =>
  status === SUCCESS ? `result ${result?.slice(0, 16)}…` : `refusal "${message ?? status}"`;
