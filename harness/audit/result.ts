import type { FaultResult } from '../faults/result.ts';
import type { LoadResult, RecoveryResult } from '../workload/statistics/model.ts';
import type { AuditResult, ExpectationResult } from './model.ts';

/** The whole result of a scenario: what the judge makes of its evidence. */

/**
 * `flaky`: a scenario that both passed and failed under the same seed and versions, now and in an earlier run of the same
 * reports folder; it is a state of its own, and no pass.
 */
export type ScenarioStatus =
  | 'passed'
  | 'failed'
  | 'flaky'
  | 'interrupted'
  | 'timed-out'
  | 'not-run';

export interface ScenarioResult {
  readonly name: string;
  /** Folder below the run's: history, blocks, state, logs. */
  readonly folder: string;
  /** Source file, absolute, and line; reports show it relative to where their reader is. */
  readonly file: string;
  readonly line: number;
  readonly suite: string;
  readonly status: ScenarioStatus;
  readonly channel: string;
  /** Milliseconds since the run started. */
  readonly startedAt: number;
  /** Milliseconds until its evidence was complete. */
  readonly duration: number;
  readonly faults: readonly FaultResult[];
  readonly expectations: readonly ExpectationResult[];
  /** `null` where there is no ledger to audit. */
  readonly audit: AuditResult | null;
  readonly recovery: readonly RecoveryResult[];
  /** What the clients of the load were made with; absent where there was no load. */
  readonly client?: string;
  readonly load: LoadResult;
  /** One line each; the first is the headline. */
  readonly problems: readonly string[];
  /** Log lines around the first anomaly. */
  readonly excerpts: readonly LogExcerpt[];
  /** Changes of components' states as measured; without it the timeline shows what the faults imply. */
  readonly states?: readonly ComponentState[];
}

export interface LogExcerpt {
  readonly component: string;
  readonly lines: readonly string[];
  /** The complete log, relative to the run's folder. */
  readonly file?: string;
  /** Index in `lines` of the line that was found. */
  readonly anomaly?: number;
}

/** From `at` on, until the component's next entry. */
export interface ComponentState {
  readonly component: string;
  /** Milliseconds since the run started. */
  readonly at: number;
  readonly state: 'up' | 'down' | 'frozen' | 'isolated' | 'degraded' | 'recovering';
}
