import { expectationsOn } from './definition.ts';
import { endures } from './endurance.ts';

it('expects of each ordering service what it owes under a fault', () => {
  const expected = endures('an orderer crashes', { recovery: 30_000 });
  expect(expectationsOn(expected, 'kafka')).toEqual({
    recovery: 30_000,
    ok: { before: 0.95, during: 0.8, after: 0.8 },
  });
  expect(expectationsOn(expected, 'raft')).toEqual({
    recovery: 30_000,
    ok: { before: 0.95, after: 0.8 },
  });
});

it('demands that writes are refused where too few are left, and keeps what one service has of its own', () => {
  const expected = endures('too few are left', {
    recovery: 60_000,
    on: { bft: { recovery: 120_000 } },
  });
  expect(expectationsOn(expected, 'raft')).toMatchObject({ recovery: 60_000, mostOkDuring: 0 });
  expect(expectationsOn(expected, 'bft')).toMatchObject({ recovery: 120_000, mostOkDuring: 0 });
});
