import { readFileSync } from 'node:fs';

/** What is known about a process: its parent and the name it goes by. */
export interface ProcessFacts {
  readonly parent: number;
  readonly name: string;
}

/** Reads `/proc/PID/stat`; `undefined` when there is no such process, or no such file system. */
export function factsOf(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const close = stat.lastIndexOf(')');
    const parent = Number(stat.slice(close + 2).split(' ')[1]);
    return { parent, name: stat.slice(stat.indexOf('(') + 1, close) };
  } catch {
    return undefined;
  }
}

/** Between this process and npm there may be the launcher of bin.js and a shell or two. */
const FURTHEST = 4;

/**
 * The processes from this one up to the one that stands for the command as it was typed: npm or npx (which name
 * themselves so), else the launcher in bin.js. Whatever is above it, such as a shell, may end without meaning us.
 *
 * @param launcher process id that bin.js has passed on
 */
export function chainToLauncher(
  self: number,
  launcher: number | undefined,
  facts: (pid: number) => ProcessFacts | undefined = factsOf,
): number[] {
  const chain = [self];
  let length = 0;
  for (let pid = facts(self)?.parent; pid && chain.length <= FURTHEST; pid = facts(pid)?.parent) {
    chain.push(pid);
    if (pid === launcher || /^np[mx]\b/.test(facts(pid)?.name ?? '')) length = chain.length;
  }
  return chain.slice(0, length);
}

/** Whether each process of a chain is still the child of the next. */
export function isWhole(
  chain: readonly number[],
  facts: (pid: number) => ProcessFacts | undefined = factsOf,
): boolean {
  return chain.every((pid, i) => i + 1 === chain.length || facts(pid)?.parent === chain[i + 1]);
}

const INTERVAL_MS = 500;

/** Calls back once when npm or the launcher has died: who kills it means the command, which it cannot pass on. */
export function watchLauncher(env: NodeJS.ProcessEnv, onGone: () => void): void {
  const { FABRIC_SWARM_HARNESS_LAUNCHER: launcher } = env;
  const chain = chainToLauncher(process.pid, launcher ? Number(launcher) : undefined);
  if (chain.length === 0) return;
  const timer = setInterval(() => {
    if (isWhole(chain)) return;
    clearInterval(timer);
    onGone();
  }, INTERVAL_MS).unref();
}
