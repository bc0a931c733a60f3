import type { z } from 'zod';

/** One thing that is wrong with a topology file. */
export interface TopologyProblem {
  readonly file: string;
  /** From 1; the line of the value, or of the object that lacks it. */
  readonly line: number;
  /** E.g. `kafka.brokers[2].id`; empty for the whole document. */
  readonly keyPath: string;
  readonly expected: string;
  readonly seen: string;
}

/** A problem before it has been given its place in the file. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly seen: string;
}

/** Thrown when a topology file cannot be used; carries every problem found, in the order of the file. */
export class TopologyError extends Error {
  override readonly name = 'TopologyError';
  /** Wrong input, nothing was started. */
  readonly exitCode = 2;
  readonly problems: readonly TopologyProblem[];

  constructor(file: string, problems: readonly TopologyProblem[]) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    const lines = problems.map(
      (problem) =>
        `  ${problem.file}:${problem.line}: ${problem.keyPath || '(document)'}: ` +
        `expected ${problem.expected}, saw ${problem.seen}`,
    );
    super([`Topology ${file}: ${count}, nothing was started`, ...lines].join('\n'));
    this.problems = problems;
  }
}

/** Renders a path as a user would write it: `organisations[0].peers[1].couchdb`. */
export function renderPath(path: readonly (string | number)[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') {
      return `${text}[${key}]`;
    }
    return text === '' ? key : `${text}.${key}`;
  }, '');
}

/** Renders a value for an error message, at most 60 characters. */
export function renderValue(value: unknown): string {
  if (value === undefined) {
    return 'nothing';
  }
  if (value === null) {
    return 'an empty value';
  }
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

/** The value at a path of plain data, or `undefined`. */
export function valueAt(data: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null
        ? (value as Record<string | number, unknown>)[key]
        : undefined,
    data,
  );
}

/**
 * Turns zod's issues into findings that name what was expected and what stands there.
 *
 * @param keysAt the keys that may stand in the mapping at a path
 */
export function findingsOf(
  error: z.ZodError,
  data: unknown,
  keysAt: (path: readonly (string | number)[]) => readonly string[],
): Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    const path = issue.path.filter((key) => typeof key !== 'symbol');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: [...path, key],
        expected: `one of the keys ${keysAt(path).join(', ')}`,
        seen: `unknown key ${JSON.stringify(key)}`,
      }));
    }
    return [{ path, expected: expectationOf(issue), seen: renderValue(valueAt(data, path)) }];
  });
}

function expectationOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.map((value) => JSON.stringify(value)).join(' or ');
    case 'too_small': {
      const unit = issue.origin === 'array' ? ' entry' : '';
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unit}`;
    }
    case 'too_big':
      return `at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
    default:
      return issue.message;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'an integer',
  number: 'an integer',
  object: 'a mapping',
  string: 'a text',
};
