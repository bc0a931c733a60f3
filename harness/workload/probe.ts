import { patient } from '../base/patience.ts';
import type { LoadClient } from './client.ts';
import type { Clock } from './clock.ts';
import type { History } from './history-writer.ts';
import { pacer, untilFirstError } from './load.ts';
import { type PlannedOperation, perform } from './operation.ts';

/**
 * Measures through which orderers the network commits: a light operation every so often through each orderer alone. A
 * client that fails over would hide a dead one, and a load may send nothing through one of them.
 */
export interface ProbeRun {
  /** One client for each orderer; the client must honour `orderer` in a submit. */
  readonly clients: ReadonlyMap<string, LoadClient>;
  /** What is sent through an orderer, by the probe's number from 0. */
  readonly operation: (orderer: string, number: number) => PlannedOperation;
  /** Milliseconds between two probes through one orderer. */
  readonly interval?: number;
  /** Milliseconds after which a probe is given up; above the patience that the clients have of their own. */
  readonly timeout?: number;
  readonly history: History;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** So many that an account is used again only when its last transfer has committed or is lost. */
const ACCOUNTS = 20;
const BALANCE = 1_000_000;

/** What opens the probes' accounts, for `prepareLoad`. */
export function probeOpenings(
  prefix: string,
  orderers: Iterable<string>,
): { function: string; args: string[] }[] {
  return Array.from(orderers, (orderer) => ({
    function: 'openMany',
    args: [`${prefix}${orderer}-`, `${ACCOUNTS}`, 'Probe', `${BALANCE}`],
  }));
}

/**
 * Probes until the signal aborts; the answers are in the history, with intent `probe`.
 * @throws Error if the history cannot be written
 */
export async function runProbes(run: ProbeRun): Promise<void> {
  const { interval = 500, timeout = patient(15_000), history, clock } = run;
  const pace = { kind: 'rate', perSecond: 1_000 / interval } as const;
  await untilFirstError(
    Array.from(run.clients, ([orderer, client]) => async (signal: AbortSignal) => {
      const next = pacer(pace, clock, 0, 1);
      for (let number = 0; await clock.until(next(), signal); number += 1) {
        const operation = { ...run.operation(orderer, number), intent: 'probe', orderer };
        await perform({ history, clock, timeout }, client, operation);
      }
    }),
    run.signal,
  );
}

/**
 * The bank's probe: one unit between two accounts; the next round of the accounts gives it back.
 *
 * @param prefix start of the ids of the probes' own accounts
 */
export function bankProbe(prefix: string, orderer: string, number: number): PlannedOperation {
  const pairs = ACCOUNTS / 2;
  const first = 2 * (number % pairs);
  const ids = [`${prefix}${orderer}-${first}`, `${prefix}${orderer}-${first + 1}`];
  if (Math.floor(number / pairs) % 2 === 1) ids.reverse();
  return { intent: 'probe', function: 'transfer', args: [...ids, '1'] };
}
