import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../base/errors.ts';
import { patient } from '../base/patience.ts';
import { raceAbort } from '../base/race-abort.ts';
import type { Clock } from '../workload/clock.ts';
import type { FaultEvent } from '../workload/history.ts';
import type { History } from '../workload/history-writer.ts';
import {
  type ActiveFault,
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
import { type FaultResult, faultResults } from './result.ts';

/** Budgets in milliseconds. After an interrupt, injection and heal together have 20 s. */
export interface FaultBudgets {
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

export const DEFAULT_BUDGETS: FaultBudgets = {
  resolve: 20_000,
  inject: 240_000,
  abandon: 6_000,
  heal: 60_000,
  healAfterAbort: 12_000,
  verify: 40_000,
  verifyHealed: 90_000,
};

/** What lives around a fault. */
export interface FaultSurroundings {
  /** Gets a record of each step of the fault's life. */
  readonly history: Pick<History, 'append'>;
  /** Of the run; `at` of records and results is on it. */
  readonly clock: Clock;
  /** When it aborts, what is in force is healed at once, within 20 s. */
  readonly signal: AbortSignal;
  readonly budgets?: FaultBudgets;
}

/**
 * One fault, from the search for its targets to the verified heal. There is no other way to put a fault in force: what a
 * schedule does and what a check does while it works differ only in what they do meanwhile.
 */
export class FaultLife {
  readonly #context: FaultContext;
  readonly #fault: Fault;
  readonly #number: number;
  readonly #around: Required<FaultSurroundings>;
  readonly #events: FaultEvent[] = [];
  #targets: readonly Target[] = [];

  /** @param number unique within a scenario, from 1 */
  constructor(context: FaultContext, fault: Fault, number: number, around: FaultSurroundings) {
    this.#context = context;
    this.#fault = fault;
    this.#number = number;
    this.#around = { budgets: DEFAULT_BUDGETS, ...around };
  }

  /** It never came to its turn. */
  missed(): FaultResult {
    this.#record('inconclusive', inconclusive('interrupted before it was due'));
    return this.#result();
  }

  /**
   * Resolves the role, injects (which registers the heal first), verifies, does `meanwhile`, heals, verifies that it is
   * healed. Never throws for what the fault does or fails to do.
   *
   * @param meanwhile what happens while it is in force; told what was measured of its effect. It is left out where the
   *   effect is known to be none, must not throw, and is no longer waited for once the signal aborts
   */
  async run(meanwhile: (effect: Measurement) => Promise<unknown>): Promise<FaultResult> {
    const { clock, signal, budgets } = this.#around;
    const { kind } = this.#fault;
    let active: ActiveFault;
    try {
      active = await within(budgets.resolve, `${kind}: finding its targets`, this.#prepare());
    } catch (error) {
      const found = signal.aborted ? unmeasured(error) : notConfirmed(messageOf(error));
      this.#record(found.confirmation === 'inconclusive' ? 'inconclusive' : 'not-confirmed', found);
      return this.#result();
    }
    this.#record('inject');
    const effect = await this.#inject(active);
    this.#record(effect.confirmation === 'confirmed' ? 'verified' : effect.confirmation, effect);
    if (effect.confirmation !== 'not-confirmed') {
      await raceAbort(meanwhile(effect), signal).catch(() => undefined);
    }
    this.#record('heal');
    const healed = await this.#heal(active);
    const healedAt = clock.now();
    const early = this.#targets
      .map(targetName)
      .filter((name) => this.#context.guard.endedEarly(name))
      .map((name) => notConfirmed(`the guard healed ${name} early, missing this process's signs`));
    const measured = healed ?? (await this.#verifyHealed(active));
    const absence = early.length > 0 ? combine([measured, ...early]) : measured;
    this.#record(absence.confirmation === 'confirmed' ? 'healed' : absence.confirmation, absence, {
      ...(healed ? {} : { healedAt }),
    });
    return this.#result();
  }

  async #prepare(): Promise<ActiveFault> {
    const fault = this.#fault;
    const reason = await fault.available(this.#context);
    if (reason !== undefined) throw new Error(`${fault.text} cannot be done here: ${reason}`);
    this.#targets = await fault.role.resolve(this.#context);
    if (this.#targets.length === 0) throw new Error(`${fault.role.text}: no target`);
    return fault.prepare(this.#context, this.#targets);
  }

  async #inject(active: ActiveFault): Promise<Measurement> {
    const { signal, budgets } = this.#around;
    const fault = this.#fault;
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
        await within(left, `${this.#fault.kind}: heal`, active.heal());
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
      `${this.#fault.kind}: measurement of the heal`,
      measurement,
      signal,
    ).catch(unmeasured);
  }

  #result(): FaultResult {
    return faultResults(this.#events)[0] as FaultResult;
  }

  #identity(): Pick<FaultResult, 'kind' | 'role' | 'targets' | 'machine'> {
    const fault = this.#fault;
    const machines = new Set(
      this.#targets.flatMap((t) => {
        if (t.type === 'named') return [];
        return [t.type === 'machine' ? t.number : t.handle.machine.number];
      }),
    );
    const [machine] = machines;
    return {
      kind: fault.kind,
      role: fault.role.text,
      targets: this.#targets.map(targetName),
      ...(machines.size === 1 && machine !== undefined ? { machine } : {}),
    };
  }

  #record(
    phase: FaultEvent['phase'],
    measurement?: Measurement,
    more: Pick<FaultEvent, 'healedAt'> = {},
  ): void {
    const event: FaultEvent = {
      ...{ type: 'fault', fault: this.#number, phase, ...this.#identity() },
      at: this.#around.clock.now(),
      ...(measurement ? { evidence: measurement.evidence } : {}),
      ...more,
    };
    this.#events.push(event);
    this.#around.history.append(event);
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
    return expire(patient(afterAbort), 'interrupted');
  };
  const mostMs = patient(budgetMs);
  const late = expire(mostMs, `expected an end within ${Math.round(mostMs)} ms, seen none`);
  const interrupt = aborted();
  for (const promise of [late, interrupt]) promise.catch(() => {});
  try {
    return await Promise.race([work, late, interrupt]);
  } finally {
    done.abort();
  }
}
