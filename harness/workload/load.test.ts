import type { HistoryRecord } from './history.ts';
import { History } from './history-writer.ts';
import { pacer, prepareLoad, runLoad } from './load.ts';
import { bankProbe, probeOpenings, runProbes } from './probe.ts';
import { openings, type TransferProfile, transfers } from './profile.ts';
import { FakeClock, settled } from './testing/fake-clock.ts';
import { type Delay, FakeNetwork } from './testing/fake-network.ts';
import { completions, invocations, memoryHistory } from './testing/memory-history.ts';

interface Given {
  readonly profile: TransferProfile;
  readonly seed?: number;
  readonly delay?: Delay;
  readonly silent?: readonly string[];
}

/** Milliseconds that the set-up has; the load starts then. */
const SET_UP = 10_000;

/** Opens the accounts and runs the load for `duration` milliseconds. */
async function run({ profile, seed = 1, delay, silent = [] }: Given, duration: number) {
  const clock = new FakeClock();
  const network = new FakeNetwork(clock, delay);
  const { history, records } = memoryHistory(clock);
  const clients = network.clients(profile.clients);
  const opened = prepareLoad({ history, clock, timeout: SET_UP }, openings(profile), clients);
  await clock.advance(SET_UP);
  await opened;
  const total = network.total;
  records.length = 0;
  for (const orderer of silent) network.silent.add(orderer);
  const controller = new AbortController();
  const { signal } = controller;
  const done = runLoad({ profile, seed, clients, history, clock, signal });
  await clock.advance(duration);
  controller.abort();
  await clock.advance(profile.timeout + 1);
  return { counts: await done, records, network, total };
}

const byIntent = (records: readonly HistoryRecord[], intent: string) => {
  const operations = new Set(
    invocations(records)
      .filter((invocation) => invocation.intent === intent)
      .map(({ operation }) => operation),
  );
  return completions(records).filter(({ operation }) => operations.has(operation));
};

/** What each client asked for, in its order. */
const asked = (records: readonly HistoryRecord[]) => {
  const clients = new Map<string, string[]>();
  for (const { client, function: name, args, peers, kind } of invocations(records)) {
    const what = [name, ...args, kind === 'evaluate' ? peers[0] : ''].join(' ');
    clients.set(client, [...(clients.get(client) ?? []), what]);
  }
  return Object.fromEntries([...clients].sort());
};

const mixed = {
  clients: 4,
  amount: { least: 1, most: 5 },
  contention: 0.4,
  overdrafts: 0.1,
  doubleSpends: 0.1,
  moves: 0.1,
  reads: { share: 0.1, peers: ['peer0.org1', 'peer0.org2'] },
};

