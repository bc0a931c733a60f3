import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { waitFor } from '../../base/wait.ts';
import { memberLabel } from '../../swarm/scoped-docker.ts';
import type { Host } from './hosts.ts';
import { Leash } from './leash.ts';

const request = { network: 'n', run: 'r', image: 'i', command: 'harness test' };

/** A manager's host and another one, whose engines know leashes and labels alone. */
function twoHosts() {
  const labels: Record<string, string> = { [memberLabel('n')]: 'yes' };
  const host = (number: number) => {
    const inputs: PassThrough[] = [];
    const state = { answers: true, taken: false };
    const docker = {
      ping: async () => {
        if (!state.answers) throw new Error('no route to host');
      },
      listNodes: async () => [{ Spec: { Labels: labels } }],
      createContainer: async () => {
        if (state.taken) throw Object.assign(new Error('conflict'), { statusCode: 409 });
        const input = new PassThrough();
        inputs.push(input);
        return {
          attach: async () => input,
          start: async () => {},
          wait: async () => {},
          remove: async () => {},
        };
      },
      getContainer: () => ({ inspect: async () => ({ State: { Running: true } }) }),
    };
    const as = { number, node: { manager: number === 1 }, remote: { docker } } as unknown as Host;
    return { as, inputs, state };
  };
  return { manager: host(1), other: host(2), labels };
}

const until = (expected: string, is: () => boolean) =>
  waitFor({ subject: 'leash', expected, budgetMs: 20_000, intervalMs: 20 }, () =>
    is() ? true : undefined,
  );

describe('Leash', () => {
  it('is one process’s: who comes second has none', async () => {
    const { manager, other } = twoHosts();
    manager.state.taken = true;
    const hosts = [manager.as, other.as];
    expect(await Leash.start(hosts, { ...request, role: 'reaper' })).toBeUndefined();
    expect(other.inputs).toHaveLength(0);
  });

  it('is left on every host where a network goes with the process, on the first by who uses it', async () => {
    for (const [role, count] of [
      ['reaper', 1],
      ['user', 0],
    ] as const) {
      const { manager, other } = twoHosts();
      const leash = await Leash.start([manager.as, other.as], { ...request, role });
      expect([manager.inputs.length, other.inputs.length]).toEqual([1, count]);
      await leash?.dismiss();
    }
  });

  it('outlives the loss of a host, and is left anew when that is back', async () => {
    const { manager, other } = twoHosts();
    const leash = await Leash.start([manager.as, other.as], { ...request, role: 'reaper' });
    other.state.answers = false;
    other.inputs[0]?.destroy();
    await once(other.inputs[0] as PassThrough, 'close');
    other.state.answers = true;
    await until('a second one on the host', () => other.inputs.length === 2);
    expect(leash?.lost.aborted).toBe(false);
    await leash?.dismiss();
  });

  it('is lost with its network', async () => {
    const { manager, other, labels } = twoHosts();
    const leash = await Leash.start([manager.as, other.as], { ...request, role: 'reaper' });
    delete labels[memberLabel('n')];
    manager.inputs[0]?.destroy();
    await until('its loss told', () => leash?.lost.aborted === true);
    expect(manager.inputs).toHaveLength(1);
  });

  it('says that it releases, and is not lost by that', async () => {
    const { manager } = twoHosts();
    const leash = await Leash.start([manager.as], { ...request, role: 'reaper' });
    const input = manager.inputs[0] as PassThrough;
    await leash?.release();
    expect(String(input.read())).toBe('release\n');
    expect(leash?.lost.aborted).toBe(false);
  });
});
