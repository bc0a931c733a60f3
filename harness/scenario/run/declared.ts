import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { ScenarioPlace } from './run-scenario.ts';

/**
 * What a run should have executed, written down when a file declares it: a scenario that gives no result, for whatever
 * reason, can then be missed.
 */
export interface Declared extends ScenarioPlace {
  /** The scenario file that was being read; the call may stand in a file that this one imports. */
  readonly source: string;
  /** Milliseconds since the run started; absent until it begins. */
  readonly begunAt?: number;
  /** What kept it from giving a result, if anything was thrown. */
  readonly thrown?: string;
}

const fileOf = (runFolder: string, { folder }: Pick<Declared, 'folder'>) =>
  path.join(runFolder, folder, 'declared.json');

/**
 * Enters a scenario into the run's folder.
 *
 * @throws Error when another one has its folder, because the later result would take the place of the earlier
 */
export function register(runFolder: string, declared: Declared): void {
  const file = fileOf(runFolder, declared);
  if (existsSync(file)) {
    const { name, source } = JSON.parse(readFileSync(file, 'utf8')) as Declared;
    throw new Error(
      `scenario "${declared.name}": expected a name that no other of the run has, seen "${name}" in ${source} too`,
    );
  }
  update(runFolder, declared);
}

/** Writes down what has become of a registered scenario. */
export function update(runFolder: string, declared: Declared): void {
  const file = fileOf(runFolder, declared);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(declared, null, 2)}\n`);
}

/** Everything that was declared in a run so far, by the scenario file that did. */
export function declaredBy(runFolder: string): Map<string, Declared[]> {
  const all = path.join(runFolder, 'scenarios');
  const found = existsSync(all) ? readdirSync(all).sort() : [];
  const declared = found.flatMap((name) => {
    try {
      const text = readFileSync(fileOf(runFolder, { folder: `scenarios/${name}` }), 'utf8');
      return [JSON.parse(text) as Declared];
    } catch {
      return []; // being written, or made by an earlier version
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
