import { RunClock } from './clock.ts';
import { FakeClock } from './testing/fake-clock.ts';

describe('RunClock', () => {
  it('counts from its origin and does not go back', () => {
    const clock = new RunClock(performance.now() - 1_000);
    const first = clock.now();
    expect(first).toBeGreaterThanOrEqual(1_000);
    expect(clock.now()).toBeGreaterThanOrEqual(first);
  });

  it('waits until a deadline, never less', async () => {
    const clock = new RunClock();
    const deadline = clock.now() + 5;
    expect(await clock.until(deadline)).toBe(true);
    expect(clock.now()).toBeGreaterThanOrEqual(deadline);
    expect(await clock.until(deadline)).toBe(true);
  });

  it('stops waiting when aborted, also when that was before', async () => {
    const clock = new RunClock();
    const controller = new AbortController();
    const waiting = clock.until(clock.now() + 60_000, controller.signal);
    controller.abort();
    expect(await waiting).toBe(false);
    expect(await clock.until(clock.now() + 60_000, controller.signal)).toBe(false);
    expect(await clock.until(0, controller.signal)).toBe(false);
  });
});

describe('FakeClock', () => {
  it('wakes in the order of deadlines, each at its time', async () => {
    const clock = new FakeClock();
    const seen: [string, number][] = [];
    const wait = async (name: string, at: number) => {
      await clock.until(at);
      seen.push([name, clock.now()]);
      if (name === 'a') await wait('then', at + 5);
    };
    const all = Promise.all([wait('b', 20), wait('a', 10)]);
    await clock.advance(30);
    await all;
    expect(seen).toEqual([
      ['a', 10],
      ['then', 15],
      ['b', 20],
    ]);
    expect(clock.now()).toBe(30);
  });
});
