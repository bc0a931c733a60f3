import { type Problem, renderValue, valueAt } from './problems.ts';

export type Path = readonly (string | number)[];

/** A component as it stands in the file; its values may be anything. */
export interface RawComponent {
  readonly path: Path;
  readonly name: unknown;
  readonly machine: unknown;
  readonly ports: unknown;
}

/** Typed access to data that may have any shape. */
export class RawFile {
  readonly #data: unknown;

  constructor(data: unknown) {
    this.#data = data;
  }

  at(...path: Path): unknown {
    return valueAt(this.#data, path);
  }

  /** Paths of a list's entries; none if it is not a list. */
  entries(...path: Path): Path[] {
    const list = this.at(...path);
    return Array.isArray(list) ? list.map((_, index) => [...path, index]) : [];
  }

  component(path: Path): RawComponent {
    return {
      path,
      name: this.at(...path, 'name'),
      machine: this.at(...path, 'machine'),
      ports: this.at(...path, 'ports'),
    };
  }
}

/**
 * Reports each value that stands at an earlier path already.
 *
 * @param label names the owner of the earlier value
 * @param normalise makes values equal that clash
 */
export function duplicates(
  file: RawFile,
  paths: readonly Path[],
  what: string,
  label: (path: Path) => string,
  normalise = (value: unknown) => value,
): Problem[] {
  const first = new Map<unknown, Path>();
  return paths.flatMap((path) => {
    const value = file.at(...path);
    const earlier = first.get(normalise(value));
    if (value === undefined || value === null || earlier === undefined) {
      first.set(normalise(value), path);
      return [];
    }
    return [
      {
        path,
        expected: `a ${what} of its own`,
        seen: `${renderValue(value)}, which is ${label(earlier)}'s`,
      },
    ];
  });
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
