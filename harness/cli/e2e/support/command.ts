import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectFolder } from '../../../base/project.ts';

/** How a command ended. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface RunningCommand {
  readonly child: ChildProcess;
  /** Also the id of its process group. */
  readonly pid: number;
  readonly ended: Promise<Outcome>;
  /** Resolves when it has told this on standard error, however it breaks lines. @throws Error when it ends without */
  told(text: RegExp): Promise<void>;
}

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Words before `node`, e.g. `setpriv …`. */
  readonly through?: readonly string[];
}

const BIN = path.join(projectFolder, 'harness/cli/bin.js');

/** Starts `harness` in a process group of its own, as a terminal does. */
export function start(args: readonly string[], options: CommandOptions = {}): RunningCommand {
  return startProgram([...(options.through ?? []), process.execPath, BIN, ...args], options);
}

/** Starts any program in a process group of its own. */
export function startProgram(
  command: readonly string[],
  options: CommandOptions = {},
): RunningCommand {
  const [program = '', ...rest] = command;
  const begun = performance.now();
  // Settings of the caller would change what is tested; which engine to use is the caller's to say.
  const inherited = Object.entries(process.env).filter(
    ([key]) => !/^(HARNESS_|npm_)/.test(key) || key === 'HARNESS_CACHE_DIR',
  );
  const child = spawn(program, rest, {
    cwd: options.cwd ?? projectFolder,
    env: { ...Object.fromEntries(inherited), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Outcome>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve({ code, signal, stdout, stderr, seconds: (performance.now() - begun) / 1000 }),
    );
  });
  if (!child.pid) throw new Error(`${program}: expected a process, seen none`);
  const told = (text: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (text.test(stderr.replace(/\s+/g, ' '))) resolve();
      };
      child.stderr?.on('data', look);
      look();
      void ended.then(() => reject(new Error(`expected ${text}, seen ${stderr}`)), reject);
    });
  return { child, pid: child.pid, ended, told };
}

/** Runs `harness` to its end. */
export function harness(args: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  return start(args, options).ended;
}

/** {@link harness}, for commands that must succeed. */
export async function succeed(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Outcome> {
  const outcome = await harness(args, options);
  if (outcome.code !== 0) {
    throw new Error(
      `harness ${args.join(' ')}: expected exit code 0, seen ${outcome.code ?? outcome.signal}\n` +
        `${outcome.stderr}${outcome.stdout}`,
    );
  }
  return outcome;
}

/** A folder that goes with its scope. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'harness-e2e-'));
  return {
    path: folder,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
