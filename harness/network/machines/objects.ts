import type Docker from 'dockerode';
import {
  type HolderRole,
  MACHINE_LABEL,
  NETWORK_LABEL,
  OWNER_LABEL,
  ROLE_LABEL,
} from '../../engine/labels.ts';
import { STARTED_WITHIN_MS } from '../../swarm/reaper.ts';

/** Everything in the outer engine that belongs to a network, found by label and by nothing else. */
export interface NetworkObjects {
  /** Node containers by machine number, whatever their state. */
  readonly machines: ReadonlyMap<number, Docker.ContainerInfo>;
  /** Reapers and helpers. */
  readonly others: readonly Docker.ContainerInfo[];
  readonly networks: readonly { readonly id: string; readonly name: string }[];
  readonly volumes: readonly string[];
}

const filterBy = (name: string) => ({ label: [`${NETWORK_LABEL}=${name}`] });

/** Finds the objects of the network called `name`. */
export async function findObjects(docker: Docker, name: string): Promise<NetworkObjects> {
  const filters = filterBy(name);
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  const machines = new Map<number, Docker.ContainerInfo>();
  const others: Docker.ContainerInfo[] = [];
  for (const container of containers) {
    const number = Number(container.Labels[MACHINE_LABEL]);
    if (number > 0) machines.set(number, container);
    else others.push(container);
  }
  return {
    machines: new Map([...machines].sort(([a], [b]) => a - b)),
    others,
    networks: networks.map(({ Id, Name }) => ({ id: Id, name: Name })),
    volumes: (volumes ?? []).map(({ Name }) => Name),
  };
}

/**
 * The process, in words, that a network goes with, or that uses it alone; `undefined` where there is none. It holds the
 * network as long as its container is there, so that no crash can leave a network held.
 */
export function holderAmong({ others }: NetworkObjects, role: HolderRole): string | undefined {
  const holder = others.find(
    ({ Labels, State, Created }) =>
      Labels[ROLE_LABEL] === role &&
      // One that was made and never started has lost its process in between.
      (State === 'running' || Date.now() - Created * 1_000 < STARTED_WITHIN_MS),
  );
  return holder && (holder.Labels[OWNER_LABEL] ?? 'another process');
}

/** {@link holderAmong}, for the network called `name`. */
export const holderOf = async (
  docker: Docker,
  name: string,
  role: HolderRole,
): Promise<string | undefined> => holderAmong(await findObjects(docker, name), role);

/** Names of all networks that have anything on this engine, also of those whose start was cut short. */
export async function networkNames(docker: Docker): Promise<string[]> {
  const filters = { label: [NETWORK_LABEL] };
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    docker.listContainers({ all: true, filters }),
    docker.listNetworks({ filters }),
    docker.listVolumes({ filters }),
  ]);
  const labelled = [...containers, ...networks, ...(volumes ?? [])];
  return [...new Set(labelled.flatMap(({ Labels }) => Labels?.[NETWORK_LABEL] ?? []))].sort();
}

export const isEmpty = (objects: NetworkObjects): boolean =>
  objects.machines.size === 0 &&
  objects.others.length === 0 &&
  objects.networks.length === 0 &&
  objects.volumes.length === 0;

/**
 * Removes a network's objects: the reaper first (or it would do the same at the same time), then machines with their
 * anonymous volumes, then the rest. Objects that are gone already are no error; nothing without the label is touched.
 *
 * @param spare id of a container that stays: the caller's own reaper, which finishes if the caller is killed meanwhile
 * @returns how many objects were removed
 */
export async function removeObjects(docker: Docker, name: string, spare?: string): Promise<number> {
  const objects = await findObjects(docker, name);
  const containers = [...objects.others, ...objects.machines.values()].filter(
    ({ Id }) => Id !== spare,
  );
  const reapers = containers.filter(({ Labels }) => Labels[ROLE_LABEL] === 'reaper');
  const rest = containers.filter((container) => !reapers.includes(container));
  const remove = ({ Id }: Docker.ContainerInfo) =>
    gone(docker.getContainer(Id).remove({ force: true, v: true }));
  await Promise.all(reapers.map(remove));
  await Promise.all(rest.map(remove));
  await Promise.all(objects.networks.map(({ id }) => gone(docker.getNetwork(id).remove())));
  await Promise.all(objects.volumes.map((volume) => gone(docker.getVolume(volume).remove())));
  return containers.length + objects.networks.length + objects.volumes.length;
}

/** "No such object" and "removal already in progress" are what removing is for. */
async function gone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    const status = (error as { statusCode?: number }).statusCode;
    if (status !== 404 && status !== 409) throw error;
  }
}
