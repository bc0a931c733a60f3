import type Docker from 'dockerode';
import type { FoundNetwork } from '../fabric/network/state.ts';
import { type ComponentKind, componentsOf } from '../settings/topology/components.ts';
import { COMPONENT_LABEL } from '../swarm/deploy.ts';
import type { StartedDockerNode } from '../swarm/machine.ts';

/** A component and the machine that it runs on. Its container changes with every restart, so it is looked up anew. */
export interface ComponentHandle {
  readonly name: string;
  readonly kind: ComponentKind;
  readonly machine: StartedDockerNode;
}

/** A component's container as it is now. */
export interface ContainerFacts {
  readonly container: Docker.Container;
  readonly id: string;
  readonly running: boolean;
  readonly paused: boolean;
  /** Process id in the machine; 0 when not running. */
  readonly pid: number;
  readonly startedAt: string;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Address on the overlay; empty when not running. */
  readonly overlayAddress: string;
}

/** @throws Error when the topology has no such component, or its machine is gone */
export function componentHandle(network: FoundNetwork, name: string): ComponentHandle {
  const component = componentsOf(network.state.topology).find((c) => c.name === name);
  if (!component) {
    const known = componentsOf(network.state.topology).map((c) => c.name);
    throw new Error(`no component "${name}"; expected one of ${known.join(', ')}`);
  }
  return { name, kind: component.kind, machine: machineOf(network, component.machine) };
}

/** @throws Error when the network has no such machine */
export function machineOf(network: FoundNetwork, number: number): StartedDockerNode {
  const machine = network.machines.find((m) => m.number === number);
  if (!machine) throw new Error(`no machine ${number}; expected 1 to ${network.machines.length}`);
  return machine;
}

/** The newest container of a component; `undefined` when its machine has none. */
export async function containerFacts(
  handle: ComponentHandle,
  overlay: string,
): Promise<ContainerFacts | undefined> {
  const containers = await handle.machine.docker.listContainers({
    all: true,
    filters: { label: [`${COMPONENT_LABEL}=${handle.name}`] },
  });
  const [newest] = containers.toSorted((a, b) => b.Created - a.Created);
  if (!newest) return undefined;
  const container = handle.machine.docker.getContainer(newest.Id);
  const { State, NetworkSettings } = await container.inspect();
  return {
    container,
    id: newest.Id,
    running: State.Running,
    paused: State.Paused,
    pid: State.Pid,
    startedAt: State.StartedAt,
    exitCode: State.ExitCode,
    oomKilled: State.OOMKilled,
    overlayAddress: NetworkSettings.Networks[overlay]?.IPAddress ?? '',
  };
}

/**
 * As {@link containerFacts}, for faults that need a running container.
 *
 * @throws Error when it does not run
 */
export async function runningContainer(
  handle: ComponentHandle,
  overlay: string,
): Promise<ContainerFacts> {
  const facts = await containerFacts(handle, overlay);
  if (!facts?.running) throw new Error(`${handle.name}: expected a running container, seen none`);
  return facts;
}