describe('a load', () => {
  it('without contention has no conflicts', async () => {
    const { counts, records } = await run({ profile: transfers({ clients: 4 }) }, 5_000);
    expect(counts).toEqual({ ok: 204, fail: 0, unknown: 0 });
    expect(completions(records).every(({ code }) => code === 'VALID')).toBe(true);
  });

  it('with contention has conflicts, and loses no money', async () => {
    const { counts, network, records, total } = await run({ profile: transfers(mixed) }, 20_000);
    const conflicts = byIntent(records, 'contended').filter(
      ({ code }) => code === 'MVCC_READ_CONFLICT',
    );
    expect(conflicts.length).toBeGreaterThan(10);
    expect(network.total).toBe(total);
    expect(counts.unknown).toBe(0);
    expect(counts.ok + counts.fail).toBe(completions(records).length);
  });

  it('has every overdraft refused by the chaincode', async () => {
    const { records } = await run({ profile: transfers(mixed) }, 20_000);
    const overdrafts = byIntent(records, 'overdraft');
    expect(overdrafts.length).toBeGreaterThan(10);
    for (const overdraft of overdrafts) {
      expect(overdraft).toMatchObject({ outcome: 'fail', refused: true });
    }
  });

  it('starts the halves of a double spend together, whatever the pace, and one of them wins', async () => {
    for (const profile of [transfers(mixed), transfers({ ...mixed, rate: 7 })]) {
      const delay = (client: string) => (client.endsWith('0') ? 90 : 140);
      const { records } = await run({ profile, delay }, 40_000);
      const spends = invocations(records).filter(({ intent }) => intent === 'double-spend');
      const halves = Map.groupBy(spends, ({ at, args }) => `${args[0]} at ${at}`);
      expect(halves.size).toBeGreaterThan(5);
      const ended = new Map(completions(records).map((end) => [end.operation, end]));
      for (const half of halves.values()) {
        expect(half).toHaveLength(2);
        const outcomes = half.map(({ operation }) => ended.get(operation)?.outcome);
        expect(outcomes.sort()).toEqual(['fail', 'ok']);
      }
    }
  });

  it('keeps one operation in flight for each client', async () => {
    const { network } = await run({ profile: transfers(mixed) }, 10_000);
    expect([...network.inFlight.values()].map(({ most }) => most)).toEqual([1, 1, 1, 1]);
  });

  it('asks the same of each client for the same seed, whatever the timing', async () => {
    const profile = transfers({ ...mixed, steps: 150 });
    const quick = await run({ profile, delay: () => 20 }, 200_000);
    const uneven = await run({ profile, delay: (name) => 10 + 97 * Number(name.at(-1)) }, 200_000);
    const other = await run({ profile, seed: 2, delay: () => 20 }, 200_000);
    expect(Object.keys(asked(quick.records))).toHaveLength(4);
    expect(asked(quick.records)).toEqual(asked(uneven.records));
    expect(asked(quick.records)).not.toEqual(asked(other.records));
    const order = (records: readonly HistoryRecord[]) =>
      invocations(records).map(({ client }) => client);
    expect(order(quick.records)).not.toEqual(order(uneven.records));
  });

  it('goes on as the same client after an operation that timed out', async () => {
    const profile = transfers({ clients: 2, timeout: 1_000 });
    const { counts, records } = await run({ profile, silent: ['orderer0'] }, 3_500);
    expect(counts).toEqual({ ok: 0, fail: 0, unknown: 8 });
    expect(invocations(records).map(({ client, at }) => [client, at - SET_UP])).toEqual(
      [0, 1_000, 2_000, 3_000].flatMap((at) => [
        ['org1-0', at],
        ['org2-1', at],
      ]),
    );
  });

  it('keeps a rate, and leaves out the slots in which a client was waiting', async () => {
    const profile = transfers({ clients: 4, rate: 8 });
    const { records } = await run({ profile }, 10_000);
    expect(invocations(records)).toHaveLength(81);
    const slow = await run({ profile, delay: () => 700 }, 10_000);
    expect(invocations(slow.records).length).toBeLessThanOrEqual(44);
  });

  it('ends when the signal aborts, after what is in flight; also at a rendezvous', async () => {
    const profile = transfers({ clients: 2, doubleSpends: 1 });
    const delay = (name: string) => (name === 'org1-0' ? 100 : 5_000);
    const { counts, records } = await run({ profile, delay }, 250);
    expect(counts.ok + counts.fail + counts.unknown).toBe(completions(records).length);
    expect(completions(records)).toHaveLength(invocations(records).length);
  });

  it('asks for clients that fit the profile', async () => {
    const clock = new FakeClock();
    const network = new FakeNetwork(clock);
    const { history } = memoryHistory(clock);
    const signal = AbortSignal.abort();
    const profile = transfers({ clients: 2 });
    const start = (clients: string[]) =>
      runLoad({
        ...{ profile, seed: 1, history, clock, signal },
        clients: clients.map((name) => network.client(name)),
      });
    await expect(start(['org1-0'])).rejects.toThrow('expected 2 clients with different names');
    await expect(start(['org1-0', 'org1-0'])).rejects.toThrow('got 2: org1-0');
    expect(await start(['org1-0', 'org2-0'])).toEqual({ ok: 0, fail: 0, unknown: 0 });
  });

  it('stops all clients when the history cannot be written', async () => {
    const clock = new FakeClock();
    let writes = 0;
    const history = new History(
      {
        write: () => {
          writes += 1;
          if (writes > 10) throw new Error('ENOSPC: no space left on device');
        },
        close: () => {},
      },
      clock,
    );
    const profile = transfers({ clients: 3 });
    const done = runLoad({
      ...{ profile, seed: 1, history, clock, signal: new AbortController().signal },
      clients: new FakeNetwork(clock).clients(3),
    });
    const rejected = expect(done).rejects.toThrow('ENOSPC');
    await clock.advance(60_000);
    await rejected;
    const before = writes;
    await clock.advance(60_000);
    expect(writes).toBe(before);
  });
});

