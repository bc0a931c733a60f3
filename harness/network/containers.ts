import type Docker from 'dockerode';
import { COMPONENT_LABEL } from '../swarm/deploy.ts';
import type { ContainerFacts } from './port.ts';

/**
 * The container of each component on a machine, by the component's name: the one that runs, or else the newest, because
 * what the Swarm has replaced may still be there.
 *
 * @throws what the machine's engine answers
 */
export async function componentContainers(
  docker: Pick<Docker, 'listContainers'>,
): Promise<ReadonlyMap<string, Docker.ContainerInfo>> {
  return byComponent(await docker.listContainers({ all: true, filters: labelled() }));
}

/**
 * A component's container by the same rule, with what its engine knows of it; `undefined` when there is none.
 *
 * @param overlay name of the network on which the components talk
 * @throws what the machine's engine answers
 */
export async function containerOf(
  docker: Pick<Docker, 'listContainers' | 'getContainer'>,
  component: string,
  overlay: string,
): Promise<ContainerFacts | undefined> {
  const listed = await docker.listContainers({ all: true, filters: labelled(component) });
  const current = byComponent(listed).get(component);
  if (!current) return undefined;
  const container = docker.getContainer(current.Id);
  const { State, NetworkSettings, Mounts } = await container.inspect();
  return {
    container,
    id: current.Id,
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

const labelled = (component?: string) => ({
  label: [component === undefined ? COMPONENT_LABEL : `${COMPONENT_LABEL}=${component}`],
});

function byComponent(listed: readonly Docker.ContainerInfo[]): Map<string, Docker.ContainerInfo> {
  // A paused container is one that runs.
  const runs = ({ State }: Docker.ContainerInfo) => State === 'running' || State === 'paused';
  const ascending = listed.toSorted(
    (a, b) => Number(runs(a)) - Number(runs(b)) || a.Created - b.Created,
  );
  return new Map(ascending.map((info) => [info.Labels[COMPONENT_LABEL] ?? '', info]));
}
