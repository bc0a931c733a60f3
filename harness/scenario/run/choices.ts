import type { ScenarioPlace } from '../../audit/recording.ts';
import { randomStream } from '../../workload/random.ts';

/**
 * The numbers from which a fault's role is chosen: a function of the run's seed, the scenario's name and the fault's
 * index alone. The channel's name must not go in, because it differs between runs with the same seed.
 *
 * @param fault its index among the faults of the scenario
 */
export function choices(
  seed: number,
  place: Pick<ScenarioPlace, 'name'>,
  fault: number,
): () => number {
  const random = randomStream(seed, `faults ${place.name} ${fault}`);
  return () => random.fraction();
}
