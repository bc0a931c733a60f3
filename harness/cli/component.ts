import type Docker from 'dockerode';
import { UsageError } from '../base/errors.ts';
import type { FoundNetwork } from '../network/machines/state.ts';
import { COMPONENT_LABEL } from '../swarm/deploy.ts';
import { componentsOf } from '../topology/components.ts';

/**
 * The container of a component, or of a machine (`machine2`).
 *
 * @throws UsageError when there is no such component, or no container of it
 */
export async function containerOf(
  network: FoundNetwork,
  component: string,
): Promise<Docker.Container> {
  const machine = network.machines.find(({ number }) => component === `machine${number}`);
  if (machine) return machine.container;
  const known = componentsOf(network.state.topology);
  const found = known.find(({ name }) => name === component);
  if (!found) {
    const names = known.map(({ name }) => name).join(', ');
    throw new UsageError([`no component "${component}"; expected machine1.. or one of ${names}`]);
  }
  const host = network.machines.find(({ number }) => number === found.machine);
  const containers =
    (await host?.docker.listContainers({
      all: true,
      filters: { label: [`${COMPONENT_LABEL}=${component}`] },
    })) ?? [];
  const [newest] = containers.toSorted((a, b) => b.Created - a.Created);
  if (!host || !newest) {
    throw new UsageError([`${component}: no container of it on machine ${found.machine}`]);
  }
  return host.docker.getContainer(newest.Id);
}
