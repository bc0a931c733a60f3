import { acquireLock } from './lock.ts';

const key = `test-${process.pid}`;

describe('acquireLock', () => {
  it('lets one in at a time, and tells the others whom they wait for', async () => {
    const order: string[] = [];
    const release = await acquireLock(key, () => {});
    const told = Promise.withResolvers<number>();
    const second = acquireLock(key, told.resolve).then((free) => {
      order.push('second in');
      return free;
    });
    expect(await told.promise).toBe(process.pid);
    order.push('first out');
    await release();
    await (await second)();
    expect(order).toEqual(['first out', 'second in']);
  });

  it('does not mix keys', async () => {
    const one = await acquireLock(`${key}-a`, () => {});
    const other = await acquireLock(`${key}-b`, () => {});
    await Promise.all([one(), other()]);
  });

  it('stops waiting on abort', async () => {
    const release = await acquireLock(key, () => {});
    const abort = new AbortController();
    const waiting = acquireLock(key, () => abort.abort(new Error('enough')), abort.signal);
    await expect(waiting).rejects.toThrow('enough');
    await release();
  });
});
