import type Docker from 'dockerode';
import { UsageError } from '../base/errors.ts';
import type { DeployedNetwork } from '../network/deployed.ts';
import { componentsOf } from '../topology/components.ts';

/**
 * The container of a component, or of a machine (`machine2`).
 *
 * @throws UsageError when there is no such component, or no container of it
 */
export async function containerOf(
  network: DeployedNetwork,
  component: string,
): Promise<Docker.Container> {
  const machine = network.machines.find(({ number }) => component === `machine${number}`);
  if (machine) return machine.container;
  const known = componentsOf(network.topology);
  const found = known.find(({ name }) => name === component);
  if (!found) {
    const names = known.map(({ name }) => name).join(', ');
    throw new UsageError([`no component "${component}"; expected machine1.. or one of ${names}`]);
  }
  const facts = await network.component(component).container();
  if (!facts)
    throw new UsageError([`${component}: no container of it on machine ${found.machine}`]);
  return facts.container;
}
