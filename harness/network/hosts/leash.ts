import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';
import {
  type HolderRole,
  NETWORK_LABEL,
  OWNER_LABEL,
  ROLE_LABEL,
  RUN_LABEL,
} from '../../engine/labels.ts';
import { COMPONENT_LABEL } from '../../swarm/deploy.ts';
import { memberLabel, nodeLabel } from '../../swarm/scoped-docker.ts';
import type { Host } from './hosts.ts';

const script = readFileSync(path.join(import.meta.dirname, 'leash.sh'), 'utf8');

export interface LeashRequest {
  readonly network: string;
  readonly run: string;
  /** Tag of the image of machines, which the hosts have. */
  readonly image: string;
  /** This process's command in words, for those who find the network taken. */
  readonly command: string;
  /** `reaper`: the network goes with this process. `user`: this process alone uses it. */
  readonly role: HolderRole;
}

interface End {
  readonly host: Host;
  readonly container: Docker.Container;
  readonly input: Duplex;
}

/** Milliseconds between two looks whether a host that was lost is back. */
const LOOK_MS = 1_000;

/**
 * What binds a network on hosts to this process: a container on each, whose standard input this process holds. When the
 * process dies, or loses the way there, the host's own engine ends that input, and the container removes what the host
 * has of the network. The one on the first host bears the network's name there: who has it, has the network.
 */
export class Leash {
  readonly #request: LeashRequest;
  readonly #ends = new Map<Host, End>();
  readonly #lost = new AbortController();
  readonly #end = new AbortController();

  private constructor(ends: readonly End[], request: LeashRequest) {
    this.#request = request;
    for (const end of ends) this.#hold(end);
  }

  #hold(end: End): void {
    this.#ends.set(end.host, end);
    end.input.on('error', () => {}); // told by `close`
    end.input.on('close', () => {
      if (!this.#end.signal.aborted) void this.#again(end.host);
    });
  }

  /** A leash that is gone has gone with its network, or with its host; then it is left anew when that is back. */
  async #again(host: Host): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted && !this.#lost.signal.aborted) {
      try {
        if (!(await isThere(this.#request.network, host, [...this.#ends.keys()]))) {
          this.#lost.abort();
          return;
        }
        const end = await leave(host, this.#request);
        if (end && signal.aborted) await end.container.remove({ force: true, v: true });
        else if (end) this.#hold(end);
        return;
      } catch {
        // the host does not answer yet
      }
      await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * Leaves a leash on each host, the first one first.
   *
   * @param hosts the first is a manager, the same for every process
   * @returns `undefined` when another process has one
   */
  static async start(hosts: readonly Host[], request: LeashRequest): Promise<Leash | undefined> {
    const [first, ...others] = hosts;
    if (!first) throw new Error('leash: expected a host, seen none');
    const begun = await leave(first, request);
    if (!begun) return undefined;
    // Who only uses a network has nothing to be swept.
    const further = request.role === 'reaper' ? others : [];
    const rest = await Promise.all(further.map((host) => leave(host, request)));
    return new Leash([begun, ...rest.flatMap((end) => end ?? [])], request);
  }

  /** Aborts when a leash goes without having been told to: the network is not this process's any more. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** The network outlives this process from now on. */
  async release(): Promise<void> {
    this.#end.abort();
    await Promise.all(
      [...this.#ends.values()].map(async ({ container, input }) => {
        const gone = container.wait({ condition: 'removed' }).catch(() => undefined);
        input.end('release\n');
        await gone;
      }),
    );
  }

  /** Ends without a sweep, after an orderly removal. */
  async dismiss(): Promise<void> {
    this.#end.abort();
    await Promise.all(
      [...this.#ends.values()].map(({ container }) =>
        container.remove({ force: true, v: true }).catch(() => undefined),
      ),
    );
  }
}

/** Whether a network has not been removed, as a manager knows it; its hosts lose their member label first of all. */
async function isThere(network: string, host: Host, hosts: readonly Host[]): Promise<boolean> {
  await host.remote.docker.ping();
  const manager = hosts.find(({ node }) => node.manager) ?? host;
  const nodes = (await manager.remote.docker.listNodes()) as {
    Spec: { Labels?: Readonly<Record<string, string>> };
  }[];
  return nodes.some(({ Spec }) => Spec.Labels?.[memberLabel(network)] !== undefined);
}

async function leave(host: Host, request: LeashRequest): Promise<End | undefined> {
  const { docker } = host.remote;
  const { network, run, image, command, role } = request;
  const definition: Docker.ContainerCreateOptions = {
    name: `${network}-${role}`,
    Image: image,
    Entrypoint: ['sh', '-c', script],
    Labels: {
      [NETWORK_LABEL]: network,
      [RUN_LABEL]: run,
      [ROLE_LABEL]: role,
      [OWNER_LABEL]: `process ${process.pid} on ${hostname()} (${command})`,
    },
    Env: [
      `HARNESS_NETWORK=${network}`,
      `HARNESS_LABEL=${NETWORK_LABEL}`,
      `HARNESS_COMPONENT_LABEL=${COMPONENT_LABEL}`,
      `HARNESS_NODE_LABEL=${nodeLabel(network)}`,
      `HARNESS_SWEEP=${role === 'reaper' ? 'yes' : 'no'}`,
    ],
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    HostConfig: {
      AutoRemove: true,
      NetworkMode: 'none',
      Binds: ['/var/run/docker.sock:/var/run/docker.sock'],
    },
  };
  let container: Docker.Container;
  try {
    container = await docker.createContainer(definition);
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 409) throw error;
    const other = docker.getContainer(definition.name ?? '');
    if ((await other.inspect()).State.Running) return undefined;
    await other.remove({ force: true });
    container = await docker.createContainer(definition);
  }
  const input = (await container.attach({ stream: true, stdin: true, hijack: true })) as Duplex;
  await container.start();
  return { host, container, input };
}
