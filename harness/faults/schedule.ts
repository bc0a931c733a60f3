import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../base/errors.ts';
import type { Clock } from '../workload/clock.ts';
import type { FaultEvent } from '../workload/history.ts';
import type { History } from '../workload/history-writer.ts';
import {
  type ActiveFault,
  type Confirmation,
  combine,
  type Fault,
  type FaultContext,
  inconclusive,
  type Measurement,
  notConfirmed,
  type Target,
  targetName,
  unmeasured,
} from './model.ts';

/** A fault on the time axis of a load. */
export interface FaultStep {
  readonly fault: Fault;
  /** Milliseconds from the start of the load to the injection. */
  readonly at: number;
  /** Milliseconds from the verified injection to the heal. */
  readonly for: number;
}

/** What became of a fault. */
export interface FaultResult {
  readonly kind: string;
  /** The role asked for, e.g. `kafka.leader('mychannel')`. */
  readonly role: string;
  /** What the role was resolved to at injection. */
  readonly targets: readonly string[];
  /** The machine of the targets, if it is one. */
  readonly machine?: number;
  /** Milliseconds since the run started. */
  readonly injectedAt: number;
  /** When its effect was measured. */
  readonly verifiedAt?: number;
  /** When the heal had been carried out; `null` if it could not be. */
  readonly healedAt: number | null;
  /** When the absence of its effect was measured. */
  readonly healVerifiedAt?: number;
  readonly confirmation: Confirmation;
  readonly evidence: string;
}

/** What the faults of a schedule share, and what each has for itself. */
export interface ScheduleContext extends Omit<FaultContext, 'random'> {
  /** The choices of a step, by its index: overlapping steps draw in any order, and must choose the same all the same. */
  readonly randomOf: (step: number) => FaultContext['random'];
}

/** Budgets in milliseconds. After an interrupt, injection and heal together have 20 s. */
export interface ScheduleBudgets {
  /** For a check whether it can be done, and for finding its targets. */
  readonly resolve: number;
  /** For an injection, a rolling restart of many components included. */
  readonly inject: number;
  /** For an injection to end once the run has been interrupted; it is healed all the same after that. */
  readonly abandon: number;
  readonly heal: number;
  readonly healAfterAbort: number;
  readonly verify: number;
  readonly verifyHealed: number;
}

export const DEFAULT_BUDGETS: ScheduleBudgets = {
  resolve: 20_000,
  inject: 240_000,
  abandon: 6_000,
  heal: 60_000,
  healAfterAbort: 12_000,
  verify: 40_000,
  verifyHealed: 90_000,
};

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
  budgets: ScheduleBudgets = DEFAULT_BUDGETS,
): Promise<FaultResult[]> {
  const start = clock.now();
  // What a fault waits for while it is injected ends with the schedule.
  const ending = AbortSignal.any([context.signal, signal]);
  return Promise.all(
    steps.map((step, index) => {
      const own = { ...context, random: context.randomOf(index), signal: ending };
      return new FaultRun(own, step, index + 1, { history, clock, signal, budgets }).run(start);
    }),
  );
}

interface Surroundings {
  readonly history: Pick<History, 'append'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly budgets: ScheduleBudgets;
}

/** One step of a schedule, from its time to the verified heal. */
class FaultRun {
  readonly #context: FaultContext;
  readonly #step: FaultStep;
  readonly #number: number;
  readonly #around: Surroundings;
  #targets: readonly Target[] = [];

  constructor(context: FaultContext, step: FaultStep, number: number, around: Surroundings) {
    this.#context = context;
    this.#step = step;
    this.#number = number;
    this.#around = around;
  }

