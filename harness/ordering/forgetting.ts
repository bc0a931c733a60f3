/** What an orderer has logged of a channel, in time. */
export interface LogLine {
  /** Milliseconds since the run started. */
  readonly at: number;
  /** Whom it takes for the leader from here on; '0' for nobody, absent where the line says nothing of it. */
  readonly leader?: string;
  /** It has put a block into its ledger, or has thrown away what it was about to. */
  readonly block?: 'written' | 'dropped';
}

/** An orderer's SUCCESS as a client was told it, in milliseconds since the run started. */
export interface Acknowledgement {
  readonly orderer: string;
  readonly at: number;
}

/**
 * When an ordering service may lose, without an error at anybody, what one of its orderers has acknowledged. Kafka never
 * does: SUCCESS says that the log has it. Where an acknowledged transaction is missing and nothing that was logged
 * explains it, it is lost.
 */
export interface Forgetting {
  /** What counts of an orderer's log; `undefined` of all other lines. */
  read(line: string, channel: string): Omit<LogLine, 'at'> | undefined;
  /**
   * Whether what was logged explains that an acknowledged transaction is missing.
   *
   * @param told by orderer, each in the order in which it was logged
   * @param withinMs longest that a disturbance may go unnoticed
   */
  explains(
    acknowledgement: Acknowledgement,
    told: ReadonlyMap<string, readonly LogLine[]>,
    withinMs: number,
  ): boolean;
}
