import { componentsOf } from '../topology/components.ts';
import { componentContainers } from './containers.ts';
import type { Network } from './port.ts';

/** How one component is now. */
export interface ComponentStatus {
  readonly machine: number;
  readonly component: string;
  readonly kind: string;
  /** `running`, `healthy`, `starting`, `unhealthy`, `paused`, `exited`, `missing`, or why the machine can't tell. */
  readonly state: string;
  /** `address:port` of each published port, by the port's name. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** Asks every machine for its containers; a machine that doesn't answer makes its components `unreachable`. */
export async function statusOf(
  network: Pick<Network, 'topology' | 'machines'>,
): Promise<ComponentStatus[]> {
  const { topology, machines } = network;
  // Of a network that others run it is not known.
  if (machines.length === 0) return [];
  const seen = new Map<string, string>();
  const silent = new Map(topology.machines.map(({ number }) => [number, 'machine missing']));
  await Promise.all(
    machines.map(async ({ number, docker, power }) => {
      const state = (await power?.state()) ?? 'running';
      if (state !== 'running') {
        silent.set(number, `machine ${state}`);
        return;
      }
      try {
        for (const [component, { State, Status }] of await componentContainers(docker)) {
          seen.set(component, health(State, Status));
        }
        silent.delete(number);
      } catch {
        silent.set(number, 'machine unreachable');
      }
    }),
  );
  const addresses = new Map(machines.map(({ number, address }) => [number, address]));
  return componentsOf(topology).map(({ name, kind, machine, ports }) => ({
    machine,
    component: name,
    kind,
    state: silent.get(machine) ?? seen.get(name) ?? 'missing',
    addresses: Object.fromEntries(
      ports.map((port) => [port.name, `${addresses.get(machine) ?? '?'}:${port.host}`]),
    ),
  }));
}

/** The engine tells a container's health only inside its status text, e.g. `Up 3 seconds (healthy)`. */
function health(state: string, status: string): string {
  if (state !== 'running') return state;
  return /\((?:health: )?(\w+)\)/.exec(status)?.[1] ?? 'running';
}
