import type Docker from 'dockerode';
import { runsWith, unfinishedTasks } from './tasks.ts';

type Listed = readonly [service: string, desired: string, state: string];

function manager(...tasks: Listed[]): Docker {
  return {
    listServices: async () => [
      { ID: 's1', Spec: { Name: 'kafka0' } },
      { ID: 's2', Spec: { Name: 'peer0-org1' } },
    ],
    listTasks: async () =>
      tasks.map(([ServiceID, DesiredState, State]) => ({
        ServiceID,
        DesiredState,
        Status: { State },
      })),
  } as unknown as Docker;
}

describe('tasks that the Swarm has not finished with', () => {
  it('are none where each runs that shall run and the others have ended', async () => {
    const docker = manager(
      ['s1', 'running', 'running'],
      ['s1', 'shutdown', 'failed'],
      ['s1', 'shutdown', 'shutdown'],
      ['s1', 'remove', 'orphaned'],
    );
    expect(await unfinishedTasks(docker, ['kafka0'])).toEqual([]);
  });

  it('are those that run and shall end, and their successors that wait', async () => {
    const docker = manager(['s2', 'shutdown', 'running'], ['s2', 'ready', 'pending']);
    expect(await unfinishedTasks(docker, ['peer0.org1'])).toEqual([
      'peer0.org1: running, shall be shutdown',
      'peer0.org1: pending, shall be ready',
    ]);
  });

  it('are those that shall run and do not yet', async () => {
    const docker = manager(['s1', 'running', 'starting']);
    expect(await unfinishedTasks(docker, ['kafka0'])).toEqual([
      'kafka0: starting, shall be running',
    ]);
  });

  it('are those of the components asked for only', async () => {
    const docker = manager(['s1', 'shutdown', 'running'], ['s2', 'running', 'running']);
    expect(await unfinishedTasks(docker, ['peer0.org1'])).toEqual([]);
  });
});

describe('a component with configs', () => {
  const task = (state: string, ...configs: string[]) => ({
    ...{ ServiceID: 's1', DesiredState: 'running', Status: { State: state } },
    Spec: { ContainerSpec: { Configs: configs.map((ConfigID) => ({ ConfigID })) } },
  });
  const api = (...tasks: object[]) => ({ listTasks: async () => tasks }) as unknown as Docker;

  it('runs once its task has them, and none that runs lacks them', async () => {
    const wanted = ['a', 'b'];
    expect(await runsWith(api(task('running', 'b', 'x', 'a')), 'api', wanted)).toBe(true);
    expect(await runsWith(api(task('running', 'a')), 'api', wanted)).toBe(false);
    const both = api(task('running', 'x'), task('running', 'a', 'b'));
    expect(await runsWith(both, 'api', wanted)).toBe(false);
    const replaced = api(task('shutdown', 'x'), task('running', 'a', 'b'));
    expect(await runsWith(replaced, 'api', wanted)).toBe(true);
    expect(await runsWith(api(task('starting', 'a', 'b')), 'api', wanted)).toBe(false);
  });
});
