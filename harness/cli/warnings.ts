/**
 * Keeps one kind of Node's warnings off the terminal; a process that is already running cannot be given
 * `--disable-warning` any more.
 *
 * @param name as in `--disable-warning`, e.g. `TimeoutNegativeWarning`
 * @param target the process, or what stands for it in a test
 */
export function silenceWarning(
  name: string,
  target: { emitWarning: (typeof process)['emitWarning'] } = process,
): void {
  const emit = target.emitWarning.bind(target) as (...args: unknown[]) => void;
  target.emitWarning = (...args: unknown[]) => {
    const [warning, type] = args;
    const named = warning instanceof Error ? warning.name : type;
    if (named !== name) emit(...args);
  };
}
