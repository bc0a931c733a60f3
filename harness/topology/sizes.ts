import type { Problem } from './problems.ts';
import type { Path, RawFile } from './raw-file.ts';
import { parseSize } from './values.ts';

/** A size of the file, where it stands; without a value it is of another type, or not there. */
export interface SizeAt {
  readonly path: Path;
  readonly value: number | undefined;
}

export const sizeAt = (file: RawFile, path: Path): SizeAt => ({
  path,
  value: parseSize(file.at(...path)),
});

/** Reports each size that is not as much smaller than another as it must be. */
export function inOrder(
  rules: readonly (readonly [
    smaller: SizeAt,
    relation: 'at most' | 'less than',
    greater: SizeAt,
  ])[],
): Problem[] {
  return rules.flatMap(([smaller, relation, greater]) => {
    if (smaller.value === undefined || greater.value === undefined) {
      return [];
    }
    const holds =
      relation === 'less than' ? smaller.value < greater.value : smaller.value <= greater.value;
    return holds
      ? []
      : [
          {
            path: smaller.path,
            expected: `${relation} ${greater.path.at(-1)} (${greater.value} bytes)`,
            seen: `${smaller.value} bytes`,
          },
        ];
  });
}
