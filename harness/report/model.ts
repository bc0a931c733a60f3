import type { ScenarioResult } from '../audit/result.ts';

/**
 * One result model; every reporter (HTML, JUnit, JSON, job summary, annotations, terminal) is a function of it.
 * It is written after each step, so that a report exists however a run ends.
 */

/** Folder below the run's that has the logs of a network that did not come up. */
export const BRING_UP_FOLDER = 'bring-up';

export interface RunResult {
  readonly schema: 2;
  /** Run id: time and a random suffix, e.g. `2026-11-24T13-20-00-k3f9`. */
  readonly id: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly seed: number;
  /** How the run ended. `running` in a file means that the process was killed. */
  readonly state: 'running' | 'completed' | 'interrupted' | 'failed';
  /**
   * Non-secret settings, e.g. `suite: pull-request`. As they were given, so that the run can be repeated: `topology`, and
   * of `harness test` where it was given them `scenarios` (files, one a line), `shard`, `chaincode` and its options, e.g.
   * `chaincodeName`.
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

export type { ExpectationResult } from '../audit/model.ts';
export type {
  ComponentState,
  LogExcerpt,
  ScenarioResult,
  ScenarioStatus,
} from '../audit/result.ts';
export type { FaultResult } from '../faults/result.ts';
export type {
  LoadResult,
  OutageResult,
  PhaseCounts,
  RecoveryResult,
} from '../workload/statistics/model.ts';
