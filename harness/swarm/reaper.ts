import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type Docker from 'dockerode';
import { waitFor } from '../base/wait.ts';
import { NETWORK_LABEL, ROLE_LABEL, RUN_LABEL } from '../engine/labels.ts';

/** Seconds between the harness's death and the reaper's sweep. */
const RECONNECTION_TIMEOUT = '5s';

/**
 * Removes everything that carries the run's label once this process is gone, however it went. It listens to this
 * process alone: each line begins with a token of this run, and testcontainers programs don't take it for theirs.
 */
export class Reaper {
  readonly #socket: Socket;
  readonly #answers: AsyncIterator<string>;
  readonly #container: Docker.Container;
  readonly #token: string;

  private constructor(socket: Socket, container: Docker.Container, token: string) {
    this.#socket = socket;
    this.#token = token;
    this.#container = container;
    this.#answers = createInterface({ input: socket })[Symbol.asyncIterator]();
  }

  /**
   * Starts the reaper and tells it what to watch, before anything else of the run exists.
   *
   * @param docker the outer engine
   * @param image the reaper's image
   * @param network the network's name, `run` the bring-up's id
   */
  static async start(
    docker: Docker,
    image: string,
    network: string,
    run: string,
    socketPath: string,
  ): Promise<Reaper> {
    const token = randomBytes(24).toString('hex');
    const container = await docker.createContainer({
      name: `${network}-reaper-${run}`,
      Image: image,
      Labels: { [NETWORK_LABEL]: network, [RUN_LABEL]: run, [ROLE_LABEL]: 'reaper' },
      // It waits a little longer for its first client than that client, below, for it.
      Env: [
        `REAPER_TOKEN=${token}`,
        `REAPER_RECONNECTION_TIMEOUT=${RECONNECTION_TIMEOUT}`,
        'REAPER_CONNECTION_TIMEOUT=12s',
      ],
      ExposedPorts: { '8080/tcp': {} },
      HostConfig: {
        AutoRemove: true,
        Binds: [`${socketPath}:/var/run/docker.sock`],
        PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] },
      },
    });
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

  /** The network outlives this process from now on. */
  async release(): Promise<void> {
    await this.#say('release');
    this.#socket.destroy();
  }

  /** Ends the reaper without a sweep of its own, after an orderly teardown. */
  async dismiss(): Promise<void> {
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
