import type { LoadClient } from '../../workload/client.ts';
import type { Clock } from '../../workload/clock.ts';
import type { History } from '../../workload/history-writer.ts';
import { untilFirstError } from '../../workload/load.ts';
import { type PlannedOperation, perform } from '../../workload/operation.ts';
import { randomStream } from '../../workload/random.ts';
import type { CustomLoad } from './definition.ts';

export interface CustomLoadRun {
  readonly load: CustomLoad;
  readonly seed: number;
  readonly clients: readonly LoadClient[];
  readonly history: History;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Milliseconds after which a client stops waiting for an answer. */
  readonly timeout: number;
}

/** Runs an author's own calls in a closed loop, one operation in flight a client, until the signal aborts. */
export async function runCustomLoad(run: CustomLoadRun): Promise<void> {
  const { load, seed, clients, history, clock, timeout } = run;
  await untilFirstError(
    clients.map((client, index) => async (signal: AbortSignal) => {
      const random = randomStream(seed, `custom ${index}`);
      for (let number = 0; !signal.aborted; number += 1) {
        const call = load.next(index, number, () => random.fraction());
        await perform({ history, clock, timeout }, client, { intent: 'custom', ...call });
      }
    }),
    run.signal,
  );
}

/** Numbers of an author's operations that are probes begin here, and for each further orderer as much later. */
const PROBES_FROM = 1_000_000;

/** What measures recovery through each orderer for a load of the author's own. */
export function customProbe(
  load: CustomLoad,
  seed: number,
  orderers: readonly string[],
): (orderer: string, number: number) => PlannedOperation {
  const random = randomStream(seed, 'custom probes');
  return (orderer, number) => {
    const index = orderers.indexOf(orderer);
    const call =
      load.probe?.(orderer, number) ??
      load.next(index % load.clients, PROBES_FROM * (index + 1) + number, () => random.fraction());
    return { ...call, intent: 'probe' };
  };
}
