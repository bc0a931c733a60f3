import type {
  Completion,
  FaultEvent,
  HeightSample,
  HistoryRecord,
  Invocation,
  Mark,
  ProposalAnswer,
  Step,
} from './history.ts';

const SUCCESS = 200;

/**
 * What a client asked for and what came of it; `complete` is `null` if it never came back. Of answers of peers that agree
 * it has the peers and that they agreed: there are some for every transaction, and nobody asks for more.
 */
export interface Operation {
  readonly invoke: Invocation;
  readonly complete: Completion | null;
}

export interface RecordedHistory {
  readonly operations: readonly Operation[];
  /** Submits by transaction id. */
  readonly byTransaction: ReadonlyMap<string, Operation>;
  readonly faults: readonly FaultEvent[];
  readonly heights: readonly HeightSample[];
  readonly marks: readonly Mark[];
  readonly steps: readonly Step[];
  /** What went wrong while the scenario ran, one line each. */
  readonly troubles: readonly string[];
  /** What makes the history unfit to judge by, e.g. a completion without an invocation; empty if it is sound. */
  readonly problems: readonly string[];
}

/** Whether a mark with this label was made. */
export const isMarked = ({ marks }: Pick<RecordedHistory, 'marks'>, label: string): boolean =>
  marks.some((mark) => mark.label === label);

/**
 * Sorts records by what they are and pairs invocations with completions. A damaged history is not thrown at the caller:
 * it is described in `problems`, and what could be read is kept.
 */
export function indexHistory(records: Iterable<HistoryRecord>): RecordedHistory {
  const operations: { invoke: Invocation; complete: Completion | null }[] = [];
  const byNumber = new Map<number, { invoke: Invocation; complete: Completion | null }>();
  const byTransaction = new Map<string, Operation>();
  const inFlight = new Map<string, number>();
  const faults: FaultEvent[] = [];
  const heights: HeightSample[] = [];
  const marks: Mark[] = [];
  const steps: Step[] = [];
  const troubles: string[] = [];
  const problems: string[] = [];
  const share = sharing();

  /** A list that a record must have; what is in its place is described, and counts as an empty one. */
  const list = (record: Invocation | FaultEvent, name: 'args' | 'peers' | 'targets'): string[] => {
    const value = (record as unknown as Record<string, unknown>)[name];
    if (Array.isArray(value)) return value as string[];
    problems.push(`a record of type ${record.type} at ${record.at} ms has no ${name}`);
    return [];
  };

  const invoke = (read: Invocation): void => {
    const record = { ...read, args: list(read, 'args'), peers: share.peers(list(read, 'peers')) };
    if (byNumber.has(record.operation)) {
      problems.push(`operation ${record.operation} was invoked twice`);
      return;
    }
    const busy = inFlight.get(record.client);
    if (busy !== undefined) {
      problems.push(
        `client ${record.client} began operation ${record.operation} before ${busy} came back`,
      );
    }
    inFlight.set(record.client, record.operation);
    const operation = { invoke: record, complete: null };
    byNumber.set(record.operation, operation);
    operations.push(operation);
    if (record.kind !== 'submit') return;
    if (record.transactionId === undefined) {
      problems.push(`operation ${record.operation} is a submit without a transaction id`);
    } else if (byTransaction.has(record.transactionId)) {
      problems.push(`two operations have the transaction id ${record.transactionId}`);
    } else byTransaction.set(record.transactionId, operation);
  };

  const complete = (read: Completion): void => {
    const { responses } = read;
    const record = responses ? { ...read, responses: share.answers(responses) } : read;
    const operation = byNumber.get(record.operation);
    if (!operation || operation.complete) {
      problems.push(
        `operation ${record.operation} completed ${operation ? 'twice' : 'without having been invoked'}`,
      );
      return;
    }
    operation.complete = record;
    if (record.at < operation.invoke.at) {
      problems.push(`operation ${record.operation} completed before it was invoked`);
    }
    if (inFlight.get(operation.invoke.client) === record.operation) {
      inFlight.delete(operation.invoke.client);
    }
  };

  try {
    for (const record of records) {
      if (record.type === 'invoke') invoke(record);
      else if (record.type === 'complete') complete(record);
      else if (record.type === 'fault') {
        faults.push({ ...record, targets: list(record, 'targets') });
      } else if (record.type === 'height') heights.push(record);
      else if (record.type === 'step') steps.push(record);
      else if (record.type === 'trouble') troubles.push(record.message);
      else marks.push(record);
    }
  } catch (error) {
    problems.push(`history cannot be read to its end: ${(error as Error).message}`);
  }
  return { operations, byTransaction, faults, heights, marks, steps, troubles, problems };
}

/** Nearly all operations ask the same few peers, who answer alike: one list serves them all. */
function sharing() {
  const lists = new Map<string, readonly string[]>();
  const agreements = new Map<string, readonly ProposalAnswer[]>();
  return {
    peers(names: readonly string[]): readonly string[] {
      const key = names.join();
      const known = lists.get(key) ?? names;
      lists.set(key, known);
      return known;
    },
    answers(answers: readonly ProposalAnswer[]): readonly ProposalAnswer[] {
      const same = answers.every(
        ({ status, result }) => status === SUCCESS && result === answers[0]?.result,
      );
      if (!same) return answers;
      const key = answers.map(({ peer }) => peer).join();
      const known =
        agreements.get(key) ?? answers.map(({ peer }) => ({ peer, round: 1, status: SUCCESS }));
      agreements.set(key, known);
      return known;
    },
  };
}

/** The part of a history that concerns one channel. Faults and marks concern all. */
export function ofChannel(history: RecordedHistory, channel: string): RecordedHistory {
  const operations = history.operations.filter(({ invoke }) => invoke.channel === channel);
  if (operations.length === history.operations.length) {
    return { ...history, heights: history.heights.filter((sample) => sample.channel === channel) };
  }
  const byTransaction = new Map<string, Operation>();
  for (const [id, operation] of history.byTransaction) {
    if (operation.invoke.channel === channel) byTransaction.set(id, operation);
  }
  return {
    ...history,
    operations,
    byTransaction,
    heights: history.heights.filter((sample) => sample.channel === channel),
  };
}
