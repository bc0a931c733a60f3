import path from 'node:path';
import { readScenario } from '../../audit/evidence.ts';
import type { ScenarioPlace } from '../../audit/recording.ts';
import type { ScenarioResult } from '../../audit/result.ts';
import { messageOf } from '../../base/errors.ts';
import { FaultLife } from '../../faults/life.ts';
import type { Fault, FaultContext } from '../../faults/model.ts';
import type { History } from '../../workload/history-writer.ts';
import { choices } from '../run/choices.ts';
import { update } from '../run/declared.ts';
import { recorded } from '../run/recorded.ts';
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
  declare(name, { kind: 'check' }, (session, place) => runCheck(session, place, run));
}

/** Does what a check does, and gives what the judge makes of it. */
export const runCheck = (
  session: Session,
  place: ScenarioPlace,
  run: (session: Session, notes: Notes) => Promise<void>,
): Promise<ScenarioResult> =>
  recorded(session, place, ({ history }) => run(session, new TakenNotes(session, place, history)));

class TakenNotes implements Notes {
  readonly place: ScenarioPlace;
  readonly #session: Session;
  readonly #history: History;
  #faults = 0;

  constructor(session: Session, place: ScenarioPlace, history: History) {
    this.#session = session;
    this.place = place;
    this.#history = history;
    this.step = this.step.bind(this);
    this.during = this.during.bind(this);
  }

  async step(name: string, expected: string, work: () => Promise<Finding>): Promise<void> {
    this.#session.signal.throwIfAborted();
    const took = ({ met, seen }: Finding) =>
      this.#history.append({
        ...{ type: 'step', name, expected, met, seen },
        at: this.#history.now(),
      });
    try {
      took(await work());
    } catch (error) {
      took({ met: false, seen: messageOf(error) });
      throw error;
    }
  }

  async during(fault: Fault, work: () => Promise<void>): Promise<void> {
    const { network, guard, clock, seed, signal, runFolder } = this.#session;
    const number = ++this.#faults;
    const { faults = [] } = readScenario(path.join(runFolder, this.place.folder));
    const declared = { text: fault.text, role: fault.role.text };
    update(runFolder, this.place, { faults: [...faults, declared] });
    const context: FaultContext = {
      network,
      guard,
      channel: this.place.channel,
      now: () => clock.now(),
      random: choices(seed, this.place, number - 1),
      signal,
    };
    const life = new FaultLife(context, fault, number, { history: this.#history, clock, signal });
    let failure: unknown;
    const result = await life.run(async (effect) => {
      if (effect.confirmation !== 'confirmed') return; // what was seen would prove nothing
      try {
        await work();
      } catch (error) {
        failure = error;
      }
    });
    if (failure !== undefined) throw failure;
    if (result.confirmation !== 'confirmed' || result.healedAt === null) {
      throw new Error(`${fault.text} of ${fault.role.text}: ${result.evidence}`);
    }
  }
}
