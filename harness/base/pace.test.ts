import { Pace } from './pace.ts';

describe('a pace', () => {
  it('makes all who take wait until what was taken fits the rate', async () => {
    const waits: number[] = [];
    let now = 0;
    const pace = new Pace(
      100,
      () => now,
      async (ms) => waits.push(ms),
    );
    await pace.take(50);
    await pace.take(50);
    expect(waits).toEqual([500, 1_000]);
    now = 5_000;
    await pace.take(10);
    expect(waits.at(-1)).toBe(100);
  });
});
