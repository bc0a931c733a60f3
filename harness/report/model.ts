import type { AuditResult } from '../audit/model.ts';
import type { LoadResult, RecoveryResult } from '../workload/statistics/model.ts';

/**
 * One result model; every reporter (HTML, JUnit, JSON, job summary, annotations, terminal) is a function of it.
 * It is written after each step, so that a report exists however a run ends.
 */

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

/** Folder below the run's that has the logs of a network that did not come up. */
export const BRING_UP_FOLDER = 'bring-up';

export interface RunResult {
  readonly schema: 1;
  /** Run id: time and a random suffix, e.g. `2026-11-24T13-20-00-k3f9`. */
  readonly id: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly seed: number;
  /** How the run ended. `running` in a file means that the process was killed. */
  readonly state: 'running' | 'completed' | 'interrupted' | 'failed';
  /**
   * Non-secret settings, e.g. `suite: pull-request`. As they were given, so that the run can be repeated: `topology`, and
   * of `harness test` where it was given them `scenarios` (files, one a line), `chaincode` and `chaincodeName`.
   */
  readonly settings: Readonly<Record<string, string>>;
  /** Component kinds and what served them, e.g. `couchdb: PouchDB-based compatible server`. */
  readonly versions: Readonly<Record<string, string>>;
  readonly network: NetworkDescription;
  readonly scenarios: readonly ScenarioResult[];
  /** Failures outside any scenario, e.g. the network did not come up. */
  readonly problems: readonly string[];
}

export interface NetworkDescription {
  readonly name: string;
  readonly topology: string;
  readonly machines: readonly { readonly number: number; readonly components: readonly string[] }[];
  /** Seconds by step of the bring-up, in order. */
  readonly steps: readonly { readonly step: string; readonly seconds: number }[];
  /** Seconds from the start of the bring-up to the first committed transfer, images apart. */
  readonly start?: number;
}

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
  readonly duration: number;
  readonly faults: readonly FaultResult[];
  readonly expectations: readonly ExpectationResult[];
  readonly audit: AuditResult | null;
  readonly recovery: readonly RecoveryResult[];
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

export interface FaultResult {
  readonly kind: string;
  readonly role: string;
  readonly targets: readonly string[];
  readonly machine?: number;
  /** Milliseconds since the run started. */
  readonly injectedAt: number;
  /** When its effect was measured. */
  readonly verifiedAt?: number;
  readonly healedAt: number | null;
  /** When the absence of its effect was measured. */
  readonly healVerifiedAt?: number;
  readonly confirmation: 'confirmed' | 'not-confirmed' | 'inconclusive';
  readonly evidence: string;
}

export interface ExpectationResult {
  readonly name: string;
  readonly met: boolean;
  readonly expected: string;
  readonly seen: string;
}

export type {
  LoadResult,
  OutageResult,
  PhaseCounts,
  RecoveryResult,
} from '../workload/statistics/model.ts';
