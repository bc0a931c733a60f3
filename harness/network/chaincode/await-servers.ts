import { waitFor } from '../../base/wait.ts';
import { COMPONENT_LABEL } from '../../swarm/deploy.ts';
import type { ServiceDefinition } from '../../swarm/service-definition.ts';
import type { Machine } from '../port.ts';
import { lastLines, listens } from './trial.ts';

/** Milliseconds for servers that have been seen to serve; many JVMs at once are slow to start. */
const BUDGET_MS = 120_000;

/**
 * Waits until every chaincode server listens. Their health checks cannot tell, because an image need not hold a shell.
 *
 * @throws DeadlineError naming the servers that do not listen, with the last lines of the first one's log
 */
export async function awaitChaincodes(
  machines: readonly Machine[],
  servers: readonly ServiceDefinition[],
  signal: AbortSignal,
): Promise<void> {
  const waiting = new Map(servers.map(({ name, machine }) => [name, machine]));
  await waitFor(
    {
      subject: `chaincode servers ${[...waiting.keys()].join(', ')}`,
      expected: 'a listener in each',
      budgetMs: BUDGET_MS,
      intervalMs: 250,
      signal,
    },
    async () => {
      await Promise.all(
        machines.map(async (machine) => {
          for (const name of await listening(machine, waiting)) waiting.delete(name);
        }),
      );
      const [first] = waiting;
      if (!first) return true;
      throw new Error(`none in ${[...waiting.keys()].join(', ')}${await logOf(machines, first)}`);
    },
  );
}

async function listening(
  machine: Machine,
  waiting: ReadonlyMap<string, number>,
): Promise<string[]> {
  const found: string[] = [];
  for (const [name, number] of waiting) {
    if (number !== machine.number) continue;
    const [container] = await containersOf(machine, name, false);
    if (!container) continue;
    const { State } = await machine.docker.getContainer(container.Id).inspect();
    if (State.Running && (await listens(machine, State.Pid))) found.push(name);
  }
  return found;
}

async function logOf(
  machines: readonly Machine[],
  [name, number]: readonly [string, number],
): Promise<string> {
  const machine = machines.find((candidate) => candidate.number === number);
  const [newest] = machine ? await containersOf(machine, name, true) : [];
  return machine && newest ? lastLines(machine.docker.getContainer(newest.Id)) : '';
}

const containersOf = ({ docker }: Machine, name: string, all: boolean) =>
  docker.listContainers({ all, filters: { label: [`${COMPONENT_LABEL}=${name}`] } });
