import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { paths } from '../../audit/evidence.ts';
import { readJsonLines } from '../../base/files.ts';
import type { HistoryRecord } from '../../workload/history.ts';
import { FakeClock } from '../../workload/testing/fake-clock.ts';
import { memoryHistory } from '../../workload/testing/memory-history.ts';
import { fakeNetwork } from '../testing/fake-network.ts';
import { Observers } from './observers.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'observers-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Observes a channel with a block a second, for six seconds. */
async function observe(
  act: (network: ReturnType<typeof fakeNetwork>, second: number) => void,
  atEnd?: (
    network: ReturnType<typeof fakeNetwork>,
    observers: Observers,
    clock: FakeClock,
  ) => Promise<void>,
) {
  const clock = new FakeClock();
  const network = fakeNetwork(clock);
  await network.ledgers.create('c', ['bank']);
  const { history, records } = memoryHistory(clock);
  const seen = new Set<string>();
  const open = {
    committed: (ids: Iterable<string>) => {
      for (const id of ids) seen.add(id);
    },
  };
  const observers = new Observers(
    { network, clock },
    { channel: 'c', chaincode: 'bank' },
    folder,
    history,
    open,
  );
  const { ledger } = network.channel('c');
  for (let second = 1; second <= 6; second += 1) {
    act(network, second);
    ledger.submit('open', [`a${second}`, 'ann', '1'], { silent: true });
    ledger.cut();
    await clock.advance(1_000);
  }
  const begun = clock.now();
  await clock.drive(observers.heard());
  const ended = clock.now();
  await clock.drive(observers.stop());
  await atEnd?.(network, observers, clock);
  await clock.drive(observers.replay());
  const events = (of: typeof paths.replayedEvents, peer: string) => [
    ...readJsonLines<{ block: number; name: string }>(of(folder, 'c', peer)),
  ];
  const told = (peer: string) => [
    ...readJsonLines<{ block: number; at: number }>(paths.events(folder, 'c', peer)),
  ];
  return { records, seen, told, events, begun, ended };
}

const heights = (records: readonly HistoryRecord[], node: string) =>
  records.flatMap((r) => (r.type === 'height' && r.source === node ? [r.height] : []));

describe('observers of a channel', () => {
  it('take down the height of every node each second, and of one that is away nothing', async () => {
    const { records } = await observe((network, second) => {
      if (second === 3) network.fake.scale('orderer1', 0);
      if (second === 5) network.fake.scale('orderer1', 1);
    });
    expect(heights(records, 'orderer0')).toEqual([2, 2, 3, 4, 5, 6, 7]);
    expect(heights(records, 'orderer1')).toEqual([2, 2, 3, 6, 7]);
  });

  it.each([
    ['asked again until it says it', 2_000, 1],
    ['given up after ten seconds', 12_000, 0],
  ])('a node that does not say its height at the end is %s', async (_, awayMs, times) => {
    let before = 0;
    const { records } = await observe(
      () => {},
      async (network, observers, clock) => {
        network.fake.scale('orderer1', 0);
        before = clock.now();
        const asked = observers.sampleAll();
        await clock.advance(awayMs);
        network.fake.scale('orderer1', 1);
        await clock.drive(asked);
      },
    );
    const late = records.filter((r) => r.type === 'height' && r.at > before);
    const of = (node: string) => late.filter((r) => r.type === 'height' && r.source === node);
    expect(of('orderer1')).toHaveLength(times);
    expect(of('orderer0').length).toBeGreaterThan(1);
  });

  it('hear each block once from each peer, from one that was away after it is back', async () => {
    const { told, records, seen } = await observe((network, second) => {
      if (second === 2) network.fake.scale('peer1.org1', 0);
      if (second === 5) network.fake.scale('peer1.org1', 1);
    });
    const blocks = [0, 1, 2, 3, 4, 5, 6];
    expect(told('peer0.org1').map(({ block }) => block)).toEqual(blocks);
    expect(told('peer1.org1').map(({ block }) => block)).toEqual(blocks);
    const late = told('peer1.org1').filter(({ block }) => block >= 2 && block <= 4);
    expect(late.every(({ at }) => at >= 4_000)).toBe(true);
    expect(records.filter(({ type }) => type === 'trouble')).toEqual([]);
    expect(seen.size).toBeGreaterThanOrEqual(6);
  });

  it("hear the chaincode's events at each peer, and a second time at the end", async () => {
    const { events, records } = await observe((network, second) => {
      if (second === 2) network.fake.scale('peer1.org1', 0);
      if (second === 4) network.fake.scale('peer1.org1', 1);
      const { ledger } = network.channel('c');
      if (second === 3) ledger.submit('transfer', ['a1', 'a2', '1'], { silent: true });
    });
    for (const peer of ['peer0.org1', 'peer1.org1']) {
      for (const file of [paths.chaincodeEvents, paths.replayedEvents]) {
        expect(events(file, peer)).toMatchObject([{ block: 3, name: 'transfer' }]);
      }
    }
    expect(records.filter(({ type }) => type === 'trouble')).toEqual([]);
  });

  it('wait for a listener that has heard less than others, and not for ever', async () => {
    const begun = await observe((network, second) => {
      if (second === 4) network.behind('peer1.org1', 3);
      if (second === 5)
        network.channel('c').ledger.submit('transfer', ['a1', 'a2', '1'], { silent: true });
    });
    expect(begun.events(paths.chaincodeEvents, 'peer0.org1')).toHaveLength(1);
    expect(begun.events(paths.chaincodeEvents, 'peer1.org1')).toHaveLength(0);
    expect(begun.ended - begun.begun).toBeGreaterThanOrEqual(15_000);
  });

  it('ask for nothing again where the chaincode set no event', async () => {
    await observe(() => {});
    expect(existsSync(paths.chaincodeEvents(folder, 'c', 'peer0.org1'))).toBe(true);
    expect(existsSync(paths.replayedEvents(folder, 'c', 'peer0.org1'))).toBe(false);
  });
});
