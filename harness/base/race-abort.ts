/**
 * Stops waiting for work that cannot be interrupted inside every library call. Whoever calls removes what it was
 * working on, or leaves it to the end of the process.
 *
 * @throws the signal's reason when it aborts first
 */
export async function raceAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => undefined); // after an abort its failure is a consequence
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
