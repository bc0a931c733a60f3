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

/** One fault, or several that overlapped. */
export interface OutageResult {
  /** Numbers of the faults, from 1 in the order of the scenario. */
  readonly faults: readonly number[];
  readonly from: number;
  readonly to: number | null;
  readonly during: PhaseCounts;
  readonly recovering: PhaseCounts;
  readonly after: PhaseCounts;
  readonly backlogDrain: number | null;
  readonly backlogBudget: number | null;
}

export interface LoadResult {
  readonly before: PhaseCounts;
  readonly during: PhaseCounts;
  readonly recovering: PhaseCounts;
  readonly after: PhaseCounts;
  readonly outages: readonly OutageResult[];
  readonly backlogDrain: number | null;
  readonly series: readonly LoadBucket[];
  readonly blocks: readonly BlockSeen[];
}

export interface RecoveryResult {
  /** Numbers of the faults, from 1 in the order of the scenario; several if they overlapped. */
  readonly faults: readonly number[];
  readonly healedAt: number;
  readonly orderer: string;
  /** `null`: not within the budget. */
  readonly firstCommit: number | null;
  readonly budget: number;
}
