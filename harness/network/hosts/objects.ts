import type Docker from 'dockerode';
import { waitFor } from '../../base/wait.ts';
import { NETWORK_LABEL, ROLE_LABEL } from '../../engine/labels.ts';
import { memberLabel, nodeLabel } from '../../swarm/scoped-docker.ts';
import type { Host } from './hosts.ts';

/** Milliseconds for the Swarm to end the tasks of services that are removed; the agents heal first. */
const END_MS = 60_000;

/** Names of the networks that have labelled nodes of the swarm, or services in it. */
export async function networkNames(manager: Docker): Promise<string[]> {
  const services = await manager.listServices({ filters: { label: [NETWORK_LABEL] } });
  const nodes = (await manager.listNodes()) as LabelledNode[];
  const prefix = nodeLabel('');
  return [
    ...new Set([
      ...services.flatMap(({ Spec }) => Spec?.Labels?.[NETWORK_LABEL] ?? []),
      ...nodes.flatMap(({ Spec }) =>
        Object.keys(Spec.Labels ?? {}).flatMap((label) =>
          label.startsWith(prefix) && !label.endsWith('.host') ? [label.slice(prefix.length)] : [],
        ),
      ),
    ]),
  ].sort();
}

interface LabelledNode {
  readonly ID: string;
  readonly Version: { readonly Index: number };
  readonly Spec: { readonly Labels?: Readonly<Record<string, string>> };
}

/** Gives nodes the labels by which a network's services are placed. */
export async function labelHosts(
  network: string,
  manager: Docker,
  hosts: readonly Pick<Host, 'number' | 'node'>[],
): Promise<void> {
  for (const { number, node } of hosts) {
    await relabel(manager, node.id, (labels) => ({
      ...labels,
      [nodeLabel(network)]: String(number),
      [memberLabel(network)]: 'yes',
    }));
  }
}

type Labels = Readonly<Record<string, string>>;

async function relabel(manager: Docker, id: string, change: (labels: Labels) => Labels) {
  await waitFor({ subject: `node ${id}`, expected: 'new labels', budgetMs: 10_000 }, async () => {
    const node = (await manager.getNode(id).inspect()) as LabelledNode;
    await manager.getNode(id).update({
      version: node.Version.Index,
      ...node.Spec,
      Labels: change(node.Spec.Labels ?? {}),
    });
    return true;
  });
}

/** Whether the swarm, or a host, has anything of a network. */
export async function hasAnything(
  network: string,
  manager: Docker,
  hosts: readonly Host[],
): Promise<boolean> {
  const filters = { label: [`${NETWORK_LABEL}=${network}`] };
  if ((await manager.listServices({ filters })).length > 0) return true;
  const listed = await Promise.all(
    hosts.map(({ docker }) => docker.listContainers({ all: true, filters })),
  );
  return listed.some((containers) => containers.length > 0);
}

/**
 * Removes what carries a network's label: services first, so that the Swarm ends its tasks and the agents heal, then
 * what is left of containers, volumes, secrets, configs, networks and labels. Nothing else is touched, images stay.
 *
 * @param spare role of containers that stay: the caller's own leash, which finishes if the caller is killed meanwhile
 * @returns how many objects were removed
 */
export async function removeObjects(
  network: string,
  manager: Docker,
  hosts: readonly Host[],
  spare?: string,
): Promise<number> {
  const filters = { label: [`${NETWORK_LABEL}=${network}`] };
  let count = 0;
  const remove = async (objects: readonly { remove(): Promise<unknown> }[]) => {
    count += objects.length;
    await Promise.all(objects.map((object) => gone(object.remove())));
  };
  const services = await manager.listServices({ filters });
  await remove(services.map(({ ID }) => manager.getService(ID)));
  // Whoever has the network learns by this that it goes: see Leash.
  await unlabel(network, manager, [memberLabel(network)]);
  const [secrets, configs] = await Promise.all([
    manager.listSecrets({ filters }),
    manager.listConfigs({ filters }),
  ]);
  await remove(secrets.map(({ ID }) => manager.getSecret(ID)));
  await remove(configs.map(({ ID }) => manager.getConfig(ID)));
  await Promise.all(hosts.map((host) => tasksEnded(host, filters)));
  await Promise.all(
    hosts.map(async ({ remote: { docker } }) => {
      const containers = await docker.listContainers({ all: true, filters });
      await remove(
        containers
          .filter(({ Labels }) => spare === undefined || Labels[ROLE_LABEL] !== spare)
          .map(({ Id }) => ({
            remove: () => docker.getContainer(Id).remove({ force: true, v: true }),
          })),
      );
      const { Volumes } = await docker.listVolumes({ filters });
      await remove((Volumes ?? []).map(({ Name }) => docker.getVolume(Name)));
    }),
  );
  await waitFor(
    { subject: `overlay of network ${network}`, expected: 'none', budgetMs: END_MS },
    async () => {
      const networks = await manager.listNetworks({ filters });
      await remove(networks.map(({ Id }) => manager.getNetwork(Id)));
      return (await manager.listNetworks({ filters })).length === 0 || undefined;
    },
  );
  await unlabel(network, manager, [nodeLabel(network), memberLabel(network)]);
  return count;
}

/** Takes labels from the nodes of a network. */
async function unlabel(network: string, manager: Docker, gone: readonly string[]): Promise<void> {
  for (const { ID, Spec } of (await manager.listNodes()) as LabelledNode[]) {
    if (Spec.Labels?.[nodeLabel(network)] === undefined) continue;
    await relabel(manager, ID, (labels) =>
      Object.fromEntries(Object.entries(labels).filter(([label]) => !gone.includes(label))),
    );
  }
}

/** Waits until no task's container is left; what does not end is removed by force afterwards. */
async function tasksEnded(
  { remote: { docker } }: Host,
  filters: { readonly label: string[] },
): Promise<void> {
  await waitFor({ subject: 'tasks', expected: 'none', budgetMs: END_MS }, async () => {
    const containers = await docker.listContainers({ filters });
    return containers.some(({ Labels }) => Labels['com.docker.swarm.task.id']) ? undefined : true;
  }).catch(() => undefined);
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
