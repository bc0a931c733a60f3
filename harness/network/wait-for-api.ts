import { messageOf } from '../base/errors.ts';
import { patient } from '../base/patience.ts';
import { waitFor } from '../base/wait.ts';
import { apisOf } from '../topology/components.ts';
import type { DeployedState } from './deployed.ts';

/** The API starts last and waits for nobody; on two busy cores it and MongoDB take some seconds more. */
const BUDGET_MS = 30_000;

/**
 * Waits until the REST API and what it depends on answer, so that an example that is printed works when it is pasted.
 *
 * @returns `undefined` when it does, else what was seen instead
 */
export async function waitForApi(
  { topology, machines }: Pick<DeployedState, 'topology' | 'machines'>,
  signal: AbortSignal,
  budgetMs = BUDGET_MS,
): Promise<string | undefined> {
  const ready = async ({ name, machine, ports }: ReturnType<typeof apisOf>[number]) => {
    const address = machines.find(({ number }) => number === machine)?.address;
    const response = await fetch(`http://${address}:${ports.http}/health/ready`, {
      signal: AbortSignal.timeout(patient(5_000)),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${name}: ${response.status} ${text}`);
  };
  try {
    await waitFor(
      { subject: 'REST API', expected: 'ready', budgetMs, intervalMs: 250, signal },
      async () => {
        await Promise.all(apisOf(topology).map(ready));
        return true;
      },
    );
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return messageOf(error);
  }
}
