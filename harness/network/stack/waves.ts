import { waitFor } from '../../base/wait.ts';
import { COMPONENT_LABEL, type DeployOptions, deployServices } from '../../swarm/deploy.ts';
import type { ServiceDefinition } from '../../swarm/service-definition.ts';
import type { Machine } from '../port.ts';

/** Milliseconds for the containers of one wave to run. */
const WAVE_BUDGET_MS = 90_000;

/**
 * Deploys services and waits until their containers run: on two cores, what comes first is up sooner when the rest has
 * not been started yet.
 *
 * @param nodes all machines; those that the services are placed on are asked
 * @throws DeadlineError naming the services that do not run
 */
export async function startServices(
  deploy: DeployOptions,
  nodes: readonly Machine[],
  definitions: readonly ServiceDefinition[],
): Promise<void> {
  await deployServices(deploy, definitions);
  const wanted = new Set(definitions.map(({ name }) => name));
  await waitFor(
    {
      subject: definitions.map(({ name }) => name).join(', '),
      expected: 'running containers',
      budgetMs: WAVE_BUDGET_MS,
      intervalMs: 150,
    },
    async () => {
      const machines = new Set(definitions.map(({ machine }) => machine));
      const running = await Promise.all(
        nodes
          .filter(({ number }) => machines.has(number))
          .map(({ docker }) => docker.listContainers({ filters: { label: [COMPONENT_LABEL] } })),
      );
      for (const { Labels } of running.flat()) wanted.delete(Labels[COMPONENT_LABEL] ?? '');
      if (wanted.size > 0) throw new Error(`not running: ${[...wanted].join(', ')}`);
      return true;
    },
  );
}
