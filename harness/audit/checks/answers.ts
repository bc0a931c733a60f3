import type { ChannelCheck } from '../checker.ts';
import { Findings } from '../findings.ts';
import type { PeerAnswer } from '../recording.ts';

const SHOWN = 80;
const shown = (text: string): string =>
  text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text || 'nothing';

export const sameAnswers: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'Q1',
    name: 'same answer from every peer',
    guarantee:
      'At one height all peers that have the chaincode give the same answer to the same query, from the same versions of the same keys.',
  },
  create({ facts, recording, channel }) {
    const findings = new Findings(sameAnswers.definition);
    return {
      finish() {
        const { queries = [] } = facts;
        if (queries.length === 0) {
          findings.notApplicable('no peer was asked');
          return findings.result();
        }
        const told = new Map<string, { readonly peer: string; readonly answer: PeerAnswer }[]>();
        for (const { peer, answers } of recording.answers(channel)) {
          for (const answer of answers) {
            told.set(answer.query, [...(told.get(answer.query) ?? []), { peer, answer }]);
          }
        }
        for (const query of queries) {
          const all = told.get(query) ?? [];
          const answered = all.filter(({ answer }) => answer.error === undefined);
          for (const { peer, answer } of all) {
            if (answer.error !== undefined) findings.note(`${query}: ${peer}: ${answer.error}`);
          }
          findings.count('answers', answered.length);
          if (answered.length < 2) {
            findings.unknown(`${query}: expected answers of two peers, seen ${answered.length}`);
            continue;
          }
          const groups = [
            ...Map.groupBy(
              answered,
              ({ answer }) => `${answer.reads ?? ''} ${answer.result}`,
            ).values(),
          ].sort((a, b) => b.length - a.length);
          const [most = [], ...others] = groups;
          for (const other of others) {
            const peers = other.map(({ peer }) => peer);
            const [one, two] = [most[0]?.answer.result ?? '', other[0]?.answer.result ?? ''];
            const what =
              one === two
                ? `the same from other versions of what it read`
                : `${shown(two)}, expected ${shown(one)}`;
            findings.violation({
              sources: peers,
              message: `${query}: ${peers.join(', ')} answered ${what} as ${most.map(({ peer }) => peer).join(', ')}`,
            });
          }
        }
        return findings.result();
      },
    };
  },
};
