import { loadTopology } from '../topology/load.ts';
import { managerOf } from './components.ts';
import type { Machine } from './port.ts';

/** Machines of which some manage the Swarm, and some of them are silent. */
function network(managers: readonly number[], silent: readonly number[] = []) {
  const article = loadTopology('fixtures/network/article.yaml');
  const numbers = [1, 2, 3];
  const machines = numbers.map((number) => {
    const ping = async () => {
      if (silent.includes(number)) throw new Error('no answer');
    };
    return { number, docker: { ping } } as unknown as Machine;
  });
  const topology = {
    ...article,
    machines: numbers.map((number) => ({
      number,
      role: managers.includes(number) ? ('manager' as const) : ('worker' as const),
    })),
  };
  return { topology, machines };
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
    const manager = await managerOf(network(given.managers, given.silent), given.unlike);
    expect(manager.number).toBe(given.asked);
  });

  it('cannot be found where none is left', async () => {
    const { topology, machines } = network([3]);
    const left = machines.filter(({ number }) => number !== 3);
    await expect(managerOf({ topology, machines: left })).rejects.toThrow(
      'expected a manager, machine 3, seen none',
    );
  });
});
