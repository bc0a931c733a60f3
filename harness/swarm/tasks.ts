import type Docker from 'dockerode';
import { serviceName } from './deploy.ts';

interface Service {
  readonly ID: string;
  readonly Spec: { readonly Name: string };
}

interface Task {
  readonly ServiceID: string;
  readonly DesiredState: string;
  readonly Status: { readonly State: string };
}

/** States in which a task has come to its end (api/types.proto of swarmkit, TaskState above RUNNING). */
const ENDED = new Set(['complete', 'shutdown', 'failed', 'rejected', 'remove', 'orphaned']);

/**
 * What the Swarm has still to do for components, one line a task; empty when it has nothing left to do.
 *
 * A machine that the manager called down keeps its containers, but not its tasks: the manager has made new ones
 * meanwhile, ends the old ones when the machine is back, and only then starts the new. Until then the old containers
 * run as if nothing had happened, and are about to be killed.
 *
 * @throws what the manager answers
 */
export async function unfinishedTasks(
  manager: Docker,
  components: readonly string[],
): Promise<string[]> {
  const [services, tasks] = await Promise.all([
    manager.listServices() as Promise<unknown> as Promise<Service[]>,
    manager.listTasks() as Promise<unknown> as Promise<Task[]>,
  ]);
  const names = new Map(services.map(({ ID, Spec }) => [ID, Spec.Name]));
  return components.flatMap((component) => {
    const own = tasks.filter(({ ServiceID }) => names.get(ServiceID) === serviceName(component));
    return own
      .filter((task) => !isFinished(task))
      .map(({ DesiredState, Status }) => `${component}: ${Status.State}, shall be ${DesiredState}`);
  });
}

/**
 * Whether a component runs with these configs, and nothing of it that had others goes on.
 *
 * @throws what the manager answers
 */
export async function runsWith(
  manager: Docker,
  component: string,
  configs: readonly string[],
): Promise<boolean> {
  const filters = { service: [serviceName(component)] };
  const tasks = (await manager.listTasks({ filters })) as unknown as readonly (Task & {
    readonly Spec: {
      readonly ContainerSpec: { readonly Configs?: readonly { readonly ConfigID: string }[] };
    };
  })[];
  const has = ({ Spec }: (typeof tasks)[number]) => {
    const held = Spec.ContainerSpec.Configs?.map(({ ConfigID }) => ConfigID) ?? [];
    return configs.every((id) => held.includes(id));
  };
  const running = tasks.filter(({ Status }) => Status.State === 'running');
  return running.length > 0 && running.every(has);
}

function isFinished({ DesiredState, Status }: Task): boolean {
  if (DesiredState === 'running') return Status.State === 'running';
  return ENDED.has(Status.State);
}
