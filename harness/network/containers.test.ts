import type Docker from 'dockerode';
import { COMPONENT_LABEL } from '../swarm/deploy.ts';
import { componentContainers } from './containers.ts';

type Listed = readonly [component: string, state: string, created: number];

const engine = (...listed: readonly Listed[]) => ({
  listContainers: async () =>
    listed.map(([component, State, Created]) => ({
      Id: `${component}-${Created}`,
      State,
      Created,
      Labels: { [COMPONENT_LABEL]: component },
    })) as unknown as Docker.ContainerInfo[],
});

describe('the container of a component', () => {
  it.each<[string, Listed[], string]>([
    [
      'the newest of those that have ended',
      [
        ['a', 'exited', 2],
        ['a', 'exited', 1],
      ],
      'a-2',
    ],
    [
      'the one that runs',
      [
        ['a', 'running', 1],
        ['a', 'created', 2],
      ],
      'a-1',
    ],
    [
      'one that is frozen: it runs',
      [
        ['a', 'exited', 2],
        ['a', 'paused', 1],
      ],
      'a-1',
    ],
    [
      'the newest of those that run',
      [
        ['a', 'running', 1],
        ['a', 'running', 2],
      ],
      'a-2',
    ],
  ])('is %s', async (_, listed, expected) => {
    const current = await componentContainers(engine(...listed, ['b', 'running', 9]));
    expect(current.get('a')?.Id).toBe(expected);
    expect([...current.keys()].toSorted()).toEqual(['a', 'b']);
  });
});
