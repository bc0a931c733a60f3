import { COMPONENT_LABEL } from './deploy.ts';
import type { ExecOptions } from './docker-api.ts';

/** What is needed of a machine. */
export interface LogKeeper {
  execOk(command: readonly string[], options?: ExecOptions): Promise<string>;
}

/** The log of a container that may be gone. */
export interface KeptLog {
  readonly component: string;
  /** The container's whole id. */
  readonly container: string;
  readonly log: Buffer;
}

/** Below the engine's data, on the same file system as the logs; on hosts that several networks use, each has its own. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
const FOLDER = 'harness-logs${HARNESS_NETWORK:+-$HARNESS_NETWORK}';
/** Milliseconds for reading the logs of a machine's ended containers. */
const READ_MS = 60_000;
/** What stands before each file in the reader's output; no line of JSON begins so. */
const MARK = '=== ';

/**
 * Sees to it that the logs of a component's containers outlive them: the Swarm removes all of them, with their tasks, as
 * soon as a service is scaled to none. Each file gets a second name, so what is still written is kept as well.
 *
 * @param machine whose engine logs into files (`json-file`)
 * @throws Error when the machine does not answer or a file cannot be kept
 */
export async function keepLogs(machine: LogKeeper, component: string): Promise<void> {
  await machine.execOk([
    'sh',
    '-ec',
    [
      `for id in $(docker ps -aq --no-trunc --filter label=${COMPONENT_LABEL}=${component}); do`,
      `log=$(docker inspect -f '{{.LogPath}}' "$id") || continue`,
      // One that the Swarm has just created, and not started, has written nothing yet, and has no file.
      '[ -n "$log" ] || continue',
      `folder=$(dirname "$(dirname "$(dirname "$log")")")/${FOLDER}`,
      'mkdir -p "$folder"',
      // One that has gone meanwhile is nobody's fault; that a file of one that is there cannot be kept, is.
      `ln -f "$log" "$folder/${component}~$id" || { docker inspect "$id" >/dev/null || continue; exit 1; }`,
      'done',
    ].join('\n'),
  ]);
}

/**
 * What {@link keepLogs} has kept on a machine, and forgets it there.
 *
 * @param since seconds since the epoch; older lines are left out
 * @returns also those without a newer line: a component that had nothing to say is not one whose log is missing
 * @throws Error when the machine does not answer
 */
export async function takeKeptLogs(machine: LogKeeper, since: number): Promise<KeptLog[]> {
  const text = await machine.execOk(
    [
      'sh',
      '-c',
      [
        `cd "$(docker info -f '{{.DockerRootDir}}')/${FOLDER}" 2>/dev/null || exit 0`,
        `for file in *~*; do [ -f "$file" ] || continue; echo "${MARK}$file"; cat "$file"; rm -f "$file"; done`,
      ].join('\n'),
    ],
    { budgetMs: READ_MS },
  );
  const kept: { component: string; container: string; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith(MARK)) {
      const [component = '', container = ''] = line.slice(MARK.length).split('~');
      kept.push({ component, container, lines: [] });
    } else if (line !== '') kept.at(-1)?.lines.push(...writtenSince(line, since));
  }
  return kept.map(({ component, container, lines }) => ({
    component,
    container,
    log: Buffer.from(lines.join('')),
  }));
}

/** One line of a `json-file` log: `{"log":"text\n","stream":"stdout","time":"2026-11-28T20:00:00.1Z"}`. */
function writtenSince(line: string, since: number): string[] {
  try {
    const { log, time } = JSON.parse(line) as { log?: string; time?: string };
    return Date.parse(time ?? '') / 1000 >= since ? [log ?? ''] : [];
  } catch {
    return []; // the engine was killed while it wrote
  }
}
