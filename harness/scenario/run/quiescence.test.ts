import type { OpenCount } from './open-transactions.ts';
import { untilStill } from './quiescence.ts';

/** What is seen at one look; a look takes 100 ms of the test's clock. */
interface Look {
  readonly heights: Readonly<Record<string, number | undefined>>;
  readonly open?: Partial<OpenCount>;
  /** States of the components; an Error where nothing could be ordered. */
  readonly components?: string | Error;
}

const level = (height: number) => ({ orderer0: height, 'peer0.org1': height });

/** Waits on a script of looks; after the last one the run is aborted. */
function wait(looks: readonly Look[]) {
  let at = -1;
  const look = () => looks[at] as Look;
  const controller = new AbortController();
  const result = untilStill(
    {
      heights: async () => {
        at += 1;
        if (at >= looks.length) controller.abort(new Error('the script has ended'));
        controller.signal.throwIfAborted();
        return new Map(Object.entries(look().heights));
      },
      open: () => ({ all: 0, acknowledged: 0, ...look().open }),
      components: async () => {
        const { components = 'all run' } = look();
        if (components instanceof Error) throw components;
        return components;
      },
    },
    {
      subject: 'channel c',
      budgetMs: 60_000,
      calmMs: { unacknowledged: 200, acknowledged: 400 },
      intervalMs: 0,
      signal: controller.signal,
      clock: { now: () => at * 100, until: async () => {} },
    },
  );
  return result.then((height) => ({ height, looks: at + 1 }));
}

describe('a network', () => {
  it('is still when all heights are equal twice and nothing is open', async () => {
    const looks = [
      { heights: { orderer0: 5, 'peer0.org1': 4 } },
      { heights: level(5) },
      { heights: level(6) },
      { heights: level(6) },
    ];
    expect(await wait(looks)).toEqual({ height: 6, looks: 4 });
  });

  it('is not still while a node does not say its height', async () => {
    const silent = { heights: { orderer0: undefined, 'peer0.org1': undefined } };
    await expect(wait([silent, silent, silent])).rejects.toThrow('the script has ended');
  });

  it('is not still while an acknowledged transaction is missing and brokers come and go', async () => {
    const missing = { heights: level(5), open: { all: 1, acknowledged: 1 } };
    const restless = [
      { ...missing, components: new Error('orderer0 refuses') },
      { ...missing, components: 'kafka0 healthy' },
      { ...missing, components: 'kafka0 healthy' },
      { ...missing, components: 'kafka0 exited' },
      { ...missing, components: 'kafka0 healthy' },
      { ...missing, components: new Error('kafka0 is starting') },
      { ...missing, components: 'kafka0 healthy' },
    ];
    const come = { heights: level(6) };
    expect(await wait([...restless, come, come])).toEqual({ height: 6, looks: 9 });
  });

  it('has lost what is missing once it was calm for long enough', async () => {
    const missing = { heights: level(5), open: { all: 2, acknowledged: 1 } };
    // The first look only compares heights; the second begins the calm.
    expect(await wait(Array(10).fill(missing))).toEqual({ height: 5, looks: 6 });
  });

  it('is given less time for what nobody acknowledged', async () => {
    const missing = { heights: level(5), open: { all: 2 } };
    expect(await wait(Array(10).fill(missing))).toEqual({ height: 5, looks: 4 });
  });

  it('begins its calm anew with every block', async () => {
    const missing = { open: { all: 1 } };
    const looks = [5, 5, 5, 6, 6, 6, 6].map((height) => ({ ...missing, heights: level(height) }));
    expect(await wait(looks)).toEqual({ height: 6, looks: 7 });
  });
});
