import { messageOf } from '../../base/errors.ts';
import { declaredFacts } from '../evidence/facts.ts';
import { runScenario, type Sabotage } from '../run/run-scenario.ts';
import type { Session } from '../session.ts';
import type { ScenarioDefinition } from './definition.ts';
import { declare } from './scenario.ts';

/** A defect, planted by hand, that a run must not miss. */
export interface Control extends Sabotage {
  readonly definition: ScenarioDefinition;
  /** The problem that must be among those reported. */
  readonly because: RegExp;
  /** Puts the network back as it was; runs whatever happened. */
  readonly repair?: (session: Session, channel: string) => Promise<void>;
}

/** What the evidence of a control says of it. */
export const controlFacts = ({ source, flags }: RegExp) => ({
  control: { because: source, flags },
});

/**
 * Declares a negative control: a scenario with a planted defect. It passes when the scenario turns red, and for the right
 * reason. A harness that has never been seen to fail proves nothing.
 */
export function control(name: string, { definition, because, repair, ...sabotage }: Control): void {
  const facts = { ...declaredFacts(definition), ...controlFacts(because) };
  declare(name, facts, async (session, place) => {
    try {
      return await runScenario(session, definition, place, sabotage);
    } finally {
      await repair?.(session, place.channel).catch((error) => {
        throw new Error(`${name}: the planted defect could not be taken away: ${messageOf(error)}`);
      });
    }
  });
}
