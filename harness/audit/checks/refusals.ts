import { BY_A_PROGRAM } from '../../workload/history.ts';
import type { Operation, RecordedHistory } from '../../workload/history-index.ts';
import { refusalOf } from '../bank-refusals.ts';
import type { ChannelCheck } from '../checker.ts';
import { Findings } from '../findings.ts';
import { Windows } from '../windows.ts';

/** A peer's state may be a block ahead of what its events told, and the next one on its way. */
const AHEAD = 2;
const FOREVER = Number.POSITIVE_INFINITY;

/** A refusal, and the heights at which it may have been simulated. */
interface Refusal {
  readonly operation: Operation;
  readonly peer: string;
  readonly said: string;
  readonly from: number;
  readonly to: number;
  /** Whether there is a height among these at which the chaincode refuses, and one at which it does not. */
  refuses: boolean;
  grants: boolean;
}

export const refusalsRight: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F30',
    name: 'refusals right',
    guarantee:
      'Whatever the bank chaincode refused, it had to refuse, by its own rules and the state at the height at which the peer simulated the call.',
  },
  create({ history, scenario: { chaincode, workload }, replay }) {
    const findings = new Findings(refusalsRight.definition);
    const operations = workload === 'bank' ? history.operations : [];
    const refusals = operations
      .filter(({ invoke }) => invoke.kind === 'submit' && invoke.chaincode === chaincode)
      .flatMap((operation) => refusalsOf(operation, history));
    const windows = new Windows(refusals);
    const lookup = (key: string): string | undefined => replay.get(chaincode, key)?.value;
    let reached = 0;
    return {
      height({ number }) {
        reached = number + 1;
        for (const refusal of windows.at(reached)) {
          const { invoke } = refusal.operation;
          if (refusalOf(invoke.function, invoke.args, lookup) === undefined) refusal.grants = true;
          else refusal.refuses = true;
        }
      },
      finish() {
        findings.count('refusals', refusals.length);
        for (const { operation, peer, said, from, to, refuses, grants } of refusals) {
          if (refuses === grants) findings.count('undecidable');
          else if (refuses) findings.count('right');
          else {
            const { invoke } = operation;
            findings.violation({
              operation: invoke.operation,
              sources: [peer],
              block: from,
              message: `${invoke.function}(${invoke.args.join(', ')}) was refused on ${peer} ("${said}"), by the chain it had to be done at every height from ${from} to ${Math.min(to, reached)}`,
            });
          }
        }
        if (workload !== 'bank') {
          findings.notApplicable('only refusals of the bank chaincode can be recomputed');
        }
        return findings.result();
      },
    };
  },
};

/** The refusals that a submit met: of each peer that it tells of, else of those that it asked, by the samples of heights. */
function refusalsOf(operation: Operation, history: RecordedHistory): Refusal[] {
  const { complete } = operation;
  if (complete?.refused !== true) return [];
  const nothingSeen = { refuses: false, grants: false };
  const told = (complete.responses ?? []).filter(({ status = 0 }) => status >= 400);
  if (told.length === 0) {
    const said = complete.error ?? '';
    return [{ operation, said, ...sampled(operation, complete.at, history), ...nothingSeen }];
  }
  return told.map(({ peer, message = '', heightBefore = 0, heightAfter = FOREVER }) => ({
    operation,
    peer,
    said: message,
    from: heightBefore,
    to: heightAfter + AHEAD,
    ...nothingSeen,
  }));
}

/**
 * Heights that any of the peers that were asked can have had meanwhile: no lower than at the last look before, no higher
 * than at the first one after. Who does not tell whom it asked may have asked any; when a program asked nobody knows.
 */
function sampled(
  { invoke: { peers, intent, at: begin } }: Operation,
  end: number,
  { heights }: RecordedHistory,
): Pick<Refusal, 'peer' | 'from' | 'to'> {
  const before = new Map<string, number>();
  const after = new Map<string, number>();
  for (const { source, height, at } of heights) {
    if (at <= begin) before.set(source, height);
    if (at >= end && !after.has(source)) after.set(source, height);
  }
  const asked = peers.length > 0 ? peers : [...before.keys()];
  if (intent === BY_A_PROGRAM || asked.length === 0)
    return { peer: 'a peer', from: 0, to: FOREVER };
  return {
    peer: peers.join(' or ') || 'a peer',
    from: Math.min(...asked.map((peer) => before.get(peer) ?? 0)),
    to: Math.max(...asked.map((peer) => after.get(peer) ?? FOREVER)),
  };
}
