import type { EvaluateResult, LoadClient, SubmitRequest, SubmitResult } from './client.ts';
import type { Clock } from './clock.ts';
import type { Completion, Invocation } from './history.ts';
import type { History } from './history-writer.ts';

/** One thing to ask for. */
export interface PlannedOperation {
  readonly intent: string;
  readonly function: string;
  readonly args: readonly string[];
  /** With it the operation is an `evaluate` aimed at this peer, else a `submit`. */
  readonly peer?: string;
  /** For a `submit`: only through this orderer. */
  readonly orderer?: string;
  /** For a `submit`, see {@link SubmitRequest}. */
  readonly transient?: SubmitRequest['transient'];
  readonly endorsers?: SubmitRequest['endorsers'];
  readonly init?: SubmitRequest['init'];
  /** Whether the chaincode is to refuse it, see {@link Invocation.refusal}. */
  readonly refusal?: Invocation['refusal'];
}

export interface OperationContext {
  readonly history: History;
  readonly clock: Clock;
  /** Milliseconds after which a client stops waiting for an answer. */
  readonly timeout: number;
}

type Ending = Omit<Completion, 'type' | 'operation' | 'at'>;

/**
 * Performs one operation and records its invocation and its completion, whatever happens.
 *
 * Who gives up on a submit knows nothing of its outcome (`unknown`), unless nothing had been sent yet (`fail`). What
 * the client says after that is dropped: the chain will tell, by transaction id.
 * @throws Error only if the history cannot be written
 */
export async function perform(
  { history, clock, timeout }: OperationContext,
  client: LoadClient,
  planned: PlannedOperation,
): Promise<Completion> {
  const operation = history.nextOperation();
  const controller = new AbortController();
  const { signal } = controller;
  const { peer } = planned;
  // `late` once the completion is on file.
  let state: 'new' | 'invoked' | 'late' = 'new';
  let acknowledged: { orderer: string; acknowledgedAt: number } | undefined;

  const invoke = (details: Pick<Invocation, 'peers' | 'transactionId'>): void => {
    if (state !== 'new') {
      throw new Error(
        state === 'late'
          ? `operation ${operation} of ${client.name} was given up after ${timeout} ms; do not send it`
          : `operation ${operation} of ${client.name}: expected one transaction, got another`,
      );
    }
    state = 'invoked';
    history.append({
      type: 'invoke',
      operation,
      client: client.name,
      msp: client.msp,
      channel: client.channel,
      chaincode: client.chaincode,
      kind: peer === undefined ? 'submit' : 'evaluate',
      function: planned.function,
      args: planned.args,
      intent: planned.intent,
      ...(planned.refusal === undefined ? {} : { refusal: planned.refusal }),
      ...details,
      at: history.now(),
    });
  };

  const ask = async (): Promise<Ending> => {
    const { function: name, args } = planned;
    if (peer !== undefined) {
      invoke({ peers: [peer] });
      return await settle(
        () => client.evaluate({ peer, function: name, args, signal }),
        () => 'fail',
      );
    }
    return await settle(
      () =>
        client.submit({
          function: name,
          args,
          ...given(planned, 'orderer', 'transient', 'endorsers', 'init'),
          signal,
          prepared: ({ transactionId, peers }) => invoke({ transactionId, peers }),
          acknowledged: (orderer) => {
            acknowledged ??= { orderer, acknowledgedAt: history.now() };
          },
        }),
      () => (state === 'new' ? 'fail' : 'unknown'),
    );
  };

  const giveUp = async (): Promise<Ending> => {
    await clock.until(clock.now() + timeout, signal);
    return {
      outcome: peer === undefined && state === 'invoked' ? 'unknown' : 'fail',
      ...(peer === undefined ? {} : { stage: 'evaluate' as const }),
      ...(acknowledged === undefined ? {} : { stage: 'commit' as const }),
      error: `no answer within ${timeout} ms`,
    };
  };

  const ending = await Promise.race([ask(), giveUp()]);
  // An operation without an invocation would be missing from every count.
  if (state === 'new') invoke({ peers: [] });
  state = 'late';
  controller.abort();
  const completion: Completion = {
    type: 'complete',
    operation,
    ...acknowledged,
    ...ending,
    at: history.now(),
  };
  history.append(completion);
  return completion;
}

/** The properties among these that an object has. */
function given<T extends object, K extends keyof T>(
  from: T,
  ...keys: K[]
): { [P in K]?: Exclude<T[P], undefined> } {
  const entries = keys.filter((key) => from[key] !== undefined).map((key) => [key, from[key]]);
  return Object.fromEntries(entries) as { [P in K]?: Exclude<T[P], undefined> };
}

async function settle(
  ask: () => Promise<SubmitResult | EvaluateResult>,
  outcomeOfError: () => Completion['outcome'],
): Promise<Ending> {
  try {
    return await ask();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { outcome: outcomeOfError(), error: message.split('\n', 1)[0] ?? '' };
  }
}
