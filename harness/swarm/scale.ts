import type Docker from 'dockerode';
import { waitFor } from '../base/wait.ts';
import { serviceName } from './deploy.ts';

interface Service {
  readonly Version: { readonly Index: number };
  readonly Spec: Record<string, unknown> & {
    readonly Mode: { readonly Replicated?: { readonly Replicas: number } };
  };
}

/**
 * Sets how many tasks a component's service shall have (0 or 1); returns once the manager has accepted it.
 *
 * @param again has the manager look at the service once more although that many are wanted already: a task that the Swarm
 *   was just about to start in place of one that had ended may otherwise stay beside a service that wants none
 * @throws Error when the manager does not answer or has no such service
 */
export async function scaleComponent(
  manager: Docker,
  component: string,
  replicas: 0 | 1,
  { again = false }: { readonly again?: boolean } = {},
): Promise<void> {
  const service = manager.getService(serviceName(component));
  await waitFor(
    { subject: component, expected: `its service to take ${replicas} replicas`, budgetMs: 10_000 },
    async () => {
      const { Version, Spec } = (await service.inspect()) as unknown as Service;
      if (!again && Spec.Mode.Replicated?.Replicas === replicas) return true;
      // The manager itself may have changed the service in between; then the version is out of sequence and we look again.
      await service.update({
        ...Spec,
        version: Version.Index,
        Mode: { Replicated: { Replicas: replicas } },
      });
      return true;
    },
  );
}

/** How many tasks the component's service shall have now. */
export async function replicasOf(manager: Docker, component: string): Promise<number> {
  const { Spec } = (await manager
    .getService(serviceName(component))
    .inspect()) as unknown as Service;
  return Spec.Mode.Replicated?.Replicas ?? 0;
}
