import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { paths } from '../../audit/evidence.ts';
import { judge } from '../../audit/judge.ts';
import type { ScenarioPlace } from '../../audit/recording.ts';
import type { ScenarioResult } from '../../audit/result.ts';
import { messageOf } from '../../base/errors.ts';
import { componentsOf } from '../../topology/components.ts';
import { COMPLETE, INTERRUPTED, TIMED_OUT } from '../../workload/history.ts';
import { History } from '../../workload/history-writer.ts';
import { saveLogs } from '../evidence/collect.ts';
import { EngineEvents } from '../evidence/engine-events.ts';
import type { Session } from '../session.ts';
import { update } from './declared.ts';
import { narrator } from './narration.ts';

/** What is written to while something runs. */
export interface Record {
  /** Of the evidence. */
  readonly folder: string;
  readonly history: History;
}

/**
 * Does something on the network and leaves evidence of it, whatever becomes of it: a scenario's work, or a check's.
 *
 * @returns what the judge makes of the evidence
 */
export async function recorded(
  session: Session,
  place: ScenarioPlace,
  work: (record: Record) => Promise<void>,
): Promise<ScenarioResult> {
  const { clock, signal, runFolder } = session;
  const folder = path.join(runFolder, place.folder);
  mkdirSync(folder, { recursive: true });
  const { machines, topology } = session.network;
  const components = machines.length === 0 ? [] : componentsOf(topology);
  update(runFolder, place, {
    components: components.map(({ name, machine }) => ({ name, machine })),
  });
  const since = Math.floor(Date.now() / 1000) - 1;
  const history = History.create(paths.history(folder), clock);
  if (session.tell) history.subscribe(narrator(place, clock.now(), session.tell));
  try {
    const engines = EngineEvents.start(session, folder);
    try {
      await work({ folder, history });
    } catch (error) {
      history.trouble(messageOf(error));
      if (signal.aborted) {
        if (isTimeout(signal.reason)) history.mark(TIMED_OUT);
        history.mark(INTERRUPTED);
      }
    }
    await engines[Symbol.asyncDispose]();
    await saveLogs(session, folder, since).catch((error) =>
      history.trouble(`logs: ${messageOf(error)}`),
    );
    history.mark(COMPLETE);
  } finally {
    history.close();
  }
  return judge(folder);
}

/** By its name: a reason from another context is no instance of this one's DOMException. */
const isTimeout = (reason: unknown): boolean =>
  (reason as { readonly name?: unknown } | null)?.name === 'TimeoutError';
