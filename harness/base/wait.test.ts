import { waitFor } from './wait.ts';

const options = { subject: 'orderer0', expected: 'a block 0', budgetMs: 40, intervalMs: 1 };

describe('waitFor', () => {
  it('returns the first value that is not undefined', async () => {
    let tries = 0;
    expect(
      await waitFor({ ...options, budgetMs: 60_000 }, () => (++tries < 3 ? undefined : tries)),
    ).toBe(3);
  });

  it('counts a throwing try as not yet, and shows its message at the deadline', async () => {
    const failing = waitFor({ ...options, lookAt: 'x.log' }, () => {
      throw new Error('SERVICE_UNAVAILABLE');
    });
    await expect(failing).rejects.toThrow(
      'orderer0: expected a block 0 within 0.0 s, last seen: SERVICE_UNAVAILABLE; look at x.log',
    );
  });

  it('stops when its signal aborts', async () => {
    const controller = new AbortController();
    const waiting = waitFor({ ...options, budgetMs: 60_000, signal: controller.signal }, () => {
      controller.abort(new Error('interrupted'));
      return undefined;
    });
    await expect(waiting).rejects.toThrow(/interrupted|aborted/);
  });
});

it('waits by another clock if it is given one', async () => {
  let now = 1_000;
  const asked: number[] = [];
  const clock = {
    now: () => now,
    until: async (deadline: number) => {
      now = deadline;
      asked.push(now);
    },
  };
  const waiting = waitFor({ ...options, budgetMs: 900, intervalMs: 300, clock }, () => undefined);
  await expect(waiting).rejects.toThrow('within 0.9 s');
  expect(asked).toEqual([1_300, 1_600, 1_900]);
});
