import { FabricError } from './errors.ts';
import { until } from './until.ts';

const options = { subject: 'orderer1', expected: 'ready', retry: () => true, everyMs: 1 };

it('tries until it succeeds', async () => {
  let tries = 0;
  const attempt = async () => {
    if (++tries < 3) throw new Error('not yet');
    return tries;
  };
  expect(await until({ ...options, budgetMs: 5_000, attempt })).toBe(3);
});

it('passes on an error that will not go away', async () => {
  const attempt = () => Promise.reject(new Error('forbidden'));
  const tried = until({ ...options, budgetMs: 5_000, attempt, retry: () => false });
  await expect(tried).rejects.toThrow('forbidden');
});

it('says at the deadline what was seen, and where to look', async () => {
  const attempt = () => Promise.reject(new Error('not yet'));
  const tried = until({ ...options, budgetMs: 20, attempt, look: 'its log' });
  const error = await tried.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(FabricError);
  expect((error as FabricError).message).toBe(
    'orderer1: expected ready, got not yet (budget 20 ms); see its log',
  );
});

it('keeps what it saw before the deadline cut an attempt short', async () => {
  let clock = 0;
  const seen = ['status NOT_FOUND', 'cut short'];
  const attempt = () => {
    clock += 1_500;
    return Promise.reject(new Error(seen.shift() ?? 'asked once more than there was time for'));
  };
  const tried = until({ ...options, budgetMs: 2_000, attempt, now: () => clock });
  await expect(tried).rejects.toThrow('got status NOT_FOUND');
  expect(seen).toEqual([]);
});
