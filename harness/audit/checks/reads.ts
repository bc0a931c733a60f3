import { INTERRUPTED, UNSETTLED } from '../../workload/history.ts';
import { isMarked, type Operation } from '../../workload/history-index.ts';
import { ACCOUNT_PREFIX } from '../bank.ts';
import { refusalOf } from '../bank-refusals.ts';
import { BankView, normaliseAnswer } from '../bank-view.ts';
import type { ChannelCheck } from '../checker.ts';
import { Findings } from '../findings.ts';
import { Windows } from '../windows.ts';

/** A read that can be judged: it has a result, or the chaincode refused, and the heights of its peer around it. */
interface Read {
  readonly operation: Operation;
  readonly peer: string;
  /** `null`: refused. */
  readonly result: string | null;
  readonly from: number;
  readonly to: number;
  /** Heights at which the chain gives this result, ascending. */
  readonly heights: number[];
  /** What the chain gives at the first height of the window, for the message. */
  expected: string | null;
}

function asRead(operation: Operation): Read | undefined {
  const { invoke, complete } = operation;
  if (invoke.kind !== 'evaluate' || !complete) return undefined;
  const isRefusal = complete.outcome === 'fail' && complete.refused === true;
  if (complete.outcome !== 'ok' && !isRefusal) return undefined;
  const { result, heightBefore, heightAfter } = complete;
  const [peer] = invoke.peers;
  if (heightBefore === undefined || heightAfter === undefined) return undefined;
  if (result === undefined && !isRefusal) return undefined;
  return {
    operation,
    peer: peer ?? '',
    result: isRefusal ? null : normaliseAnswer(invoke.function, result ?? ''),
    from: heightBefore,
    to: heightAfter,
    heights: [],
    expected: null,
  };
}

export const readsReal: ChannelCheck = {
  scope: 'channel',
  definition: {
    id: 'F14',
    name: 'reads match a height',
    guarantee:
      'Every read returned, or was refused, as the chain gives at one height between the heights of its peer just before and just after, and no peer went back in time.',
  },
  create({ history, scenario, replay }) {
    const findings = new Findings(readsReal.definition);
    // What a read of a chaincode that it does not know should give, only its author can say (with an invariant).
    const judged = scenario.workload === 'bank' ? history.operations : [];
    const reads = judged.map(asRead).filter((read) => read !== undefined);
    const followed = reads
      .filter(({ operation }) => operation.invoke.function === 'history')
      .map(({ operation }) => ACCOUNT_PREFIX + operation.invoke.args[0]);
    const view = new BankView(replay, scenario.chaincode, followed);
    const windows = new Windows(reads);

    const judgeAt = (height: number): void => {
      for (const read of windows.at(height)) {
        const { invoke } = read.operation;
        const answer = view.answer(invoke.function, invoke.args);
        if (answer === undefined) continue;
        if (height === read.from) read.expected = answer;
        if (answer === read.result) read.heights.push(height);
      }
    };

    /** Latest height that each peer has shown, by the reads that had come back before another began. */
    const inOrder = (): void => {
      const reached = new Map<string, number>();
      const steps = reads
        .filter(({ heights }) => heights.length > 0)
        .flatMap((read) => [
          { at: read.operation.invoke.at, read, ends: false },
          { at: read.operation.complete?.at ?? 0, read, ends: true },
        ])
        .sort((a, b) => a.at - b.at || Number(a.ends) - Number(b.ends));
      const floors = new Map<Read, number>();
      for (const { read, ends } of steps) {
        const now = reached.get(read.peer) ?? 0;
        if (!ends) {
          floors.set(read, now);
          continue;
        }
        const least = floors.get(read) ?? 0;
        const height = read.heights.find((candidate) => candidate >= least);
        if (height !== undefined) reached.set(read.peer, Math.max(now, height));
        else {
          findings.violation({
            operation: read.operation.invoke.operation,
            sources: [read.peer],
            block: read.heights.at(-1) ?? 0,
            message: `${read.peer} answered from height ${read.heights.at(-1)} after it had answered from height ${least}`,
          });
        }
      }
    };

    const isWhole = !isMarked(history, UNSETTLED) && !isMarked(history, INTERRUPTED);
    /** Why a read cannot have been as it is told; `undefined` if it can. */
    const impossibility = (
      { function: name, args }: Operation['invoke'],
      result: string | null,
      to: number,
    ): string | undefined => {
      if (scenario.workload !== 'bank') return undefined;
      if (result !== null && refusalOf(name, args, () => undefined) === 'unknown function') {
        return 'it was answered, and the chaincode has no such function';
      }
      if (!isWhole || to <= replay.height) return undefined;
      return `it was read at up to height ${to}, the chain has ${replay.height}`;
    };

    return {
      height({ number }, applied) {
        view.apply(applied);
        judgeAt(number + 1);
      },
      finish() {
        for (const { operation, heights, from, to, expected, result, peer } of reads) {
          const { invoke } = operation;
          const impossible = impossibility(invoke, result, to);
          if (impossible !== undefined) {
            findings.violation({
              operation: invoke.operation,
              sources: [peer],
              message: `${invoke.function}(${invoke.args.join(', ')}) on ${peer}: ${impossible}`,
            });
          }
          if (view.answer(invoke.function, invoke.args) === undefined) {
            findings.count('reads of unknown functions');
            continue;
          }
          findings.count('reads');
          if (result === null) findings.count('refused reads');
          if (heights.length > 0) continue;
          findings.violation({
            operation: invoke.operation,
            sources: [peer],
            block: from,
            message: `${invoke.function}(${invoke.args.join(', ')}) on ${peer} ${result === null ? 'was refused' : `returned ${result}`}, the chain gives ${expected ?? 'a refusal'} at height ${from} and nothing equal up to ${to}`,
          });
        }
        inOrder();
        findings.floor('reads', scenario.floors?.reads ?? 1);
        if (scenario.workload !== 'bank') {
          findings.notApplicable('only reads of the bank chaincode can be recomputed');
        }
        return findings.result();
      },
    };
  },
};
