import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** A repeatable stream of choices. */
export interface Random {
  /** Uniform over the integers from `least` to `most`, both included. */
  integer(least: number, most: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** Uniform from 0 (included) to 1 (excluded). */
  fraction(): number;
  /** One of `items`, each equally likely. @throws RangeError if there is none */
  pick<T>(items: readonly T[]): T;
}

/**
 * The stream named `label` of a run's seed: xoroshiro128+ (pure-rand), whose 128 bits of state are the start of
 * SHA-256 over seed and label. Streams of different labels are independent, so that what one client draws does not
 * depend on when another draws.
 */
export function randomStream(seed: number, label: string): Random {
  const digest = createHash('sha256').update(`${seed}/${label}`).digest();
  const state = [0, 4, 8, 12].map((offset) => digest.readInt32BE(offset));
  const generator = xoroshiro128plusFromState(state);
  const random: Random = {
    integer: (least, most) => uniformInt(generator, least, most),
    fraction: () => uniformFloat64(generator),
    chance: (probability) => uniformFloat64(generator) < probability,
    pick: (items) => {
      if (items.length === 0) throw new RangeError('pick: expected at least one item, got none');
      return items[random.integer(0, items.length - 1)] as (typeof items)[number];
    },
  };
  return random;
}
