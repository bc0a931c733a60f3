import type Docker from 'dockerode';
import { COMPONENT_LABEL } from './deploy.ts';
import { frames } from './docker-api.ts';

export interface LogOptions {
  /** Seconds since the epoch. */
  readonly since?: number;
  /** Only the last lines of each container, and of these at most so many bytes. */
  readonly tail?: { readonly lines: number; readonly bytes: number };
  readonly signal?: AbortSignal;
}

/** What a component has logged; of several containers the oldest first. */
export interface ComponentLog {
  readonly component: string;
  readonly log: Buffer;
  /** Ids of the containers that it is of; one that has gone meanwhile is not among them. */
  readonly containers: readonly string[];
}

/**
 * The logs of all components of a machine, one after the other, so that what has come is there when the rest does not
 * come; containers that have ended included.
 *
 * @throws what the machine's engine answers, except that a container has gone
 */
export async function* componentLogs(
  docker: Docker,
  options: LogOptions = {},
): AsyncGenerator<ComponentLog> {
  const containers = await docker.listContainers({
    all: true,
    filters: { label: [COMPONENT_LABEL] },
    ...withSignal(options),
  });
  const byComponent = Map.groupBy(
    containers.toSorted((a, b) => a.Created - b.Created),
    ({ Id, Labels }) => Labels[COMPONENT_LABEL] ?? Id.slice(0, 12),
  );
  for (const [component, ofComponent] of byComponent) {
    const parts: Buffer[] = [];
    const read: string[] = [];
    for (const { Id } of ofComponent) {
      const log = await containerLog(docker.getContainer(Id), options).catch(unlessGone);
      if (log === undefined) continue;
      parts.push(log);
      read.push(Id);
    }
    yield { component, log: Buffer.concat(parts), containers: read };
  }
}

/** What a container has written to standard output and error, in the order in which it was written. */
export async function containerLog(
  container: Docker.Container,
  options: LogOptions = {},
): Promise<Buffer> {
  const { since, tail } = options;
  const log = await container.logs({
    stdout: true,
    stderr: true,
    follow: false,
    ...(since === undefined ? {} : { since }),
    ...(tail === undefined ? {} : { tail: tail.lines }),
    ...withSignal(options),
  });
  const parts: Buffer[] = [];
  for await (const { data } of frames([log] as unknown as AsyncIterable<Buffer>)) parts.push(data);
  const whole = Buffer.concat(parts);
  return tail === undefined ? whole : lastBytes(whole, tail.bytes);
}

const withSignal = ({ signal }: LogOptions) => (signal ? { abortSignal: signal } : {});

/** Whole lines, unless the last line alone is longer. */
function lastBytes(log: Buffer, bytes: number): Buffer {
  if (log.length <= bytes) return log;
  const end = log.subarray(log.length - bytes);
  const line = end.indexOf('\n') + 1;
  return line < end.length ? end.subarray(line) : end;
}

/** "No such container" and "marked for removal": a task that was replaced meanwhile has no log any more. */
function unlessGone(error: unknown): undefined {
  const status = (error as { statusCode?: number }).statusCode;
  if (status !== 404 && status !== 409) throw error;
  return undefined;
}
