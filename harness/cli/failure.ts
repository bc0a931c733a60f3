import { messageOf, UsageError } from '../base/errors.ts';

/** What a failed command tells: lines for standard error, and its exit code. */
export interface Failure {
  readonly lines: readonly string[];
  readonly exitCode: number;
}

/**
 * What went wrong, in a form that fits who can mend it. Exit codes: 1 failed, 2 wrong input, 130 interrupted; 0 for the
 * "errors" by which commander ends after help and version.
 *
 * @param debug show the stack of what nobody foresaw
 */
export function failureOf(error: unknown, debug = false): Failure {
  const known = error as { code?: unknown; exitCode?: unknown; name?: unknown } | null | undefined;
  // Commander has printed its own message. A DOMException's code is a number.
  if (typeof known?.code === 'string' && known.code.startsWith('commander.')) {
    return { lines: [], exitCode: known.exitCode === 0 ? 0 : 2 };
  }
  if (error instanceof UsageError) {
    return {
      lines: error.problems.map((problem) => `harness: ${problem}`),
      exitCode: error.exitCode,
    };
  }
  if (typeof known?.exitCode === 'number') {
    return { lines: [`harness: ${messageOf(error)}`], exitCode: known.exitCode };
  }
  if (known?.name === 'AbortError') return { lines: ['harness: interrupted'], exitCode: 130 };
  const text = debug && error instanceof Error ? error.stack : messageOf(error);
  return { lines: [`harness: ${text}`], exitCode: 1 };
}
