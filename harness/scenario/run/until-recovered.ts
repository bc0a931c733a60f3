import type { History } from '../../workload/history-writer.ts';
import type { Session } from '../session.ts';
import type { ScenarioClients } from './clients.ts';

/** Waits until a commit was seen through each orderer after the last heal, or the budget is used up. */
export async function untilRecovered(
  session: Session,
  history: History,
  clients: ScenarioClients,
  budgetMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = session;
  const healedAt = clock.now();
  const missing = new Set(clients.probes.keys());
  const recovered = new AbortController();
  const accepted = new Map<number, number>();
  const unsubscribe = history.subscribe((record) => {
    if (record.type === 'invoke') accepted.set(record.operation, record.at);
    if (record.type !== 'complete' || record.outcome !== 'ok' || !record.orderer) return;
    const taken = record.acknowledgedAt ?? accepted.get(record.operation) ?? 0;
    if (taken >= healedAt) missing.delete(record.orderer);
    if (missing.size === 0) recovered.abort();
  });
  try {
    await clock.until(healedAt + budgetMs, AbortSignal.any([signal, recovered.signal]));
  } finally {
    unsubscribe();
  }
}
