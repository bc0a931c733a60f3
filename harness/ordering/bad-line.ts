/** A line that never belongs in a log. */
export interface BadLine {
  readonly pattern: RegExp;
  readonly meaning: string;
}
