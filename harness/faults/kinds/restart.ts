import { waitFor } from '../../base/wait.ts';
import type { ComponentHandle } from '../../network/port.ts';
import { awaitRunning, componentsOnly, runningContainer } from '../components.ts';
import {
  type ActiveFault,
  combine,
  confirmed,
  expectThat,
  type Fault,
  type Measurement,
  notConfirmed,
  type Role,
} from '../model.ts';
import { BACK_MS } from './process.ts';

/** Milliseconds between SIGTERM and SIGKILL; a broker hands over its partitions in that time. */
const GRACE_MS = 12_000;

/**
 * Restarts components one after the other, as an administrator would for an update: SIGTERM, and on to the next once
 * Swarm has the component running and healthy again. It is in force while it rolls; the time to hold comes after.
 *
 * Confirmed when each component runs in another container than before.
 */
export function restartInTurn(role: Role): Fault {
  return {
    kind: 'restartInTurn',
    text: 'restart in turn',
    role,
    available: async () => undefined,
    async prepare(context, targets): Promise<ActiveFault> {
      const handles = componentsOnly('restartInTurn', targets);
      const before = new Map<string, string>();
      return {
        inject: async () => {
          for (const handle of handles) {
            context.signal.throwIfAborted();
            const { id, pid } = await runningContainer(handle);
            before.set(handle.name, id);
            await handle.machine.execOk(['kill', '-TERM', String(pid)]);
            await ended(() => handle.container(), id, handle.name).catch(() =>
              handle.machine.exec(['kill', '-9', String(pid)]),
            );
            const options = { budgetMs: BACK_MS, unlike: id, signal: context.signal };
            await awaitRunning(handle, options);
          }
        },
        verify: async () =>
          combine(
            await Promise.all(
              handles.map(async (handle): Promise<Measurement> => {
                const facts = await handle.container();
                const old = before.get(handle.name);
                const renewed = facts?.running === true && old !== undefined && facts.id !== old;
                return expectThat(
                  renewed,
                  `${handle.name} ${renewed ? 'runs in a new container' : 'was not restarted'}`,
                );
              }),
            ),
          ),
        // Swarm starts what has been ended, whoever lives.
        heal: async () => {},
        verifyHealed: async () =>
          combine(
            await Promise.all(
              handles.map((handle) =>
                awaitRunning(handle, { budgetMs: BACK_MS }).then(
                  () => confirmed(`${handle.name} runs`),
                  (error: unknown) => notConfirmed(String(error)),
                ),
              ),
            ),
          ),
      };
    },
  };
}

const ended = (look: () => ReturnType<ComponentHandle['container']>, id: string, subject: string) =>
  waitFor(
    { subject, expected: 'an end after SIGTERM', budgetMs: GRACE_MS, intervalMs: 100 },
    async () => {
      const facts = await look();
      if (facts?.id === id && facts.running) throw new Error('it still runs');
      return true;
    },
  );
