import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { waitFor } from '../../../base/wait.ts';
import { pingFailure } from '../../../engine/endpoint.ts';

/** An engine on this host such as a runner has one: not the harness's, and empty. */
export interface HostEngine extends AsyncDisposable {
  /** As DOCKER_HOST has it. */
  readonly host: string;
}

/**
 * Starts dockerd with folders of its own; needs root and a dockerd, which a private engine has brought.
 *
 * @param folder for data, sockets and log; short, because a socket's path may have 107 characters
 */
export async function startHostEngine(folder: string): Promise<HostEngine> {
  mkdirSync(folder, { recursive: true });
  const at = (name: string) => path.join(folder, name);
  const host = `unix://${at('docker.sock')}`;
  const log = openSync(at('log'), 'a');
  const engine = spawn(
    'dockerd',
    [
      ...['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid')],
      ...['--host', host, '--group', 'root'],
    ],
    { stdio: ['ignore', log, log] },
  );
  const ended = new Promise<void>((resolve) => engine.once('exit', () => resolve()));
  const dispose = async () => {
    engine.kill('SIGTERM');
    await ended;
  };
  try {
    await waitFor(
      {
        subject: 'engine of the runner',
        expected: 'an answer',
        budgetMs: 60_000,
        lookAt: at('log'),
      },
      async () => {
        if (engine.exitCode !== null) throw new Error(readFileSync(at('log'), 'utf8').slice(-500));
        const failure = await pingFailure(host);
        if (failure) throw new Error(failure);
        return true;
      },
    );
    return { host, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
