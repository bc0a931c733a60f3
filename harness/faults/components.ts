import { waitFor } from '../base/wait.ts';
import type { ComponentHandle, ContainerFacts } from '../network/port.ts';
import { type Target, targetName } from './model.ts';

/**
 * A component's container, for faults that need a running one.
 *
 * @throws Error when it does not run
 */
export async function runningContainer(
  handle: Pick<ComponentHandle, 'name' | 'container'>,
): Promise<ContainerFacts> {
  const facts = await handle.container();
  if (!facts?.running) throw new Error(`${handle.name}: expected a running container, seen none`);
  return facts;
}

/** Targets in machines. @throws Error for what only an author's commands reach */
export function inMachines(kind: string, targets: readonly Target[]) {
  return targets.map((target) => {
    if (target.type !== 'named') return target;
    throw new Error(`${kind}: expected components or machines, seen ${target.name}`);
  });
}

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
      const facts = await handle.container();
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
