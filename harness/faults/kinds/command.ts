import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { messageOf } from '../../base/errors.ts';
import {
  type ActiveFault,
  expectThat,
  type Fault,
  type Measurement,
  notConfirmed,
} from '../model.ts';

/** A fault by commands of the author's, each a line for `sh`. */
export interface CommandOptions {
  /** What it does, and to whom, e.g. `delete pod of orderer2`. */
  readonly name: string;
  readonly inject: string;
  /** Ends with 0 while the fault is in force, with another code while it is not. */
  readonly verify: string;
  /** Must be idempotent: it is also run when the harness is gone, or `inject` has failed half-way. */
  readonly heal: string;
}

/** Milliseconds for one command, and for a measurement to become what it should. */
const COMMAND_MS = 60_000;
const VERIFY_MS = 30_000;
const VERIFY_HEALED_MS = 80_000;
const INTERVAL_MS = 500;

/** Waits for a line; without one, because whoever would write it is gone, it heals. Argument: the heal. */
const GUARD = 'read -r line; [ "$line" = healed ] || sh -c "$1"';

/**
 * A fault that commands of the author's inject, verify and heal: for networks whose components the harness does not
 * reach. The heal is left with a process of its own before anything is injected; that runs it, should the harness die.
 */
export function command(options: CommandOptions): Fault {
  const { name, inject, verify, heal } = options;
  return {
    kind: 'command',
    text: `command: ${name}`,
    role: { text: name, resolve: async () => [{ type: 'named', name }] },
    available: async () => undefined,
    prepare: async ({ signal }): Promise<ActiveFault> => {
      let guard: ChildProcess | undefined;
      const until = async (inForce: boolean, budgetMs: number): Promise<Measurement> => {
        const end = performance.now() + budgetMs;
        for (;;) {
          const seen = await run(verify, COMMAND_MS);
          if ((seen.code === 0) === inForce) {
            return expectThat(true, `\`${verify}\` ended with ${seen.code}${seen.told}`);
          }
          if (performance.now() > end || (inForce && signal.aborted)) {
            const expected = inForce ? '0' : 'another code than 0';
            return notConfirmed(
              `\`${verify}\`: expected ${expected} within ${budgetMs / 1_000} s, seen ${seen.code}${seen.told}`,
            );
          }
          await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
        }
      };
      return {
        async inject() {
          guard = spawn('sh', ['-c', GUARD, 'guard', heal], {
            detached: true,
            stdio: ['pipe', 'ignore', 'ignore'],
          });
          guard.stdin?.on('error', () => undefined); // it may have ended
          await succeed('inject', inject);
        },
        verify: () => until(true, VERIFY_MS),
        async heal() {
          await succeed('heal', heal);
          guard?.stdin?.end('healed\n');
        },
        verifyHealed: () => until(false, VERIFY_HEALED_MS),
      };
    },
  };
}

async function succeed(what: string, line: string): Promise<void> {
  const { code, told } = await run(line, COMMAND_MS);
  if (code !== 0) {
    throw new Error(`${what} \`${line}\`: expected it to end with 0, seen ${code}${told}`);
  }
}

function run(line: string, budgetMs: number) {
  return new Promise<{ readonly code: number | string; readonly told: string }>((resolve) => {
    execFile('sh', ['-c', line], { timeout: budgetMs }, (error, stdout, stderr) => {
      const text = `${stdout}${stderr}`.trim().split('\n').at(-1) ?? '';
      const told = text === '' ? '' : `: ${text.slice(0, 200)}`;
      const code = error === null ? 0 : (error.code ?? error.signal ?? messageOf(error));
      resolve({ code, told });
    });
  });
}
