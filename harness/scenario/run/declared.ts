import { existsSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { paths, readScenario, writeScenario } from '../../audit/evidence.ts';
import type { ScenarioFacts, ScenarioPlace } from '../../audit/recording.ts';

/**
 * What a run should have executed, written down when a file declares it: a scenario that gives no result, for whatever
 * reason, can then be missed. It is the beginning of the scenario's evidence, which grows as the scenario runs.
 */
export type Declared = ScenarioFacts & {
  readonly place: ScenarioPlace;
  readonly source: string;
};

/** The evidence of a scenario of which nothing is known but where it stands. */
export const declaredAt = (place: ScenarioPlace, source: string): Declared => ({
  ...{ schema: 2, name: place.name, place, source },
  ...{ chaincode: '', workload: 'other', channels: {}, patience: 0 },
});

/**
 * Enters a scenario into the run's folder.
 *
 * @throws Error when another one has its folder, because the later result would take the place of the earlier
 */
export function register(runFolder: string, declared: Declared): void {
  const folder = path.join(runFolder, declared.place.folder);
  if (existsSync(paths.scenario(folder))) {
    const { name, source } = readScenario(folder);
    throw new Error(
      `scenario "${declared.name}": expected a name that no other of the run has, seen "${name}" in ${source} too`,
    );
  }
  writeScenario(folder, declared);
}

/** Writes down what has become of a registered scenario; what is known of it already stays. */
export function update(
  runFolder: string,
  place: Pick<ScenarioPlace, 'folder'>,
  more: Partial<ScenarioFacts>,
): void {
  const folder = path.join(runFolder, place.folder);
  writeScenario(folder, { ...readScenario(folder), ...more });
}

/** Everything that was declared in a run so far, by the scenario file that did. */
export function declaredBy(runFolder: string): Map<string, Declared[]> {
  const all = path.join(runFolder, 'scenarios');
  const found = existsSync(all) ? readdirSync(all).sort() : [];
  const declared = found.flatMap((name) => {
    try {
      const facts = readScenario(path.join(all, name));
      return facts.place && facts.source !== undefined ? [facts as Declared] : [];
    } catch {
      return []; // made by an earlier version
    }
  });
  return Map.groupBy(declared, ({ source }) => source);
}

/** A scenario file by the one name that parent and child process agree upon. */
export function sourceName(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return path.resolve(file);
  }
}
