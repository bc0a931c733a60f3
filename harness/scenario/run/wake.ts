import { patient } from '../../base/patience.ts';
import { waitFor } from '../../base/wait.ts';
import type { LoadClient } from '../../workload/client.ts';
import type { History } from '../../workload/history-writer.ts';
import { type PlannedOperation, perform } from '../../workload/operation.ts';
import type { Session } from '../session.ts';

/** Milliseconds to come to rest without help, and how often help is given. */
const REST_MS = 10_000;
const ROUNDS = 3;
const PROBE_MS = 15_000;
/** Above the numbers of probes that a scenario sends while it is under load. */
const FIRST_NUMBER = 10_000;

/** What orderers are woken with. */
export interface Waking {
  readonly session: Pick<Session, 'network' | 'clock' | 'signal'>;
  readonly channel: string;
  /** One client for each orderer, which sends to no other. */
  readonly probes: ReadonlyMap<string, LoadClient>;
  readonly operation: (orderer: string, number: number) => PlannedOperation;
  readonly history: History;
}

/**
 * Sends a transaction through each orderer while they hold some that they would order only after another one. Once load
 * has ended nobody else would.
 */
export async function wake({ session, channel, probes, operation, history }: Waking) {
  const { network, clock, signal } = session;
  if (!network.ordering.sleeps) return;
  for (let round = 0; round < ROUNDS; round += 1) {
    const rests = await waitFor(
      {
        ...{ subject: `channel ${channel}`, expected: 'nothing that is held', budgetMs: REST_MS },
        ...{ intervalMs: 500, clock, signal },
      },
      () => network.ledgers.ready(channel).then(() => true),
    ).catch(() => false);
    signal.throwIfAborted();
    if (rests) return;
    const context = { history, clock, timeout: patient(PROBE_MS) };
    await Promise.all(
      [...probes].map(([orderer, client]) =>
        perform(context, client, {
          ...operation(orderer, FIRST_NUMBER + round),
          ...{ intent: 'probe', orderer },
        }),
      ),
    );
  }
}
