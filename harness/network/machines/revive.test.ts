import type Docker from 'dockerode';
import { recordingProgress } from '../../base/progress.ts';
import { COMPONENT_LABEL } from '../../swarm/deploy.ts';
import { componentsOf } from '../../topology/components.ts';
import { loadTopology } from '../../topology/load.ts';
import type { MachinesNetwork } from './network.ts';
import { startStoppedMachines, stoppedMachines } from './revive.ts';

const topology = loadTopology('fixtures/network/article.yaml');
const components = componentsOf(topology);

/** A network of three machines; what was done to them is in `done`. */
function network(states: Record<number, string>, seen: (component: string) => string = () => 'Up') {
  const done: string[] = [];
  const numbers = [1, 2, 3];
  const found = {
    name: 'n',
    topology,
    state: { name: 'n', topology, machines: numbers.map((number) => ({ number, address: 'a' })) },
    containerStates: new Map(Object.entries(states).map(([n, state]) => [Number(n), state])),
    machines: numbers.map((number) => ({
      number,
      address: 'a',
      power: power(states[number] ?? 'running', (what) => done.push(`${what} ${number}`)),
      docker: {
        listContainers: async () =>
          components
            .filter(({ machine }) => machine === number)
            .map(({ name }) => {
              const Status = seen(name);
              const State = Status.startsWith('Up') ? 'running' : 'exited';
              return { Labels: { [COMPONENT_LABEL]: name }, State, Status };
            }) as unknown as Docker.ContainerInfo[],
      },
    })),
  } as unknown as MachinesNetwork;
  return { found, done };
}

/** A plug that, as the real one, does nothing when there is nothing to do. */
function power(state: string, told: (what: string) => void) {
  let now = state;
  const act = (what: string, from: string) => async () => {
    if (now !== from) return;
    now = 'running';
    told(what);
  };
  return {
    state: async () => now,
    start: act('start', 'exited'),
    unpause: act('unpause', 'paused'),
  };
}

function options() {
  const said: string[] = [];
  const progress = recordingProgress(() => 0, {
    say: (line) => said.push(line),
    begin: (title, where) => said.push(where ? `${title} (${where})` : title),
    detail: () => {},
    end: () => {},
  });
  const proved: MachinesNetwork[] = [];
  const prove = async (network: MachinesNetwork) => void proved.push(network);
  const { signal } = new AbortController();
  return { said, proved, options: { progress, signal, intervalMs: 0, prove } };
}

describe('stoppedMachines', () => {
  it('are all that do not run', () => {
    expect(stoppedMachines(network({ 1: 'running', 2: 'running', 3: 'running' }).found)).toEqual(
      [],
    );
    expect(stoppedMachines(network({ 1: 'running', 2: 'exited', 3: 'paused' }).found)).toEqual([
      2, 3,
    ]);
  });
});

describe('startStoppedMachines', () => {
  it('starts and thaws what does not run, leaves the rest alone, and says which', async () => {
    const { found, done } = network({ 1: 'running', 2: 'exited', 3: 'paused' });
    const { said, proved, options: given } = options();
    const revived = await startStoppedMachines(found, given);
    expect(proved).toEqual([revived]);
    expect(done.toSorted()).toEqual(['start 2', 'unpause 3']);
    expect(said[0]).toBe('start what had stopped (machines 2, 3)');
    expect(stoppedMachines(revived)).toEqual([]);
  });

  it('waits until every component has been up ten times in a row', async () => {
    const states = ['Exited (1)', 'Up 1 second (health: starting)', 'Up', 'Up', 'Exited (1)'];
    let looks = 0;
    const { found } = network({ 1: 'exited', 2: 'running', 3: 'running' }, (name) =>
      name === 'kafka0' ? (states[looks++] ?? 'Up 3 seconds (healthy)') : 'Up',
    );
    await startStoppedMachines(found, options().options);
    expect(looks).toBe(states.length + 10);
  });

  it('gives up at once when a machine is gone for good', async () => {
    const { found, done } = network({ 1: 'exited', 2: 'exited' });
    await expect(startStoppedMachines(found, options().options)).rejects.toThrow(
      'network "n": expected its machines 1, 2, 3, seen no container of 3; remove the rest with: npm stop',
    );
    expect(done).toEqual([]);
  });

  it('is not done while no transfer commits', async () => {
    const { found } = network({ 1: 'exited', 2: 'running', 3: 'running' });
    const prove = () => Promise.reject(new Error('orderer1: SERVICE_UNAVAILABLE'));
    await expect(startStoppedMachines(found, { ...options().options, prove })).rejects.toThrow(
      'orderer1: SERVICE_UNAVAILABLE',
    );
  });

  it('ends when it is interrupted', async () => {
    const { found } = network({ 1: 'exited', 2: 'running', 3: 'running' }, () => 'Exited (1)');
    const controller = new AbortController();
    const waiting = startStoppedMachines(found, {
      ...options().options,
      signal: controller.signal,
    });
    controller.abort(new Error('interrupted'));
    await expect(waiting).rejects.toThrow('interrupted');
  });
});
