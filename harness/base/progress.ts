/** Where a long piece of work tells what it does. */
export interface Progress {
  /** One line that is not a step, e.g. that an engine is being installed. */
  say(line: string): void;
  /**
   * Runs a step and records its time.
   *
   * @param title what, in a few words
   * @param where machine or component, if it is about one
   */
  step<T>(
    title: string,
    work: (detail: (text: string) => void) => Promise<T>,
    where?: string,
  ): Promise<T>;
}

/** A finished step; seconds are from the start of the command and of the step itself. */
export interface StepRecord {
  readonly step: string;
  readonly where: string;
  readonly startedAt: number;
  readonly seconds: number;
}

/**
 * A progress that keeps the times and hands each event on.
 *
 * @param now seconds since the command started
 */
export function recordingProgress(
  now: () => number,
  on: {
    say(line: string): void;
    begin(title: string, where: string): void;
    detail(title: string, text: string): void;
    end(record: StepRecord, error?: unknown): void;
  },
): Progress & { readonly steps: readonly StepRecord[] } {
  const steps: StepRecord[] = [];
  return {
    steps,
    say: on.say,
    async step(title, work, where = '') {
      const startedAt = now();
      on.begin(title, where);
      const finish = (error?: unknown) => {
        const record = { step: title, where, startedAt, seconds: now() - startedAt };
        steps.push(record);
        on.end(record, error);
      };
      try {
        const result = await work((text) => on.detail(title, text));
        finish();
        return result;
      } catch (error) {
        finish(error);
        throw error;
      }
    },
  };
}
