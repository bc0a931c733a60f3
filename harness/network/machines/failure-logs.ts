import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type Docker from 'dockerode';
import { messageOf } from '../../base/errors.ts';
import { patient } from '../../base/patience.ts';
import { componentLogs, containerLog } from '../../swarm/logs.ts';
import type { Machine } from '../port.ts';
import { findObjects } from './objects.ts';

/** Enough for a bring-up, and no more than a report can carry, of each container. */
const TAIL = { lines: 20_000, bytes: 2_000_000 };
const BUDGET_MS = 10_000;

export interface FailureLogsOptions {
  /** The engine that the node containers run in. */
  readonly docker: Docker;
  /** Name of the network. */
  readonly name: string;
  /** The machines, if they came up; it has ended when something after it failed. */
  readonly starting: Promise<{ readonly nodes: readonly Pick<Machine, 'number' | 'docker'>[] }>;
  /** Made when there is something to keep. */
  readonly folder: string;
  /** The user's: whoever interrupts does not wait for logs. */
  readonly signal: AbortSignal;
  /** Milliseconds for everything. */
  readonly budgetMs?: number;
}

/**
 * Keeps what the parts of a network that did not come up have logged, before it is removed: of every component
 * (`orderer0.log`) and of the machines' own engines (`machine1.log`). Not after an interruption, and never at the
 * expense of the error: a log that cannot be had in time is left out.
 *
 * @param error why the network did not come up
 * @returns the same error, its message naming the folder, if anything is in it
 */
export async function keepLogs(error: unknown, options: FailureLogsOptions): Promise<unknown> {
  if (options.signal.aborted) return error;
  const { saved, missing } = await saveLogs(options);
  if (saved === 0) return error;
  const without = missing.length > 0 ? ` (incomplete: ${missing.join('; ')})` : '';
  return withNote(error, `; logs: ${options.folder}${without}`);
}

async function saveLogs(
  options: FailureLogsOptions,
): Promise<{ saved: number; missing: readonly string[] }> {
  const { docker, name, starting, folder, budgetMs = BUDGET_MS } = options;
  const ending = new AbortController();
  const { signal } = ending;
  let saved = 0;
  const missing = new Map<string, string>();
  const save = (file: string, log: Buffer) => {
    if (signal.aborted) return; // the error is on its way, and says what is there
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, file), log);
    saved += 1;
  };
  const attempt = async (what: string, work: () => Promise<void>) => {
    missing.set(what, `${what} did not answer in time`);
    try {
      await work();
      missing.delete(what);
    } catch (failure) {
      if (!signal.aborted) missing.set(what, `${what}: ${messageOf(failure)}`);
    }
  };
  const engines = async () => {
    let found: [number, string][] = [];
    await attempt('machines', async () => {
      const { machines } = await findObjects(docker, name);
      found = [...machines].map(([number, { Id }]) => [number, Id]);
    });
    await Promise.all(
      found.map(([number, id]) =>
        attempt(`engine of machine ${number}`, async () =>
          save(
            `machine${number}.log`,
            await containerLog(docker.getContainer(id), { tail: TAIL, signal }),
          ),
        ),
      ),
    );
  };
  const components = starting.then(
    ({ nodes }) =>
      Promise.all(
        nodes.map((node) =>
          attempt(`components of machine ${node.number}`, async () => {
            for await (const { component, log } of componentLogs(node.docker, {
              tail: TAIL,
              signal,
            })) {
              save(`${component}.log`, log);
            }
          }),
        ),
      ),
    () => undefined, // without machines there are no components
  );
  await within(Promise.all([engines(), components]), budgetMs, options.signal);
  ending.abort();
  return { saved, missing: [...missing.values()] };
}

/** Returns when the work has ended, when the time is up, or when the user does not want to wait. */
async function within(work: Promise<unknown>, budgetMs: number, user: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let end = () => {};
  const enough = new Promise<void>((resolve) => {
    end = resolve;
    timer = setTimeout(resolve, patient(budgetMs));
    user.addEventListener('abort', end, { once: true });
  });
  try {
    await Promise.race([work, enough]);
  } finally {
    clearTimeout(timer);
    user.removeEventListener('abort', end);
  }
}

/** Class, exit code and stack of an error stay: only its text tells more. */
function withNote(error: unknown, note: string): unknown {
  if (!(error instanceof Error)) return new Error(messageOf(error) + note);
  const { message, stack } = error;
  error.message = message + note;
  // What `--debug` prints; it has a copy of the message.
  if (stack && message) error.stack = stack.replace(message, () => message + note);
  return error;
}
