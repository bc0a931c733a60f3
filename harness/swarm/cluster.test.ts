import type Docker from 'dockerode';
import { assertAddresses, labelNodes } from './cluster.ts';

/** A manager whose second machine tells its host name late, and whose first update comes too late as well. */
function manager() {
  const labels = new Map<string, string>();
  let looks = 0;
  let conflicts = 1;
  const node = (ID: string, Hostname: string | undefined) => ({
    ID,
    Version: { Index: 1 },
    Spec: { Role: 'worker', Availability: 'active' },
    ...(Hostname === undefined ? {} : { Description: { Hostname } }),
  });
  const docker = {
    listNodes: async () => {
      looks += 1;
      return [node('a', 'machine1'), node('b', looks > 2 ? 'machine2' : undefined)];
    },
    getNode: (id: string) => ({
      update: async ({ Labels }: { Labels: { machine: string } }) => {
        if (id === 'a' && conflicts-- > 0) throw new Error('update out of sequence');
        labels.set(id, Labels.machine);
      },
    }),
  };
  return { docker: docker as unknown as Docker, labels };
}

it('labels every machine, however late the swarm learns its host name', async () => {
  const { docker, labels } = manager();
  await labelNodes(docker, [{ number: 1 }, { number: 2 }]);
  expect(Object.fromEntries(labels)).toEqual({ a: '1', b: '2' });
});

describe('assertAddresses', () => {
  const seenAs = (Addr: string | undefined) => ({
    number: 3,
    docker: {
      listNodes: async () => [
        { Description: { Hostname: 'machine2' }, Status: { State: 'ready', Addr } },
      ],
    } as unknown as Docker,
  });
  const machines = [{ number: 2, address: '10.213.7.12' }];

  it('refuses a host that rewrites what the machines send each other', async () => {
    await expect(assertAddresses(seenAs('10.213.7.1'), machines)).rejects.toThrow(
      /^machine 2: expected that machine 3 sees it as 10\.213\.7\.12, seen 10\.213\.7\.1: .*grep 10\.213\.7\.$/,
    );
  });

  it('accepts its own address, and a manager that does not tell', async () => {
    await assertAddresses(seenAs('10.213.7.12'), machines);
    await assertAddresses(seenAs(undefined), machines);
  });
});
