import type Docker from 'dockerode';
import { after } from '../../fabric-client/until.ts';
import { patient } from '../base/patience.ts';
import { waitFor } from '../base/wait.ts';

/** Milliseconds in which a living engine answers a ping. */
const PING_MS = 1_000;

/** Whether the engine inside a machine answers within a second; one that is frozen accepts and says nothing. */
export async function engineAnswers(docker: Docker): Promise<boolean> {
  // The library's declarations lack the options that its code has.
  const ping = docker.ping as (options: { abortSignal: AbortSignal }) => Promise<unknown>;
  const answer = ping.call(docker, { abortSignal: AbortSignal.timeout(patient(PING_MS)) }).then(
    () => true,
    () => false,
  );
  return (await Promise.race([answer, after(patient(PING_MS) + 500)])) ?? false;
}

/** What is needed of a machine to wait for its engine. */
export interface EngineOfMachine {
  readonly number: number;
  readonly address: string;
  /** The node container, in the outer engine. */
  readonly container: Docker.Container;
  /** The engine inside. */
  readonly docker: Docker;
}

/**
 * Waits until the engine inside a machine answers.
 *
 * @throws DeadlineError saying how the node container is, or that its engine is silent
 */
export async function awaitEngine(
  { number, address, container, docker }: EngineOfMachine,
  options: {
    readonly budgetMs: number;
    readonly intervalMs?: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<void> {
  const { budgetMs, intervalMs = 100, signal } = options;
  await waitFor(
    {
      subject: `engine of machine ${number}`,
      expected: `an answer from ${address}`,
      budgetMs,
      intervalMs,
      lookAt: `docker logs ${container.id.slice(0, 12)}`,
      ...(signal && { signal }),
    },
    async () => {
      if (await engineAnswers(docker)) return true;
      const { State } = await container.inspect();
      throw new Error(
        State.Running
          ? 'the node container runs, its engine is silent'
          : `the node container is ${State.Status}, exit code ${State.ExitCode}`,
      );
    },
  );
}
