/** One prerequisite, or one fact about what can be done here. */
export interface Diagnosis {
  readonly subject: string;
  /**
   * `missing` stops a run; `limited` means that something is done another way or not at all; `unknown`, that only an
   * engine could tell and none answers.
   */
  readonly state: 'ok' | 'limited' | 'missing' | 'unknown';
  readonly found: string;
  readonly needed: string;
  /** What to do; empty when there is nothing to do. */
  readonly fix: string;
}
