/**
 * Errors that the user can mend. The command line prints their problems, one line each, and exits with `exitCode`;
 * anything else that is thrown is a defect or a failed run and exits with 1.
 */
export class UsageError extends Error {
  readonly exitCode = 2;
  /**
   * @param problems what is wrong, one sentence each: where, what was expected, what was seen
   */
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'UsageError';
    this.problems = problems;
  }
}

/** A condition did not come true within its budget. */
export class DeadlineError extends Error {
  /**
   * @param subject what was waited for, e.g. a component's name
   * @param budgetMs how long it was given, in milliseconds
   * @param lookAt a file or command that tells more
   */
  constructor(subject: string, expected: string, seen: string, budgetMs: number, lookAt?: string) {
    super(
      `${subject}: expected ${expected} within ${(budgetMs / 1000).toFixed(1)} s, last seen: ${seen}` +
        (lookAt ? `; look at ${lookAt}` : ''),
    );
    this.name = 'DeadlineError';
  }
}

/** The text of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
