import { PATIENCE, patience } from '../../fabric-client/patience.ts';

export { PATIENCE, patience, patient } from '../../fabric-client/patience.ts';

/** Rounds of the sample. They take an ordinary machine {@link ORDINARY_MS}. */
const ROUNDS = 3_000_000;
/** What an ordinary machine takes, ms: two cores of a server of 2023, of ten looks the fastest. */
const ORDINARY_MS = 5;
const LOOKS = 10;
/** Bounds of what is measured. Software emulation, the slowest seen, came to 15. */
const LEAST = 2;
const MOST = 20;

/**
 * How many times slower than an ordinary machine this one is, from the fastest of some looks, so that what else runs just
 * now counts little. In halves, at most 20; what is near an ordinary machine counts as one.
 *
 * @param sample runs the sample once, returns the milliseconds that it took
 */
export function measuredPatience(sample: () => number = timeOfSample): number {
  const fastest = Math.min(...Array.from({ length: LOOKS }, sample));
  const times = Math.min(MOST, Math.round((2 * fastest) / ORDINARY_MS) / 2);
  return times < LEAST ? 1 : times;
}

/** Sets the patience of this process and of all that it starts: as given, else as measured. */
export function settlePatience(given: number | undefined): void {
  process.env[PATIENCE] = String(given ?? measuredPatience());
}

/** For people: how long is waited here. */
export const patienceText = (): string =>
  patience() === 1
    ? 'every budget is that of an ordinary machine (HARNESS_PATIENCE=1)'
    : `every budget is ${patience()} times that of an ordinary machine (HARNESS_PATIENCE)`;

function timeOfSample(): number {
  const started = performance.now();
  let x = 1;
  for (let i = 0; i < ROUNDS; i += 1) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
  }
  // The result is needed for something, or the loop could be left out.
  return performance.now() - started + (x === 0 ? 1 : 0);
}
