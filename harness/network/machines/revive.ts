import { Connections } from '../../../fabric-client/connections.ts';
import type { Progress } from '../../base/progress.ts';
import { raceAbort } from '../../base/race-abort.ts';
import { waitFor } from '../../base/wait.ts';
import { transferThroughEach } from '../stack/first-transfer.ts';
import { onMachines } from '../stack/on-machines.ts';
import { statusOf } from '../status.ts';
import type { MachinesNetwork } from './network.ts';

/** Milliseconds for the engines of all machines to answer again (2 s seen). */
const ENGINES_MS = 60_000;
/** Milliseconds for all components to be back (15 s seen; the Swarm first finds its quorum again). */
const COMPONENTS_MS = 120_000;
/**
 * Milliseconds until an orderer orders again (60 s seen after the components were up): brokers that all died at once
 * register anew when their old sessions have expired, and only then do the orderers find their topics.
 */
const ORDERING_MS = 180_000;
/** Looks in a row that must find everything up: what starts before the names that it needs ends, and is replaced. */
const LOOKS = 10;
/** Milliseconds between two looks. */
const INTERVAL_MS = 500;

/** Machines that do not run: their host, or the engine that they run in, has been restarted since. */
export function stoppedMachines({ containerStates }: MachinesNetwork): number[] {
  return [...containerStates].flatMap(([number, state]) => (state === 'running' ? [] : [number]));
}

/**
 * Starts the machines of a network that do not run, waits until all its components do, and until a transfer commits
 * through each orderer. They come back with their addresses, their disks and their places in the Swarm, so that its
 * ledgers go on.
 *
 * @param network as it was found
 * @param options `intervalMs`: milliseconds between two looks at the components; `prove`: that it works again
 * @returns the network as it is now
 * @throws DeadlineError naming the machines or components that are not back; FabricError for an orderer
 */
export async function startStoppedMachines(
  network: MachinesNetwork,
  {
    progress,
    signal,
    intervalMs = INTERVAL_MS,
    prove = ordersAgain,
  }: {
    readonly progress: Progress;
    readonly signal: AbortSignal;
    readonly intervalMs?: number;
    readonly prove?: (network: MachinesNetwork) => Promise<void>;
  },
): Promise<MachinesNetwork> {
  const stopped = stoppedMachines(network);
  const { name } = network;
  const missing = network.state.machines.filter((m) => !network.containerStates.has(m.number));
  if (missing.length > 0) {
    throw new Error(
      `network "${name}": expected its machines ${network.state.machines.map((m) => m.number).join(', ')}, ` +
        `seen no container of ${missing.map((m) => m.number).join(', ')}; remove the rest with: npm stop`,
    );
  }
  const start = () =>
    Promise.all(
      network.machines
        .filter(({ number }) => stopped.includes(number))
        .map(async ({ power }) => {
          await power.unpause();
          await power.start({ budgetMs: ENGINES_MS, signal });
        }),
    );
  await progress.step('start what had stopped', start, onMachines(stopped));
  const revived = {
    ...network,
    containerStates: new Map([...network.containerStates.keys()].map((n) => [n, 'running'])),
  };
  await progress.step('wait for every component', async (detail) => {
    let inARow = 0;
    await waitFor(
      {
        subject: `network "${name}"`,
        expected: 'every component up',
        budgetMs: COMPONENTS_MS,
        intervalMs,
        lookAt: 'harness logs COMPONENT; or remove it with npm stop and start a new one',
        signal,
      },
      async () => {
        const down = await componentsDown(revived);
        detail(down.join(', '));
        inARow = down.length > 0 ? 0 : inARow + 1;
        if (down.length > 0) throw new Error(`not up: ${down.join(', ')}`);
        return inARow >= LOOKS ? true : undefined;
      },
    );
  });
  await progress.step('wait for a transfer through each orderer', () =>
    raceAbort(prove(revived), signal),
  );
  return revived;
}

async function ordersAgain({ state, nodes }: MachinesNetwork): Promise<void> {
  const { topology, identities } = state;
  const connections = new Connections();
  try {
    await transferThroughEach(connections, nodes, identities, topology, ORDERING_MS);
  } finally {
    connections.close();
  }
}

async function componentsDown(network: MachinesNetwork): Promise<string[]> {
  return (await statusOf(network))
    .filter(({ state }) => state !== 'healthy' && state !== 'running')
    .map(({ component, state }) => `${component} (${state})`);
}
