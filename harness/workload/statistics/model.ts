/** Results of a load, structurally those of the report's model. Times in milliseconds since the run started. */

export interface PhaseCounts {
  readonly ok: number;
  readonly fail: number;
  readonly unknown: number;
}

export interface LoadBucket extends PhaseCounts {
  /** Start of the second. */
  readonly at: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

export interface BlockSeen {
  readonly at: number;
  readonly number: number;
  readonly transactions: number;
}

export interface LoadResult {
  readonly before: PhaseCounts;
  readonly during: PhaseCounts;
  readonly after: PhaseCounts;
  readonly backlogDrain: number | null;
  readonly series: readonly LoadBucket[];
  readonly blocks: readonly BlockSeen[];
}

export interface RecoveryResult {
  readonly orderer: string;
  /** `null`: not within the budget. */
  readonly firstCommit: number | null;
  readonly budget: number;
}
