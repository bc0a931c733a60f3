import { engineAnswers } from '../swarm/engine-answers.ts';
import { componentsOf } from '../topology/components.ts';
import { managersOf } from '../topology/managers.ts';
import type { Topology } from '../topology/schema.ts';
import { containerOf } from './containers.ts';
import type { ComponentHandle, Machine, Network } from './port.ts';

/** Finding machines and components, for every provider whose components are containers on its machines. */
export function finders(
  topology: Topology,
  machines: readonly Machine[],
): Pick<Network, 'machine' | 'component'> {
  const machine = (number: number): Machine => {
    const found = machines.find((m) => m.number === number);
    if (found) return found;
    const known = machines.map((m) => m.number).join(', ');
    throw new Error(`no machine ${number}; expected one of ${known || 'none'}`);
  };
  return {
    machine,
    component: (name): ComponentHandle => {
      const components = componentsOf(topology);
      const found = components.find((c) => c.name === name);
      if (!found) {
        const known = components.map((c) => c.name).join(', ');
        throw new Error(`no component "${name}"; expected one of ${known}`);
      }
      const host = machine(found.machine);
      return {
        name,
        kind: found.kind,
        machine: host,
        container: () => containerOf(host.docker, name, topology.network),
      };
    },
  };
}

/**
 * A machine that manages the Swarm and answers.
 *
 * @param unlike a machine that shall not be asked, since it is what a fault is about; it is all the same where no
 * other manager is there
 * @returns the first of them if none answers, so that the caller's error is that of its engine
 * @throws Error when the network has none of them any more
 */
export async function managerOf(
  { topology, machines }: Pick<Network, 'topology' | 'machines'>,
  unlike?: number,
): Promise<Machine> {
  const managers = managersOf(topology);
  const others = managers.filter((number) => number !== unlike);
  const wanted = others.length > 0 ? others : managers;
  const candidates = machines.filter(({ number }) => wanted.includes(number));
  const [first] = candidates;
  if (!first) {
    throw new Error(`network: expected a manager, machine ${managers.join(' or ')}, seen none`);
  }
  if (candidates.length === 1) return first;
  for (const machine of candidates) {
    if (await engineAnswers(machine.docker)) return machine;
  }
  return first;
}
