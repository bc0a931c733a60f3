import { raceAbort } from './race-abort.ts';

describe('raceAbort', () => {
  it('gives what the work gives, and what it throws', async () => {
    const { signal } = new AbortController();
    expect(await raceAbort(Promise.resolve(7), signal)).toBe(7);
    await expect(raceAbort(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken');
  });

  it('does not wait for work that goes on after an abort', async () => {
    const controller = new AbortController();
    const waiting = raceAbort(new Promise(() => {}), controller.signal);
    controller.abort(new Error('interrupted'));
    await expect(waiting).rejects.toThrow('interrupted');
    await expect(raceAbort(new Promise(() => {}), controller.signal)).rejects.toThrow(
      'interrupted',
    );
  });
});