describe('set-up', () => {
  it('names the opening that did not succeed', async () => {
    const clock = new FakeClock();
    const network = new FakeNetwork(clock);
    network.silent.add('orderer0');
    const { history } = memoryHistory(clock);
    const done = prepareLoad(
      { history, clock, timeout: 1_000 },
      openings(transfers({ clients: 2 })),
      network.clients(2),
    );
    const rejected = expect(done).rejects.toThrow(
      'set-up: openMany(x0-, 20, Load, 1000) by org1-0: expected ok, got unknown at an unknown stage: no answer within 1000 ms',
    );
    await clock.advance(2_000);
    await rejected;
  });

  it('opens nothing more once it is told to end', async () => {
    const clock = new FakeClock();
    const { history, records } = memoryHistory(clock);
    const profile = transfers({ clients: 1, accounts: 1_200 });
    const controller = new AbortController();
    const done = prepareLoad(
      { history, clock, timeout: 1_000 },
      openings(profile),
      new FakeNetwork(clock).clients(1),
      controller.signal,
    );
    await clock.advance(50);
    controller.abort();
    await clock.advance(1_000);
    await done;
    expect(completions(records)).toHaveLength(1);
  });
});

describe('pacer', () => {
  it('makes nothing up after a pause', async () => {
    const clock = new FakeClock();
    const next = pacer({ kind: 'rate', perSecond: 4 }, clock, 1, 2);
    expect([next(), next()]).toEqual([250, 750]);
    await clock.advance(2_300);
    expect([next(), next()]).toEqual([2_750, 3_250]);
  });

  it('leaves a gap in a closed loop', async () => {
    const clock = new FakeClock();
    const next = pacer({ kind: 'closed', gap: 10 }, clock, 0, 1);
    expect([next(), next()]).toEqual([0, 10]);
    await clock.advance(300);
    expect([next(), next()]).toEqual([300, 310]);
  });
});

describe('probes', () => {
  it('go through each orderer alone, so that a silent one hides nothing and stops nobody', async () => {
    const clock = new FakeClock();
    const network = new FakeNetwork(clock);
    const { history, records } = memoryHistory(clock);
    const orderers = ['orderer0', 'orderer1'];
    const clients = new Map(orderers.map((name) => [name, network.client(`probe-${name}`)]));
    const opened = prepareLoad({ history, clock, timeout: 1_000 }, probeOpenings('p-', orderers), [
      ...clients.values(),
    ]);
    await clock.advance(1_000);
    await opened;
    const total = network.total;
    records.length = 0;
    network.silent.add('orderer1');
    const controller = new AbortController();
    const { signal } = controller;
    const operation = (orderer: string, number: number) => bankProbe('p-', orderer, number);
    const done = runProbes({ clients, operation, timeout: 2_000, history, clock, signal });
    await clock.advance(9_999);
    network.silent.clear();
    await clock.advance(1_501);
    controller.abort();
    await settled();
    await clock.advance(2_000);
    await done;
    const times = (client: string) =>
      invocations(records)
        .filter((invocation) => invocation.client === client)
        .map(({ at }) => at - 1_000);
    expect(times('probe-orderer0')).toEqual(Array.from({ length: 24 }, (_, slot) => slot * 500));
    expect(times('probe-orderer1')).toEqual([
      ...[0, 2_000, 4_000, 6_000, 8_000],
      ...[10_000, 10_500, 11_000, 11_500],
    ]);
    expect(completions(records).filter(({ outcome }) => outcome === 'unknown')).toHaveLength(5);
    expect(invocations(records).every(({ intent }) => intent === 'probe')).toBe(true);
    expect(network.total).toBe(total);
    // The second round of the ten pairs gives back what the first one took.
    const probes = invocations(records).filter(({ client }) => client === 'probe-orderer0');
    expect([probes[0]?.args, probes[10]?.args]).toEqual([
      ['p-orderer0-0', 'p-orderer0-1', '1'],
      ['p-orderer0-1', 'p-orderer0-0', '1'],
    ]);
    expect(network.cells.get('p-orderer0-0')?.balance).toBe(1_000_000 - 1 + 1 - 1);
  });
});
