import type Docker from 'dockerode';
import { replicasOf, scaleComponent } from './scale.ts';

function manager(replicas: number, conflicts = 0) {
  const updates: unknown[] = [];
  const names: string[] = [];
  let version = 5;
  let left = conflicts;
  const service = {
    inspect: async () => ({
      Version: { Index: version },
      Spec: {
        Name: 'peer0-org1',
        Labels: { a: 'b' },
        Mode: { Replicated: { Replicas: replicas } },
      },
    }),
    update: async (spec: unknown) => {
      updates.push(spec);
      version += 1;
      left -= 1;
      if (left >= 0) throw new Error('update out of sequence');
    },
  };
  const docker = {
    getService: (name: string) => {
      names.push(name);
      return service;
    },
  } as unknown as Docker;
  return { docker, updates, names };
}

describe('scaling a component', () => {
  it('keeps the rest of the service’s specification', async () => {
    const { docker, updates, names } = manager(1);
    await scaleComponent(docker, 'peer0.org1', 0);
    expect(names).toEqual(['peer0-org1']);
    expect(updates).toEqual([
      { Name: 'peer0-org1', Labels: { a: 'b' }, version: 5, Mode: { Replicated: { Replicas: 0 } } },
    ]);
  });

  it('changes nothing that is as it shall be', async () => {
    const { docker, updates } = manager(0);
    await scaleComponent(docker, 'orderer0', 0);
    expect(updates).toEqual([]);
    expect(await replicasOf(docker, 'orderer0')).toBe(0);
  });

  it('has the manager look at the service again when told to', async () => {
    const { docker, updates } = manager(0);
    await scaleComponent(docker, 'orderer0', 0, { again: true });
    expect(updates).toMatchObject([{ version: 5, Mode: { Replicated: { Replicas: 0 } } }]);
  });

  it('looks again when somebody else has changed the service in between', async () => {
    const { docker, updates } = manager(1, 1);
    await scaleComponent(docker, 'orderer0', 0);
    expect(updates).toMatchObject([{ version: 5 }, { version: 6 }]);
  });
});
