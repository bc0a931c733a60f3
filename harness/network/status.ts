import { COMPONENT_LABEL } from '../swarm/deploy.ts';
import { componentsOf } from '../topology/components.ts';
import type { FoundNetwork } from './machines/state.ts';

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
export async function statusOf(network: FoundNetwork): Promise<ComponentStatus[]> {
  const { state, machines, containerStates } = network;
  const seen = new Map<string, string>();
  const unreachable = new Map<number, string>();
  await Promise.all(
    machines.map(async (machine) => {
      const container = containerStates.get(machine.number);
      if (container !== 'running') {
        unreachable.set(machine.number, `machine ${container ?? 'missing'}`);
        return;
      }
      try {
        for (const { Labels, State, Status } of await machine.docker.listContainers({
          all: true,
        })) {
          const component = Labels[COMPONENT_LABEL];
          if (!component) continue;
          // A replaced task's container may still be there; the living one wins.
          if (State === 'running' || !seen.has(component))
            seen.set(component, health(State, Status));
        }
      } catch {
        unreachable.set(machine.number, 'machine unreachable');
      }
    }),
  );
  const addressOf = new Map(state.machines.map(({ number, address }) => [number, address]));
  return componentsOf(state.topology).map(({ name, kind, machine, ports }) => ({
    machine,
    component: name,
    kind,
    state: unreachable.get(machine) ?? seen.get(name) ?? 'missing',
    addresses: Object.fromEntries(
      ports.map((port) => [port.name, `${addressOf.get(machine) ?? '?'}:${port.host}`]),
    ),
  }));
}

/** The engine tells a container's health only inside its status text, e.g. `Up 3 seconds (healthy)`. */
function health(state: string, status: string): string {
  if (state !== 'running') return state;
  return /\((?:health: )?(\w+)\)/.exec(status)?.[1] ?? 'running';
}
