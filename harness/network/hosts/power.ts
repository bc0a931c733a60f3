import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { waitFor } from '../../base/wait.ts';
import { engineAnswers } from '../../swarm/engine-answers.ts';
import type { Power, PowerGuard } from '../port.ts';
import { hasHand } from './agent.ts';
import type { Host } from './hosts.ts';

/** The user's commands that take a host's power away and give it back, each a shell line on this host. */
export interface PowerCommands {
  readonly off: string;
  readonly on: string;
}

/** Milliseconds for a command of the user's. */
const COMMAND_MS = 120_000;
/** Milliseconds for an engine to be gone, and for the agent to have its hand there again. */
const GONE_MS = 30_000;
const HAND_MS = 60_000;

/**
 * Waits for the end of its input, and gives power back if no "release" came: `$0` is the command. It outlives the process
 * that holds its input.
 */
const WATCH = 'echo watching; read -r word; [ "$word" = release ] || eval "$0"';

/** A host's plug, in the user's hands: it can be pulled, and no host can be frozen or stopped in order. */
export function powerBy({ off, on }: PowerCommands, network: string, host: Host): Power {
  const { docker } = host.remote;
  const name = host.node.hostname;
  const cannot = (what: string) => async () => {
    throw new Error(`${name} cannot be ${what}: only its power is in the harness's hands here`);
  };
  return {
    id: host.node.id,
    state: async () => ((await engineAnswers(docker)) ? 'running' : 'stopped'),
    kill: async () => {
      await run(off);
      await waitFor(
        { subject: name, expected: 'no answer of its engine', budgetMs: GONE_MS },
        async () => ((await engineAnswers(docker)) ? undefined : true),
      );
    },
    stop: cannot('stopped in order'),
    pause: cannot('frozen'),
    unpause: async () => {}, // it never is
    start: async ({ budgetMs, signal }) => {
      await run(on);
      const wait = { subject: name, intervalMs: 300, ...(signal && { signal }) };
      await waitFor({ ...wait, expected: 'an answer of its engine', budgetMs }, async () =>
        (await engineAnswers(docker)) ? true : undefined,
      );
      await waitFor({ ...wait, expected: 'the hand of its agent', budgetMs: HAND_MS }, async () =>
        (await hasHand(network, host)) ? true : undefined,
      );
    },
    guard: async (heal) => {
      if (heal !== 'start') throw new Error(`${name} cannot be frozen here`);
      return guardBy(on);
    },
  };
}

async function run(command: string): Promise<void> {
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-500);
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_MS);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  clearTimeout(timer);
  if (code === 0) return;
  throw new Error(`${command}: expected exit code 0, seen ${code ?? signal}: ${said.trim()}`);
}

/** A small process that gives the power back should this one die. */
async function guardBy(on: string): Promise<PowerGuard> {
  const child = spawn('sh', ['-c', WATCH, on], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  child.stdin.on('error', () => {}); // it may have ended already
  await once(child.stdout, 'data');
  child.unref();
  child.stdout.destroy();
  return { release: () => void child.stdin.end('release\n') };
}
