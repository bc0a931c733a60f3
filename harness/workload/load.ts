import type { LoadClient } from './client.ts';
import type { Clock } from './clock.ts';
import type { Outcome } from './history.ts';
import type { History } from './history-writer.ts';
import { type OperationContext, type PlannedOperation, perform } from './operation.ts';
import { planSteps } from './plan.ts';
import type { Pace, TransferProfile } from './profile.ts';
import { Rendezvous } from './rendezvous.ts';

export interface LoadRun {
  readonly profile: TransferProfile;
  readonly seed: number;
  /**
   * As many as the profile says. Clients 2k and 2k+1 make a pair for double spends, so a list that takes turns between
   * the organisations makes them spend across organisations.
   */
  readonly clients: readonly LoadClient[];
  readonly history: History;
  readonly clock: Clock;
  /** Ends the load: nothing new is asked for, what is in flight is waited for. */
  readonly signal: AbortSignal;
}

export type OutcomeCounts = Readonly<Record<Outcome, number>>;

/**
 * Runs a load until the signal aborts or all clients have done their steps. Each client has one operation in flight;
 * after one that timed out it goes on with the next.
 * @returns what the clients were told, counted
 * @throws Error if the clients do not fit the profile, or if the history cannot be written
 */
export async function runLoad(run: LoadRun): Promise<OutcomeCounts> {
  const { profile, seed, clients, history, clock } = run;
  const names = new Set(clients.map(({ name }) => name));
  if (clients.length !== profile.clients || names.size !== clients.length) {
    throw new Error(
      `load: expected ${profile.clients} clients with different names, got ${clients.length}: ${[...names].join(', ')}`,
    );
  }
  const context = { history, clock, timeout: profile.timeout };
  const counts = { ok: 0, fail: 0, unknown: 0 };
  const rendezvous = new Rendezvous();
  await untilFirstError(
    clients.map((client, index) => async (signal: AbortSignal) => {
      const next = pacer(profile.pace, clock, index, clients.length);
      for (const { operations, meet } of planSteps(profile, seed, index)) {
        for (const [position, operation] of operations.entries()) {
          if (!(await clock.until(next(), signal))) return;
          // After the client's own turn, so that both of a pair start at the same moment.
          const meets = meet !== undefined && position === 0;
          if (meets && !(await rendezvous.meet(meet, signal))) return;
          const { outcome } = await perform(context, client, operation);
          counts[outcome] += 1;
        }
      }
    }),
    run.signal,
  );
  return counts;
}

/** One thing to be asked for before a load begins. */
export type Opening = Omit<PlannedOperation, 'intent'> & {
  /** Who asks in the place of one of the given clients, by its number. */
  readonly by?: (own: LoadClient, turn: number) => LoadClient;
};

/**
 * Opens all that a profile needs, with the given clients side by side.
 * @param signal ends it early, after what is in flight
 * @throws Error if an opening did not succeed, naming it and why
 */
export async function prepareLoad(
  context: OperationContext,
  openings: readonly Opening[],
  clients: readonly LoadClient[],
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const queue = [...openings];
  await untilFirstError(
    clients.map((own, turn) => async (stop: AbortSignal) => {
      while (!stop.aborted) {
        const next = queue.shift();
        if (next === undefined) return;
        const { by, ...opening } = next;
        const client = by?.(own, turn) ?? own;
        const completion = await perform(context, client, { intent: 'set-up', ...opening });
        if (completion.outcome !== 'ok') {
          const { args, function: name } = opening;
          throw new Error(
            `set-up: ${name}(${args.join(', ')}) by ${client.name}: expected ok, got ${completion.outcome} ` +
              `at ${completion.stage ?? 'an unknown stage'}: ${completion.error ?? completion.code ?? 'no reason given'}`,
          );
        }
      }
    }),
    signal,
  );
}

/**
 * Runs tasks side by side until all have ended. When one throws, the others are told to stop, are waited for, and its
 * error is thrown.
 */
export async function untilFirstError(
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
  outer: AbortSignal,
): Promise<void> {
  const inner = new AbortController();
  const signal = AbortSignal.any([outer, inner.signal]);
  const results = await Promise.allSettled(
    tasks.map(async (task) => {
      try {
        await task(signal);
      } catch (error) {
        inner.abort(error);
        throw error;
      }
    }),
  );
  if (results.some(({ status }) => status === 'rejected')) throw inner.signal.reason;
}

/** Gives the time at which the client may start its next operation. */
export function pacer(pace: Pace, clock: Clock, index: number, clients: number): () => number {
  if (pace.kind === 'closed') {
    let last = Number.NEGATIVE_INFINITY;
    return () => {
      last = Math.max(last + pace.gap, clock.now());
      return last;
    };
  }
  const interval = (clients * 1_000) / pace.perSecond;
  const offset = clock.now() + (index * interval) / clients;
  let slot = -1;
  return () => {
    const passed = Math.ceil((clock.now() - offset) / interval);
    slot = Math.max(slot + 1, passed);
    return offset + slot * interval;
  };
}
