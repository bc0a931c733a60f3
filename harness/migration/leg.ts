import type { Road } from './road.ts';

/** One step of a leg. Each passes over what has been done already, so that an interrupted leg can go on. */
export interface Step {
  readonly name: string;
  readonly title: string;
  /** The same on a network that the harness did not make: what its operators do, a line each. */
  readonly byHand: readonly string[];
  run(road: Road): Promise<void>;
}

/** A part of the way from Kafka to BFT, as Fabric documents it. */
export interface Leg {
  readonly name: string;
  /** From what to what. */
  readonly title: string;
  readonly steps: readonly Step[];
  /** The first and the last step between which no transaction is taken; absent where ordering goes on. */
  readonly stops?: readonly [string, string];
  /**
   * Whether the network can take it, or be on it already.
   *
   * @throws UsageError saying what is missing
   */
  check(road: Road): Promise<void>;
  /** What the proof of the leg adds to the transfers and the blocks: sentences. */
  prove?(road: Road): Promise<readonly string[]>;
  /**
   * Takes back what can be.
   *
   * @returns how the network is then
   * @throws UsageError when it has gone too far
   */
  abort(road: Road): Promise<string>;
}
