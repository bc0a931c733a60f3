import type { Operation, RecordedHistory } from '../../workload/history-index.ts';
import { refusalOf } from '../bank-refusals.ts';
import type { ChannelCheck } from '../checker.ts';
import { Findings } from '../findings.ts';
import { Windows } from '../windows.ts';

/** A peer's state may be a block ahead of what its events told, and the next one on its way. */
const AHEAD = 2;

/** A refusal, and the heights at which it may have been simulated. */
interface Refusal {
  readonly operation: Operation;
  readonly peer: string;
  readonly said: string;
  readonly from: number;
  readonly to: number;
  /** At how many of these heights the chaincode refuses, and does not. */
  refuses: number;
  grants: number;
}

export const refusalsRight: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F30',
    name: 'refusals right',
    guarantee:
      'Whatever the bank chaincode refused, it had to refuse, by its own rules and the state at the height at which the peer simulated the call.',
  },
  create({ history, scenario, replay }) {
    const findings = new Findings(refusalsRight.definition);
    const refusals = history.operations.flatMap((operation) => refusalsOf(operation, history));
    const windows = new Windows(refusals);
    const lookup = (key: string): string | undefined => replay.get(scenario.chaincode, key)?.value;
    let reached = 0;
    return {
      height({ number }) {
        reached = number + 1;
        if (scenario.workload !== 'bank') return;
        for (const refusal of windows.at(reached)) {
          const { invoke } = refusal.operation;
          if (refusalOf(invoke.function, invoke.args, lookup) === undefined) refusal.grants += 1;
          else refusal.refuses += 1;
        }
      },
      finish() {
        for (const { operation, peer, said, from, to, refuses, grants } of refusals) {
          const { invoke } = operation;
          if (invoke.chaincode !== scenario.chaincode) continue;
          findings.count('refusals');
          if (grants === 0 && refuses > 0) findings.count('right');
          else if (refuses > 0 || grants === 0) findings.count('undecidable');
          else {
            findings.violation({
              operation: invoke.operation,
              sources: [peer],
              block: from,
              message: `${invoke.function}(${invoke.args.join(', ')}) was refused on ${peer} ("${said}"), by the chain it had to be done at every height from ${from} to ${Math.min(to, reached)}`,
            });
          }
        }
        findings.count('refusals', 0);
        if (scenario.workload !== 'bank') {
          findings.notApplicable('only refusals of the bank chaincode can be recomputed');
        }
        return findings.result();
      },
    };
  },
};

/** The refusals that a submit met: of each peer that it tells of, else of those that it asked, by the samples of heights. */
function refusalsOf(operation: Operation, history: RecordedHistory): Refusal[] {
  const { invoke, complete } = operation;
  if (invoke.kind !== 'submit' || !complete) return [];
  const counts = { refuses: 0, grants: 0 };
  const told = (complete.responses ?? []).filter(
    ({ status, message }) => status !== undefined && status >= 400 && message !== undefined,
  );
  if (told.length > 0) {
    if (complete.refused !== true) return [];
    return told.flatMap(({ peer, message = '', heightBefore, heightAfter }) =>
      heightBefore === undefined || heightAfter === undefined
        ? []
        : [
            {
              operation,
              peer,
              said: message,
              from: heightBefore,
              to: heightAfter + AHEAD,
              ...counts,
            },
          ],
    );
  }
  if (complete.refused !== true) return [];
  const [peer = 'a peer'] = invoke.peers;
  const { from, to } = sampled(invoke.peers, invoke.at, complete.at, history);
  return [{ operation, peer, said: complete.error ?? '', from, to, ...counts }];
}

/** Heights that any of some peers can have had between two times: no lower than a sample before, no higher than one after. */
function sampled(
  peers: readonly string[],
  begin: number,
  end: number,
  { heights }: RecordedHistory,
): { readonly from: number; readonly to: number } {
  let from = 0;
  let to = Number.POSITIVE_INFINITY;
  const lowest = new Map<string, number>();
  const highest = new Map<string, number>();
  for (const { source, height, at } of heights) {
    if (peers.length > 0 && !peers.includes(source)) continue;
    if (at <= begin) lowest.set(source, Math.max(lowest.get(source) ?? 0, height));
    if (at >= end && !highest.has(source)) highest.set(source, height);
  }
  const asked = peers.length > 0 ? peers : [...lowest.keys()];
  if (asked.length > 0 && asked.every((peer) => lowest.has(peer))) {
    from = Math.min(...asked.map((peer) => lowest.get(peer) as number));
  }
  if (asked.length > 0 && asked.every((peer) => highest.has(peer))) {
    to = Math.max(...asked.map((peer) => highest.get(peer) as number));
  }
  return { from, to };
}
