import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  type Attempt,
  apiTransfers,
  byStatus,
  improper,
  lost,
  notOnce,
  transferName,
} from './api-load.ts';
import { RestClient } from './rest-client.ts';

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

  it('finds transfers that happened twice, or not at all, or under two ids', () => {
    const told = (transfer: string, status: number, transactionId: string | null = null) =>
      attempt(status, { transfer, transactionId });
    const attempts = [
      told('once', 200, 'a'),
      told('once', 200, 'a'),
      told('open', 504, 'b'),
      told('twice', 200, 'c'),
      told('open twice', 0),
      told('lost', 503),
      told('lost', 200, 'd'),
      told('two ids', 200, 'e'),
      told('two ids', 200, 'f'),
    ];
    const transfers = new Map([
      ['once', 1],
      ['twice', 2],
      ['open twice', 2],
      ['two ids', 1],
      ['of others', 5],
    ]);
    expect(notOnce(attempts, { valid: new Set(), transfers })).toEqual([
      'twice: 2 in the ledger, acknowledged by 1 ids',
      'open twice: 2 in the ledger, acknowledged by 0 ids',
      'lost: 0 in the ledger, acknowledged by 1 ids',
      'two ids: 1 in the ledger, acknowledged by 2 ids',
    ]);
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

describe('the load', () => {
  it('repeats with the same key, and asks for nothing twice with different ones', async () => {
    const requests: { key: string; transfer: string }[] = [];
    const ending = new AbortController();
    const server = createServer(async (request: IncomingMessage, response) => {
      const { args } = JSON.parse(await text(request)) as { args: string[] };
      const key = String(request.headers['idempotency-key']);
      requests.push({ key, transfer: transferName(args) });
      if (requests.length > 20) ending.abort();
      // The first request of all has no answer, the second an open one.
      if (requests.length === 1) return void response.destroy();
      response.statusCode = requests.length === 2 ? 504 : 200;
      response.end(key);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const api = new RestClient(`http://127.0.0.1:${port}`);
    const attempts = await apiTransfers({
      api,
      tokens: ['one'],
      channel: 'mychannel',
      accountsOf: () => ['x', 'y'],
      signal: ending.signal,
      twiceEach: 5,
      persistMs: 5_000,
    });
    api.close();
    await new Promise((resolve) => server.close(resolve));
    expect(attempts.slice(0, 3).map(({ status }) => status)).toEqual([0, 504, 200]);
    const keys = new Map<string, Set<string>>();
    for (const { key, transfer } of requests) {
      keys.set(transfer, (keys.get(transfer) ?? new Set()).add(key));
    }
    expect([...keys.values()].every(({ size }) => size === 1)).toBe(true);
    const times = (transfer: string) => requests.filter((one) => one.transfer === transfer).length;
    expect(['x y 1', 'y x 2', 'x y 5', 'y x 10'].map(times)).toEqual([3, 1, 2, 2]);
  });
});
