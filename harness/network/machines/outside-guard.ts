import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type Docker from 'dockerode';
import type { PowerGuard } from '../port.ts';
import type { WatchRequest } from './outside-watch.ts';

const WATCH = fileURLToPath(new URL('./outside-watch.ts', import.meta.url));

/**
 * The guard of faults that take a whole machine: nothing inside a dead or frozen machine can bring it back, so a small
 * process beside the harness waits for the harness's end and does it. It ends by itself in any case.
 *
 * Starts the process and waits until it watches.
 *
 * @param container the machine's, in the outer engine
 * @param heal what it does to the container should this process die
 * @throws Error when the process cannot be started
 */
export async function guardFromOutside(
  container: Docker.Container,
  heal: WatchRequest['heal'],
): Promise<PowerGuard> {
  // A process group of its own: Ctrl-C is for the harness, which heals by itself.
  const child = spawn(process.execPath, [WATCH], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => {}); // the process may have ended already
  const request: WatchRequest = { engine: engineOf(container), container: container.id, heal };
  child.stdin.write(`${JSON.stringify(request)}\n`);
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the watch over ${container.id.slice(0, 12)} ended with exit code ${code}`);
  });
  ended.catch(() => {});
  await Promise.race([once(child.stdout, 'data'), ended]);
  child.unref();
  child.stdout.destroy();
  return {
    release: () => {
      child.stdin.end('release\n');
    },
  };
}

/** The options with which the client of a container was made; declared as `any` by the library. */
function engineOf(container: Docker.Container): Docker.DockerOptions {
  const { socketPath, protocol, host, port, ca, cert, key, sshOptions } = container.modem;
  return Object.fromEntries(
    Object.entries({ socketPath, protocol, host, port, ca, cert, key, sshOptions }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}
