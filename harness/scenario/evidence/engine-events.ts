import { appendTo, paths } from '../../audit/evidence.ts';
import type { EngineEvent } from '../../audit/recording.ts';
import { messageOf } from '../../base/errors.ts';
import type { AppendFile } from '../../base/files.ts';
import { MACHINE_LABEL } from '../../engine/labels.ts';
import { COMPONENT_LABEL } from '../../swarm/deploy.ts';
import type { Clock } from '../../workload/clock.ts';
import type { Session } from '../session.ts';

/** An engine that can be listened to. */
export interface EventSource {
  readonly engine: string;
  /** Events from a time on, in milliseconds since the epoch, as JSON a line, until the signal aborts. */
  open(since: number, signal: AbortSignal): Promise<AsyncIterable<Buffer>>;
}

/**
 * A stream is given up and opened anew after this time, in ms: one to a machine that has lost its plug stays open for
 * ever, and is as silent as that of a machine in which nothing happens.
 */
const RENEW_MS = 10_000;
/** Milliseconds before an engine that does not answer is asked again. */
const RETRY_MS = 500;
/** Asked for once more after a break, in ms; what was seen already is passed over. */
const OVERLAP_MS = 50;
/** What is kept of an event; containers have all their labels among its attributes. */
const ATTRIBUTES = [
  ...['name', 'image', 'exitCode', 'signal', 'execDuration', 'container', 'type'],
  ...['com.docker.swarm.task.name', 'state.old', 'state.new', 'replicas.old', 'replicas.new'],
];

/** Events of the network's engines. */
export function eventSources({ network }: Pick<Session, 'network'>): EventSource[] {
  return network.engines.map(({ name, docker, filters }) => ({
    engine: name,
    open: async (since, abortSignal) =>
      (await docker.getEvents({
        since: since / 1_000,
        abortSignal,
        ...(filters ? { filters } : {}),
      })) as unknown as AsyncIterable<Buffer>,
  }));
}

/** Listens to engines for as long as a scenario lasts, whatever becomes of them meanwhile. */
export class EngineEvents implements AsyncDisposable {
  /** All that was recorded, in the order in which it came. */
  readonly events: EngineEvent[] = [];
  readonly #controller = new AbortController();
  readonly #clock: Clock;
  /** Milliseconds since the epoch when the run's clock was at 0. */
  readonly #origin: number;
  readonly #file: Pick<AppendFile, 'line'> & Disposable;
  readonly #followers: readonly Promise<void>[];

  /** @param epoch milliseconds since the epoch at this moment */
  constructor(
    sources: readonly EventSource[],
    clock: Clock,
    file: Pick<AppendFile, 'line'> & Disposable,
    epoch: number,
  ) {
    this.#clock = clock;
    this.#origin = epoch - clock.now();
    this.#file = file;
    this.#followers = sources.map((source) => this.#follow(source, epoch));
  }

  /** Records into the scenario's folder. */
  static start(session: Session, folder: string): EngineEvents {
    const file = appendTo(paths.engineEvents(folder));
    return new EngineEvents(eventSources(session), session.clock, file, Date.now());
  }

  /** Ends the recording. May be called more than once. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#controller.signal.aborted) return;
    this.#controller.abort();
    await Promise.allSettled(this.#followers);
    this.#file[Symbol.dispose]();
  }

  async #follow(source: EventSource, epoch: number): Promise<void> {
    const { signal } = this.#controller;
    const { engine } = source;
    const seen = new Set<string>();
    let since = epoch;
    let silent = false;
    const read = async (turn: AbortSignal) => {
      const stream = await source.open(since, turn);
      for await (const line of lines(stream)) {
        const raw = JSON.parse(line) as RawEvent;
        const time = (raw.timeNano ?? 0) / 1e6;
        const key = `${raw.timeNano} ${raw.Type} ${raw.Action} ${raw.Actor?.ID}`;
        if (seen.has(key)) continue;
        seen.add(key);
        since = Math.max(since, Math.floor(time) - OVERLAP_MS);
        const event = told(raw, engine, time - this.#origin);
        if (event !== undefined) this.#record(event);
        if (silent) this.#remark(engine, 'answers again');
        silent = false;
      }
    };
    while (!signal.aborted) {
      const renewal = new AbortController();
      const turn = AbortSignal.any([signal, renewal.signal]);
      const timer = this.#clock
        .until(this.#clock.now() + RENEW_MS, turn)
        .then(() => renewal.abort());
      const failure = await read(turn).then(() => 'its stream ended', messageOf);
      const renewed = renewal.signal.aborted;
      renewal.abort();
      await timer;
      if (signal.aborted || renewed) continue;
      if (!silent) this.#remark(engine, 'does not answer', failure);
      silent = true;
      await this.#clock.until(this.#clock.now() + RETRY_MS, signal);
    }
  }

  #remark(engine: string, action: string, reason?: string): void {
    const attributes = reason === undefined ? {} : { attributes: { reason } };
    this.#record({ at: this.#clock.now(), engine, type: 'stream', action, ...attributes });
  }

  #record(event: EngineEvent): void {
    this.events.push(event);
    this.#file.line(event);
  }
}

interface RawEvent {
  readonly Type?: string;
  readonly Action?: string;
  readonly timeNano?: number;
  readonly Actor?: { readonly ID?: string; readonly Attributes?: Record<string, string> };
}

/** @returns nothing for commands that are run in containers: health checks by the thousand, and their arguments */
function told(
  { Type = '', Action = '', Actor }: RawEvent,
  engine: string,
  at: number,
): EngineEvent | undefined {
  if (Action.startsWith('exec_')) return undefined;
  const all = Actor?.Attributes ?? {};
  const component = all[COMPONENT_LABEL];
  const machine = all[MACHINE_LABEL];
  const kept = ATTRIBUTES.flatMap((name) => {
    const value = all[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    at: Math.round(at * 1_000) / 1_000,
    engine,
    type: Type,
    action: Action,
    ...(component === undefined ? {} : { component }),
    ...(machine === undefined ? {} : { machine: Number(machine) }),
    ...(Actor?.ID === undefined ? {} : { id: Actor.ID.slice(0, 12) }),
    ...(kept.length === 0 ? {} : { attributes: Object.fromEntries(kept) }),
  };
}

async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      const line = rest.toString('utf8', 0, end).trim();
      rest = rest.subarray(end + 1);
      if (line !== '') yield line;
    }
  }
}
