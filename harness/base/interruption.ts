/** A command that can be ended before its time, by its user or by another command. */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Ends it, and tells the user why; after the first time nothing. */
  end(why: string): void;
}
