import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../../base/errors.ts';
import type { Fault, FaultContext } from '../../faults/model.ts';
import type {
  ExpectationResult,
  FaultResult,
  ScenarioResult,
  ScenarioStatus,
} from '../../report/model.ts';
import { indexHistory } from '../../workload/history-index.ts';
import { loadResult } from '../../workload/statistics/load.ts';
import { saveLogs } from '../evidence/collect.ts';
import { componentStates, componentsByMachine } from '../evidence/component-states.ts';
import { EngineEvents } from '../evidence/engine-events.ts';
import { findExcerpts } from '../evidence/excerpts.ts';
import { choices } from '../run/choices.ts';
import { whileInForce } from '../run/in-force.ts';
import type { ScenarioPlace } from '../run/run-scenario.ts';
import type { Session } from '../session.ts';
import { declare } from './scenario.ts';

/** What a step saw, and whether that is what was expected. */
export interface Finding {
  readonly met: boolean;
  readonly seen: string;
}

/** Takes down what a check does, step by step; each becomes an expectation in the report. */
export interface Notes {
  /** Parts of the run's folder and of its names that belong to this check. */
  readonly place: ScenarioPlace;
  /**
   * Records one step.
   *
   * @throws whatever `work` throws, after it has been recorded; a finding that is not met does not end the check
   */
  step(name: string, expected: string, work: () => Promise<Finding>): Promise<void>;
  /**
   * Puts a fault in force, does the work while it is, and heals it whatever the work does.
   *
   * @throws Error when the fault could not be confirmed: what was seen would prove nothing
   */
  during(fault: Fault, work: () => Promise<void>): Promise<void>;
}

/**
 * Declares a scenario without a load: a sequence of steps, each with what was expected of it and what was seen. No ledger
 * is audited, so only what the steps compare is proven.
 *
 * @param name a sentence fragment, unique in its suite
 */
export function check(name: string, run: (session: Session, notes: Notes) => Promise<void>): void {
  declare(name, async (session, place) => {
    const folder = path.join(session.runFolder, place.folder);
    mkdirSync(folder, { recursive: true });
    const { clock, signal } = session;
    const startedAt = clock.now();
    const since = Math.floor(Date.now() / 1000) - 1;
    const taken = new TakenNotes(session, place);
    const notes: Notes = {
      place,
      step: taken.step.bind(taken),
      during: taken.during.bind(taken),
    };
    const problems: string[] = [];
    const engines = EngineEvents.start(session, folder);
    try {
      await run(session, notes);
    } catch (error) {
      problems.push(messageOf(error));
    }
    await engines[Symbol.asyncDispose]();
    await saveLogs(session, folder, since).catch((error) =>
      problems.push(`logs: ${messageOf(error)}`),
    );
    const { expectations, faults } = taken;
    if (expectations.length === 0 && problems.length === 0) problems.push('nothing was checked');
    problems.unshift(
      ...expectations
        .filter(({ met }) => !met)
        .map((e) => `${e.name}: expected ${e.expected}, seen ${e.seen}`),
    );
    const status: ScenarioStatus = signal.aborted
      ? 'interrupted'
      : problems.length > 0
        ? 'failed'
        : 'passed';
    return {
      ...place,
      status,
      startedAt,
      duration: clock.now() - startedAt,
      faults,
      expectations,
      audit: null,
      recovery: [],
      load: loadResult(indexHistory([])),
      problems,
      states: componentStates(engines.events, componentsByMachine(session)),
      excerpts: status === 'passed' ? [] : findExcerpts(session.runFolder, place.folder),
    } satisfies ScenarioResult;
  });
}

class TakenNotes {
  readonly expectations: ExpectationResult[] = [];
  readonly faults: FaultResult[] = [];
  readonly place: ScenarioPlace;
  readonly #session: Session;

  constructor(session: Session, place: ScenarioPlace) {
    this.#session = session;
    this.place = place;
  }

  async step(name: string, expected: string, work: () => Promise<Finding>): Promise<void> {
    this.#session.signal.throwIfAborted();
    try {
      this.expectations.push({ name, expected, ...(await work()) });
    } catch (error) {
      this.expectations.push({ name, expected, met: false, seen: messageOf(error) });
      throw error;
    }
  }

  async during(fault: Fault, work: () => Promise<void>): Promise<void> {
    const { network, guard, clock, seed, signal } = this.#session;
    const context: FaultContext = {
      network,
      guard,
      channel: this.place.channel,
      now: () => clock.now(),
      random: choices(seed, this.place, this.faults.length),
      signal,
    };
    const { result, failure } = await whileInForce(context, fault, work);
    this.faults.push(result);
    const met = result.confirmation === 'confirmed' && result.healedAt !== null;
    this.expectations.push({
      name: `${fault.text} of ${fault.role.text} took effect and was healed`,
      met,
      expected: 'confirmed by measurement, then healed',
      seen: `${result.confirmation}: ${result.evidence}`,
    });
    if (failure !== undefined) throw failure;
    if (!met) throw new Error(`${fault.text} of ${fault.role.text}: ${result.evidence}`);
  }
}
