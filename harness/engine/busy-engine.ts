import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A process as far as it is looked at here. */
export interface EngineProcess {
  readonly pid: number;
  readonly arguments: readonly string[];
}

/**
 * The engine of this system, if one runs that does not answer: it is starting, hangs, or belongs to a socket that
 * systemd holds. A second one beside it would share its bridge and its packet filter rules.
 *
 * @param processes those called dockerd in this network namespace
 */
export function busyEngine(processes: readonly EngineProcess[] = engines()): number | undefined {
  return processes.find((engine) => servesTheSystem(engine.arguments))?.pid;
}

/** Whether an engine is that of the default socket, and not one that somebody gave sockets of its own. */
function servesTheSystem(args: readonly string[]): boolean {
  const hosts = args.flatMap((argument, index) => {
    const [, value] = /^(?:-H|--host)(?:=(.*))?$/.exec(argument) ?? [];
    if (value !== undefined) return [value];
    return /^(?:-H|--host)$/.test(argument) ? [args[index + 1] ?? ''] : [];
  });
  const usual = (host: string) =>
    host.startsWith('fd:') || /^unix:\/\/(\/var)?\/run\/docker\.sock$/.test(host);
  return hosts.length === 0 || hosts.some(usual);
}

/** Engines of other network namespaces, such as those inside the machines of a network, are left out. */
function engines(): EngineProcess[] {
  const here = namespaceOf('self');
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        if (readFileSync(`/proc/${pid}/comm`, 'utf8').trim() !== 'dockerd') return [];
        if (namespaceOf(pid) !== here) return [];
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean);
        return [{ pid: Number(pid), arguments: words.slice(1) }];
      } catch {
        return []; // ended meanwhile, or not ours to look at
      }
    });
}

const namespaceOf = (pid: string) => readlinkSync(`/proc/${pid}/ns/net`);
