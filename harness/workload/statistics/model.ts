/** What a load gave, as reports have it too. Times in milliseconds since the run started. */

/** What clients were told, in five columns. */
export interface PhaseCounts {
  readonly ok: number;
  /** By the chaincode, as whoever asked had announced. */
  readonly refused: number;
  /** By the chaincode, and nothing had announced it. */
  readonly refusedUnexpectedly: number;
  /** By the network, or committed as invalid. */
  readonly fail: number;
  readonly unknown: number;
}

/** One bucket a second: operations completed and latency quantiles in ms of those that were ok. */
export interface LoadBucket {
  /** Start of the second. */
  readonly at: number;
  readonly ok: number;
  /** Refused or failed. */
  readonly fail: number;
  readonly unknown: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** A block as seen by one peer: time and number of transactions. */
export interface BlockSeen {
  readonly at: number;
  readonly number: number;
  readonly transactions: number;
}

/** One fault, or several that overlapped, and what clients were told around it. */
export interface OutageResult {
  /** Numbers of the faults, from 1 in the order of the scenario's `faults`. */
  readonly faults: readonly number[];
  /** First injection and last order to heal; `null` if never healed. */
  readonly from: number;
  readonly to: number | null;
  readonly during: PhaseCounts;
  readonly recovering: PhaseCounts;
  readonly after: PhaseCounts;
  /** Milliseconds from heal until nothing was pending that was then; `null` if that never came. */
  readonly backlogDrain: number | null;
  /** What the scenario allows for it; `null` if it says nothing. */
  readonly backlogBudget: number | null;
}

/** Phases are defined in `outages.ts`. */
export interface LoadResult {
  readonly before: PhaseCounts;
  readonly during: PhaseCounts;
  readonly recovering: PhaseCounts;
  readonly after: PhaseCounts;
  readonly outages: readonly OutageResult[];
  /** The longest of all outages. */
  readonly backlogDrain: number | null;
  readonly series: readonly LoadBucket[];
  readonly blocks: readonly BlockSeen[];
}

/** Heal → first VALID commit through each orderer separately; one for each outage and orderer. */
export interface RecoveryResult {
  /** Numbers of the faults, from 1 in the order of `faults`; several if they overlapped, then from the last heal on. */
  readonly faults: readonly number[];
  readonly healedAt: number;
  readonly orderer: string;
  /** Milliseconds; `null` if it never recovered within the budget. */
  readonly firstCommit: number | null;
  readonly budget: number;
}
