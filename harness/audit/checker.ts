import type { RecordedHistory } from '../workload/history-index.ts';
import type { Announcement, EventFeed } from './event-feed.ts';
import type { CheckDefinition } from './findings.ts';
import type { Height, SourceProblem } from './lockstep.ts';
import type { CheckResult } from './model.ts';
import type { ChannelFacts, Recording, ScenarioFacts } from './recording.ts';
import type { AppliedBlock, Replay } from './replay.ts';
import type { TransactionIndex } from './transaction-index.ts';
import type { Validation } from './validation/validation.ts';

/** What a check of one channel may look at. All of it is already in memory or streamed by the driver. */
export interface ChannelContext {
  readonly channel: string;
  readonly scenario: ScenarioFacts;
  readonly facts: ChannelFacts;
  readonly history: RecordedHistory;
  readonly recording: Recording;
  /** Names of the sources whose blocks were recorded. */
  readonly sources: readonly string[];
  /** World state after the height that was last given. */
  readonly replay: Replay;
  readonly transactions: TransactionIndex;
  readonly events: EventFeed;
  /** What a peer's validation comes to; blocks are only given to it where a check `validates`. */
  readonly validation: Validation;
  /** Grows while the blocks are walked. */
  readonly problems: readonly SourceProblem[];
}

/** A check while it walks one channel's blocks, in order of their numbers. */
export interface ChannelChecker {
  /**
   * @param height - all copies of the next block
   * @param applied - what replaying it did
   * @param announced - events of blocks up to this one that have not been given before
   */
  height?(height: Height, applied: AppliedBlock, announced: readonly Announcement[]): void;
  finish(): CheckResult;
}

export interface ChannelCheck {
  readonly definition: CheckDefinition;
  readonly scope: 'channel';
  /** Needs signatures to be verified and codes to be derived. */
  readonly validates?: true;
  create(context: ChannelContext): ChannelChecker;
}

/** A check that looks at the run as a whole. */
export interface RunCheck {
  readonly definition: CheckDefinition;
  readonly scope: 'run';
  run(recording: Recording, history: RecordedHistory): CheckResult;
}

export type Check = ChannelCheck | RunCheck;
