import { acquireLock } from './lock.ts';

const key = `test-${process.pid}`;
const silent = { onWait: () => {} };

describe('acquireLock', () => {
  it('lets one in at a time, and tells the others whom they wait for', async () => {
    const order: string[] = [];
    const release = await acquireLock(key, silent);
    const told = Promise.withResolvers<number>();
    const second = acquireLock(key, { onWait: told.resolve }).then((free) => {
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
    const one = await acquireLock(`${key}-a`, silent);
    const other = await acquireLock(`${key}-b`, silent);
    await Promise.all([one(), other()]);
  });

  it('stops waiting on abort', async () => {
    const release = await acquireLock(key, silent);
    const abort = new AbortController();
    const waiting = acquireLock(key, {
      onWait: () => abort.abort(new Error('enough')),
      signal: abort.signal,
    });
    await expect(waiting).rejects.toThrow('enough');
    await release();
  });

  it('tells the holder who asks for it, and nobody else', async () => {
    const asked = Promise.withResolvers<number>();
    const release = await acquireLock(key, {
      ...silent,
      onAsked: (pid) => {
        asked.resolve(pid);
        void release();
      },
    });
    const patient = acquireLock(`${key}-other`, silent);
    await (await acquireLock(key, { ...silent, ask: true }))();
    expect(await asked.promise).toBe(process.pid);
    await (await patient)();
  });

  it('waits for a holder that does not heed the asking', async () => {
    const release = await acquireLock(key, silent);
    const told = Promise.withResolvers<number>();
    const asking = acquireLock(key, { onWait: told.resolve, ask: true });
    await told.promise;
    await release();
    await (await asking)();
  });
});
