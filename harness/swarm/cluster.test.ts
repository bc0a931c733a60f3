import type Docker from 'dockerode';
import { labelNodes } from './cluster.ts';

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