  async run(start: number): Promise<FaultResult> {
    const { clock, signal, budgets } = this.#around;
    const { fault, at, for: duration } = this.#step;
    const due = await clock.until(start + at, signal);
    let injectedAt = clock.now();
    if (!due) return this.#never(inconclusive('interrupted before it was due'), injectedAt);
    let active: ActiveFault;
    try {
      active = await within(budgets.resolve, `${fault.kind}: finding its targets`, this.#prepare());
    } catch (error) {
      const found = signal.aborted ? unmeasured(error) : notConfirmed(messageOf(error));
      this.#record(found.confirmation === 'inconclusive' ? 'inconclusive' : 'not-confirmed', found);
      return this.#never(found, injectedAt);
    }
    injectedAt = this.#record('inject');
    const effect = await this.#inject(active);
    const verifiedAt = this.#record(
      effect.confirmation === 'confirmed' ? 'verified' : effect.confirmation,
      effect,
    );
    if (effect.confirmation !== 'not-confirmed') await clock.until(verifiedAt + duration, signal);
    this.#record('heal');
    const healed = await this.#heal(active);
    const healedAt = clock.now();
    const early = this.#targets
      .map(targetName)
      .filter((name) => this.#context.guard.endedEarly(name))
      .map((name) => notConfirmed(`the guard healed ${name} early, missing this process's signs`));
    const measured = healed ?? (await this.#verifyHealed(active));
    const absence = early.length > 0 ? combine([measured, ...early]) : measured;
    const healVerifiedAt = this.#record(
      absence.confirmation === 'confirmed' ? 'healed' : absence.confirmation,
      absence,
    );
    const { confirmation, evidence } = combine([effect, absence]);
    return {
      ...this.#identity(),
      injectedAt,
      ...(effect.confirmation === 'confirmed' ? { verifiedAt } : {}),
      healedAt: healed ? null : healedAt,
      ...(absence.confirmation === 'confirmed' ? { healVerifiedAt } : {}),
      confirmation,
      evidence: evidence.replace(`${effect.evidence}; `, `${effect.evidence}; after the heal: `),
    };
  }

  async #prepare(): Promise<ActiveFault> {
    const { fault } = this.#step;
    const reason = await fault.available(this.#context);
    if (reason !== undefined) throw new Error(`${fault.text} cannot be done here: ${reason}`);
    this.#targets = await fault.role.resolve(this.#context);
    if (this.#targets.length === 0) throw new Error(`${fault.role.text}: no target`);
    return fault.prepare(this.#context, this.#targets);
  }

  async #inject(active: ActiveFault): Promise<Measurement> {
    const { signal, budgets } = this.#around;
    const { fault } = this.#step;
    const injection = active.inject();
    try {
      const end = budgets.abandon;
      await within(budgets.inject, `${fault.kind}: injection`, injection, signal, end);
    } catch (error) {
      // Should it still come to an end after its heal, it is healed once more.
      injection.then(() => active.heal()).catch(() => {});
      return signal.aborted ? unmeasured(error) : notConfirmed(messageOf(error));
    }
    if (signal.aborted) return inconclusive('interrupted before its effect was measured');
    return within(budgets.verify, `${fault.kind}: measurement`, active.verify(), signal).catch(
      unmeasured,
    );
  }

  /** @returns what went wrong; `undefined` when it was carried out */
  async #heal(active: ActiveFault): Promise<Measurement | undefined> {
    const { signal, budgets } = this.#around;
    const end = performance.now() + (signal.aborted ? budgets.healAfterAbort : budgets.heal);
    for (;;) {
      const left = end - performance.now();
      try {
        await within(left, `${this.#step.fault.kind}: heal`, active.heal());
        return undefined;
      } catch (error) {
        // What it needs may just be down because of another fault.
        if (end - performance.now() < RETRY_MS) {
          return notConfirmed(`could not be healed: ${messageOf(error)}`);
        }
      }
      await delay(RETRY_MS);
    }
  }

  async #verifyHealed(active: ActiveFault): Promise<Measurement> {
    const { signal, budgets } = this.#around;
    if (signal.aborted) return inconclusive('interrupted before the heal was measured');
    const measurement = active.verifyHealed();
    return within(
      budgets.verifyHealed,
      `${this.#step.fault.kind}: measurement of the heal`,
      measurement,
      signal,
    ).catch(unmeasured);
  }

  #never({ confirmation, evidence }: Measurement, injectedAt: number): FaultResult {
    return { ...this.#identity(), injectedAt, healedAt: null, confirmation, evidence };
  }

  #identity(): Pick<FaultResult, 'kind' | 'role' | 'targets' | 'machine'> {
    const { fault } = this.#step;
    const machines = new Set(
      this.#targets.map((t) => (t.type === 'machine' ? t.number : t.handle.machine.number)),
    );
    const [machine] = machines;
    return {
      kind: fault.kind,
      role: fault.role.text,
      targets: this.#targets.map(targetName),
      ...(machines.size === 1 && machine !== undefined ? { machine } : {}),
    };
  }

  #record(phase: FaultEvent['phase'], measurement?: Measurement): number {
    const at = this.#around.clock.now();
    const { kind, role, targets } = this.#identity();
    const evidence = measurement ? { evidence: measurement.evidence } : {};
    this.#around.history.append({
      ...{ type: 'fault', fault: this.#number, phase, kind, role, targets, at },
      ...evidence,
    });
    return at;
  }
}

const RETRY_MS = 500;

/**
 * A promise with a budget in milliseconds, which shrinks to `afterAbort` once `signal` aborts.
 *
 * @throws Error when the budget is used up; the work itself goes on unobserved
 */
async function within<T>(
  budgetMs: number,
  what: string,
  work: Promise<T>,
  signal?: AbortSignal,
  afterAbort = 0,
): Promise<T> {
  const done = new AbortController();
  const expire = async (ms: number, reason: string): Promise<never> => {
    await delay(ms, undefined, { signal: done.signal });
    throw new Error(`${what}: ${reason}`);
  };
  const aborted = async (): Promise<never> => {
    if (!signal) return new Promise<never>(() => {});
    if (!signal.aborted) {
      const options = { once: true, signal: done.signal };
      await new Promise((resolve) => signal.addEventListener('abort', resolve, options));
    }
    return expire(afterAbort, 'interrupted');
  };
  const late = expire(budgetMs, `expected an end within ${Math.round(budgetMs)} ms, seen none`);
  const interrupt = aborted();
  for (const promise of [late, interrupt]) promise.catch(() => {});
  try {
    return await Promise.race([work, late, interrupt]);
  } finally {
    done.abort();
  }
}
