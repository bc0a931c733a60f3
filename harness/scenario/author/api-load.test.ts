import { type Attempt, byStatus, improper, lost } from './api-load.ts';

const attempt = (status: number, more: Partial<Attempt> = {}): Attempt => ({
  at: 0,
  took: 10,
  status,
  transactionId: null,
  retryAfter: null,
  ...more,
});

describe('what clients of the API were told', () => {
  it('counts by status', () => {
    expect(byStatus([attempt(200), attempt(503), attempt(200)])).toEqual({ 200: 2, 503: 1 });
  });

  it('finds acknowledged transfers that the ledger lacks, and those acknowledged without an id', () => {
    const attempts = [
      attempt(200, { transactionId: 'a' }),
      attempt(200, { transactionId: 'b' }),
      attempt(200),
      attempt(504, { transactionId: 'c' }),
    ];
    expect(lost(attempts, new Set(['a']))).toEqual(['b', '?']);
  });

  it('allows success, conflicts, 503 with a delay and 504 with an id, and nothing else', () => {
    const proper = [
      attempt(200, { transactionId: 'a' }),
      attempt(409),
      attempt(503, { retryAfter: 1 }),
      attempt(504, { transactionId: 'b' }),
    ];
    const not = [attempt(0), attempt(500), attempt(503), attempt(504), attempt(401)];
    expect(improper([...proper, ...not])).toEqual(not);
  });
});
