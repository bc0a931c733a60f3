import type { Clock } from '../workload/clock.ts';
import type { History } from '../workload/history-writer.ts';
import { DEFAULT_BUDGETS, type FaultBudgets, FaultLife } from './life.ts';
import type { Fault, FaultContext } from './model.ts';
import type { FaultResult } from './result.ts';

/** A fault on the time axis of a load. */
export interface FaultStep {
  readonly fault: Fault;
  /** Milliseconds from the start of the load to the injection. */
  readonly at: number;
  /** Milliseconds from the verified injection to the heal. */
  readonly for: number;
}

/** What the faults of a schedule share, and what each has for itself. */
export interface ScheduleContext extends Omit<FaultContext, 'random'> {
  /** The choices of a step, by its index: overlapping steps draw in any order, and must choose the same all the same. */
  readonly randomOf: (step: number) => FaultContext['random'];
}

/**
 * Runs faults, overlapping ones too, on a time axis that starts now. For each: resolve the role, inject (which registers
 * the heal first), verify, hold, heal, verify healed. Never throws for what a fault does or fails to do: a fault that
 * found no target, could not be injected, or had no measurable effect has the result `not-confirmed`, with evidence.
 *
 * When `signal` aborts, everything injected is healed at once, within 20 s, by budgets of its own.
 *
 * @param history gets a record of each step of a fault's life
 * @param clock of the run; `at` of records and results is on it
 * @returns one result a step, in the order of `steps`
 */
export async function runFaults(
  context: ScheduleContext,
  steps: readonly FaultStep[],
  history: Pick<History, 'append'>,
  clock: Clock,
  signal: AbortSignal,
  budgets: FaultBudgets = DEFAULT_BUDGETS,
): Promise<FaultResult[]> {
  const start = clock.now();
  // What a fault waits for while it is injected ends with the schedule.
  const ending = AbortSignal.any([context.signal, signal]);
  return Promise.all(
    steps.map(async ({ fault, at, for: duration }, index) => {
      const own = { ...context, random: context.randomOf(index), signal: ending };
      const life = new FaultLife(own, fault, index + 1, { history, clock, signal, budgets });
      if (!(await clock.until(start + at, signal))) return life.missed();
      return life.run(() => clock.until(clock.now() + duration, signal));
    }),
  );
}
