import { loadTopology } from '../topology/load.ts';
import { managerOf } from './components.ts';
import { fakeContext, fakeMachine } from './testing/fakes.ts';

/** Machines of which some manage the Swarm, and some of them are silent. */
function context(managers: readonly number[], silent: readonly number[] = []) {
  const article = loadTopology('fixtures/network/article.yaml');
  const numbers = [1, 2, 3];
  const machines = numbers.map((number) => {
    const machine = fakeMachine(number);
    const ping = async () => {
      if (silent.includes(number)) throw new Error('no answer');
    };
    return { ...machine, docker: { ...machine.docker, ping } as typeof machine.docker };
  });
  const faults = fakeContext(machines);
  const topology = {
    ...article,
    machines: numbers.map((number) => ({
      number,
      role: managers.includes(number) ? ('manager' as const) : ('worker' as const),
    })),
  };
  return {
    ...faults,
    network: { ...faults.network, state: { ...faults.network.state, topology } },
  };
}

describe('the manager that is asked', () => {
  it.each([
    { managers: [3], silent: [], unlike: undefined, asked: 3 },
    { managers: [3], silent: [3], unlike: 3, asked: 3 },
    { managers: [1, 2, 3], silent: [], unlike: undefined, asked: 1 },
    { managers: [1, 2, 3], silent: [1], unlike: undefined, asked: 2 },
    { managers: [1, 2, 3], silent: [], unlike: 1, asked: 2 },
    { managers: [1, 2, 3], silent: [2], unlike: 1, asked: 3 },
    { managers: [1, 2, 3], silent: [1, 2, 3], unlike: undefined, asked: 1 },
  ])('of $managers, $silent silent, not $unlike, is $asked', async (given) => {
    const manager = await managerOf(context(given.managers, given.silent), given.unlike);
    expect(manager.number).toBe(given.asked);
  });
});
