import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { ImageBuildError } from './model.ts';

/**
 * Runs "$@" in a process group of its own and kills the group when standard input ends. The kernel closes the pipe
 * when the harness dies, by SIGKILL too, so no compiler goes on for a minute without its harness.
 */
export const LEASHED = `exec 3<&0
(cat <&3 >/dev/null; kill -s KILL -- -$$) >/dev/null 2>&1 &
exec 3<&-
exec "$@" </dev/null`;

interface Ending {
  readonly code: number | null;
  readonly killed: NodeJS.Signals | null;
}

export interface ToolRun {
  /** What the output is for; named in errors. */
  readonly image: string;
  readonly log: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs a tool of the host, its output appended to a log file.
 *
 * @throws ImageBuildError when it ends with anything but 0; the signal's reason when it was aborted
 */
export async function runTool(command: readonly string[], run: ToolRun): Promise<void> {
  run.signal?.throwIfAborted();
  const log = createWriteStream(run.log, { flags: 'a' });
  log.write(`$ ${command.join(' ')}\n`);
  const child = spawn('sh', ['-c', LEASHED, 'sh', ...command], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(run.cwd ? { cwd: run.cwd } : {}),
    env: { ...process.env, ...run.env },
  });
  child.stdin.on('error', () => {}); // the leash is gone once the group is
  const outputs = Promise.all([finished(child.stdout), finished(child.stderr)]);
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const abort = (): void => {
    child.stdin.end();
  };
  run.signal?.addEventListener('abort', abort, { once: true });
  try {
    const { code, killed } = await new Promise<Ending>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, killed) => resolve({ code, killed }));
    });
    child.stdin.end();
    await outputs;
    log.end();
    await once(log, 'close');
    run.signal?.throwIfAborted();
    if (code === 0) return;
    const seen = killed ? `signal ${killed}` : `exit code ${code}`;
    throw buildError(run.image, `${seen} from ${command[0]}`, run.log, code ?? undefined);
  } finally {
    run.signal?.removeEventListener('abort', abort);
    log.destroy();
  }
}

/** An error that shows the end of a log. */
export function buildError(
  image: string,
  seen: string,
  log: string,
  exitCode?: number,
): ImageBuildError {
  let text = '';
  try {
    text = readFileSync(log, 'utf8');
  } catch {
    // nothing was written: the error says how it ended all the same
  }
  return new ImageBuildError(image, seen, lastLines(text), log, exitCode);
}

/** The last lines of a tool's output, without progress bars that overwrite themselves. */
export function lastLines(text: string, count = 15): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf('\r') + 1).trimEnd())
    .filter((line) => line !== '')
    .slice(-count);
}
