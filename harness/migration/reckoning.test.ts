import type { Transfer } from './clients.ts';
import { countTransfers, longestPause, type Place } from './reckoning.ts';

const transfer = (transactionId: string, times: number, block?: number): Transfer => ({
  transactionId,
  startedAt: 0,
  taken: Array.from({ length: times }, (_, at) => ({ orderer: 'orderer0', at })),
  ...(block === undefined ? {} : { committed: { at: 100 * block, block, code: 'VALID' } }),
});
const places = (all: Record<string, readonly Place[]>) => new Map(Object.entries(all));
const VALID = { block: 7, code: 0 };
const DUPLICATE = { block: 9, code: 9 };

it('counts an acknowledgement that no block answers for, and takes it for no loss once it came', () => {
  const seen = countTransfers(
    [transfer('once', 1, 7), transfer('again', 2, 7), transfer('late', 2, 7)],
    places({ once: [VALID], again: [VALID], late: [VALID, DUPLICATE] }),
  );
  expect(seen).toEqual({
    transfers: 3,
    committed: 3,
    lost: [{ transactionId: 'again', orderer: 'orderer0', at: 0 }],
    violations: [],
  });
});

it.each([
  ['a commit that is gone', transfer('x', 1, 7), [], 'was committed in block 7 and is not there'],
  ['a commit elsewhere', transfer('x', 1, 6), [VALID], 'was committed in block 6'],
  ['what is VALID twice', transfer('x', 2, 7), [VALID, VALID], 'is VALID 2 times'],
  ['what never came', transfer('x', 3), [], 'was sent 3 times and never came'],
])('rejects %s', (_, one, found, reason) => {
  expect(countTransfers([one], places({ x: found })).violations.join()).toContain(reason);
});

it('is content with what was never taken', () => {
  expect(countTransfers([transfer('x', 0)], places({})).violations).toEqual([]);
});

it('measures the longest time without a commit, the ends of the interval included', () => {
  const transfers = [transfer('a', 1, 2), transfer('b', 1, 3), transfer('c', 1, 9)];
  expect(longestPause(transfers, 150, 1000)).toBe(600);
  expect(longestPause(transfers, 350, 800)).toBe(450);
  expect(longestPause([], 0, 40)).toBe(40);
});
