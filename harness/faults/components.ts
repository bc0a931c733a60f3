import type Docker from 'dockerode';
import { waitFor } from '../base/wait.ts';
import type { FoundNetwork } from '../network/machines/state.ts';
import { COMPONENT_LABEL } from '../swarm/deploy.ts';
import { engineAnswers } from '../swarm/engine-answers.ts';
import type { StartedDockerNode } from '../swarm/machine.ts';
import { type ComponentKind, componentsOf } from '../topology/components.ts';
import { managersOf } from '../topology/managers.ts';
import { type FaultContext, type Target, targetName } from './model.ts';

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
  /** What its health check says; `none` without one. */
  readonly health: string;
  /** Named volumes: folder in the container, and in the machine. */
  readonly volumes: readonly VolumeMount[];
}

export interface VolumeMount {
  readonly name: string;
  readonly inContainer: string;
  readonly inMachine: string;
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
  const { State, NetworkSettings, Mounts } = await container.inspect();
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
    health: State.Health?.Status ?? 'none',
    volumes: Mounts.flatMap(({ Name, Source, Destination }) =>
      Name ? [{ name: Name, inContainer: Destination, inMachine: Source }] : [],
    ),
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

/**
 * A machine that manages the Swarm and answers.
 *
 * @param unlike a machine that shall not be asked, since it is what the fault is about; it is all the same where no
 * other manager is there
 * @returns the first of them if none answers, so that the caller's error is that of its engine
 */
export async function managerOf(
  { network }: FaultContext,
  unlike?: number,
): Promise<StartedDockerNode> {
  const managers = managersOf(network.state.topology);
  const others = managers.filter((number) => number !== unlike);
  const candidates = (others.length > 0 ? others : managers).map((n) => machineOf(network, n));
  const [first] = candidates;
  if (!first) throw new Error('topology: expected a machine with role manager, seen none');
  if (candidates.length === 1) return first;
  for (const machine of candidates) {
    if (await engineAnswers(machine.docker)) return machine;
  }
  return first;
}

/** Name of the overlay network. */
export const overlayOf = (context: FaultContext): string => context.network.state.topology.network;

/** The components among targets, for kinds that have no meaning for machines. */
export function componentsOnly(kind: string, targets: readonly Target[]): ComponentHandle[] {
  return targets.map((target) => {
    if (target.type === 'component') return target.handle;
    throw new Error(`${kind}: expected components, seen ${targetName(target)}`);
  });
}

/**
 * Waits until a component runs and is healthy, in another container than `unlike` if given.
 *
 * @throws DeadlineError with what was seen last
 */
export function awaitRunning(
  handle: ComponentHandle,
  overlay: string,
  options: {
    readonly budgetMs: number;
    readonly signal?: AbortSignal;
    readonly unlike?: string | undefined;
  },
): Promise<ContainerFacts> {
  const { unlike, ...wait } = options;
  return waitFor(
    { ...wait, subject: handle.name, expected: 'running and healthy', intervalMs: 150 },
    async () => {
      const facts = await containerFacts(handle, overlay);
      const { running = false, health = '', exitCode = 0, id } = facts ?? {};
      if (facts && running && id !== unlike && ['healthy', 'none'].includes(health)) return facts;
      throw new Error(
        !facts
          ? 'no container'
          : id === unlike
            ? 'the old container'
            : running
              ? `running, ${health}`
              : `ended with exit code ${exitCode}`,
      );
    },
  );
}
