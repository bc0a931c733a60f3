import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { createInterface } from 'node:readline';
import type Docker from 'dockerode';
import { waitFor } from '../base/wait.ts';
import {
  type HolderRole,
  NETWORK_LABEL,
  OWNER_LABEL,
  ROLE_LABEL,
  RUN_LABEL,
} from '../engine/labels.ts';

/** Seconds between the harness's death and the reaper's sweep. */
const RECONNECTION_TIMEOUT = '5s';
/** Milliseconds in which a reaper that was made runs, and in which it is clear whose the name is. */
export const STARTED_WITHIN_MS = 15_000;
const CLAIM_MS = 30_000;

export interface ReaperRequest {
  /** The engine that the machines run in, and where it answers. */
  readonly engine: { readonly docker: Docker; readonly host: string };
  readonly image: string;
  /** The network's name. */
  readonly network: string;
  /** Id of the bring-up or test run; what carries it goes with this process. */
  readonly run: string;
  /** This process's command in words, for those who find the network taken. */
  readonly command: string;
  /**
   * `reaper`, which binds the network, unless told. `user` says that this process alone uses a network that is bound to
   * nobody; nothing carries its run.
   */
  readonly role?: HolderRole;
}

/**
 * Removes everything that carries the run's label once this process is gone, however it went. It listens to this
 * process alone: each line begins with a token of this run, and testcontainers programs don't take it for theirs.
 *
 * It is also what binds a network to a process, for every process that uses the engine, from whatever host or container:
 * its name is the network's, and an engine has one container of a name. Who removes it ends the process's claim.
 */
export class Reaper {
  readonly #socket: Socket;
  readonly #answers: AsyncIterator<string>;
  readonly #container: Docker.Container;
  readonly #token: string;
  readonly #lost = new AbortController();
  #ended = false;

  private constructor(socket: Socket, container: Docker.Container, token: string) {
    this.#socket = socket;
    this.#token = token;
    this.#container = container;
    socket.on('close', () => {
      if (!this.#ended) this.#lost.abort();
    });
    this.#answers = createInterface({ input: socket })[Symbol.asyncIterator]();
  }

  /**
   * Starts the reaper and tells it what to watch, before anything else of the run exists.
   *
   * @returns `undefined` when another process has a reaper of this role
   */
  static async start({
    engine: { docker, host },
    image,
    network,
    run,
    command,
    role = 'reaper',
  }: ReaperRequest): Promise<Reaper | undefined> {
    const token = randomBytes(24).toString('hex');
    const definition = {
      name: `${network}-${role}`,
      Image: image,
      Labels: {
        [NETWORK_LABEL]: network,
        [RUN_LABEL]: run,
        [ROLE_LABEL]: role,
        [OWNER_LABEL]: `process ${process.pid} on ${hostname()} (${command})`,
      },
      // It waits a little longer for its first client than that client, below, for it.
      Env: [
        `REAPER_TOKEN=${token}`,
        `REAPER_RECONNECTION_TIMEOUT=${RECONNECTION_TIMEOUT}`,
        'REAPER_CONNECTION_TIMEOUT=12s',
      ],
      ExposedPorts: { '8080/tcp': {} },
      HostConfig: {
        AutoRemove: true,
        Binds: [`${socketOf(host)}:/var/run/docker.sock`],
        PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
      },
    };
    const container = await claim(docker, definition);
    if (!container) return undefined;
    await container.start();
    const port = Number(
      (await container.inspect()).NetworkSettings.Ports['8080/tcp']?.[0]?.HostPort,
    );
    // The engine's proxy accepts connections before the reaper listens, so only an answer counts.
    return waitFor(
      {
        subject: 'reaper',
        expected: `an ACK from port ${port}`,
        budgetMs: 10_000,
        intervalMs: 30,
      },
      async () => {
        const reaper = new Reaper(await open(port), container, token);
        await reaper.#say(`label=${encodeURIComponent(`${RUN_LABEL}=${run}`)}`);
        return reaper;
      },
    );
  }

  /** Its container. */
  get id(): string {
    return this.#container.id;
  }

  /** Aborts when the reaper goes without having been told to: the network is not this process's any more. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** The network outlives this process from now on. */
  async release(): Promise<void> {
    this.#ended = true;
    await this.#say('release');
    this.#socket.destroy();
  }

  /** Ends the reaper without a sweep of its own, after an orderly teardown. */
  async dismiss(): Promise<void> {
    this.#ended = true;
    this.#socket.destroy();
    await this.#container.remove({ force: true }).catch(() => undefined);
  }

  async #say(line: string): Promise<void> {
    this.#socket.write(`${this.#token} ${line}\n`);
    const answer = await this.#answers.next();
    if (answer.value !== 'ACK')
      throw new Error(`reaper: expected ACK to "${line}", seen "${answer.value}"`);
  }
}

/**
 * Makes the container unless another one has its name.
 *
 * @returns `undefined` when that one runs; one that has ended, or that was never started, is in nobody's name
 */
async function claim(
  docker: Docker,
  definition: Docker.ContainerCreateOptions & { readonly name: string },
): Promise<Docker.Container | undefined> {
  const { name } = definition;
  const made = await waitFor(
    { subject: name, expected: 'its name free, or taken', budgetMs: CLAIM_MS, intervalMs: 200 },
    async (): Promise<{ readonly container?: Docker.Container }> => {
      try {
        return { container: await docker.createContainer(definition) };
      } catch (error) {
        if ((error as { statusCode?: number }).statusCode !== 409) throw error;
      }
      const other = docker.getContainer(name);
      const { State, Created } = await other.inspect();
      if (State.Running) return {};
      // The process that has just made it will start it.
      const isOld = Date.now() - Date.parse(Created) > STARTED_WITHIN_MS;
      if (isOld || State.Status === 'exited') await other.remove({ force: true });
      throw new Error(`${name} is ${State.Status}`);
    },
  );
  return made.container;
}

/** The engine's socket on its own host. */
const socketOf = (host: string) =>
  host.startsWith('unix://') ? host.slice('unix://'.length) : '/var/run/docker.sock';

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      socket.on('error', () => undefined); // its end is the reaper's end; nothing to do
      resolve(socket);
    });
  });
}
