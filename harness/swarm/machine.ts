import type Docker from 'dockerode';
import { GenericContainer, type WaitStrategy } from 'testcontainers';
import { MACHINE_LABEL } from '../engine/labels.ts';
import type { NodeMode } from '../engine/mode.ts';
import { nestedHostConfig } from '../engine/nested.ts';
import { type ExecOptions, type ExecResult, execIn, execOk, machineApi } from './docker-api.ts';
import { awaitEngine } from './engine-answers.ts';
import type { MachineNetwork } from './machine-network.ts';
import type { ApiCertificates } from './tls.ts';

/** Where the node image expects the certificates of its engine's API. */
const TLS_FOLDER = '/etc/docker/tls';

export interface DockerNodeOptions extends NodeReference {
  /** The engine that the node container runs in. */
  readonly outer: Docker;
  readonly image: string;
  /** Named volume with all images, mounted read-only. */
  readonly goldenVolume: string;
  readonly mode: NodeMode;
  /** Prefix of the container's name. */
  readonly network: string;
  readonly machineNetwork: MachineNetwork;
  readonly certificates: ApiCertificates;
  readonly labels: Record<string, string>;
  /** Ends the wait for the engine inside. */
  readonly signal: AbortSignal;
  /** A port of the machine that is also to be had on the host's loopback address. */
  readonly publish?: { readonly host: number; readonly container: number };
}

/** A Docker-in-Docker node that has not been started. */
export class DockerNode extends GenericContainer {
  readonly #options: DockerNodeOptions;

  constructor(options: DockerNodeOptions) {
    super(options.image);
    this.#options = options;
    const { ca, server } = options.certificates;
    this.withName(`${options.network}-machine${options.number}`)
      .withHostname(`machine${options.number}`)
      .withNetworkMode(options.machineNetwork.name)
      .withTmpFs({ '/run': 'rw,exec' })
      .withLabels({ ...options.labels, [MACHINE_LABEL]: String(options.number) })
      .withBindMounts([{ source: options.goldenVolume, target: '/golden', mode: 'ro' }])
      // Without it the agents ask a public registry about every image that they already have.
      .withEnvironment({
        DOCKER_SERVICE_PREFER_OFFLINE_IMAGE: '1',
        DOCKERD_ARGS: `--mtu=${options.machineNetwork.mtu}`,
      })
      .withCopyContentToContainer([
        { content: ca, target: `${TLS_FOLDER}/ca.pem`, mode: 0o644 },
        { content: server.cert, target: `${TLS_FOLDER}/cert.pem`, mode: 0o644 },
        { content: server.key, target: `${TLS_FOLDER}/key.pem`, mode: 0o600 },
      ])
      // The harness has a reaper of its own, because a network may outlive the process that made it.
      .withAutoCleanup(false)
      .withWaitStrategy(new EngineAnswers(options, options.signal));
  }

  /** What the public methods lack; hook and members are `protected` in the library's declarations. */
  protected override async beforeContainerCreated(): Promise<void> {
    const { machineNetwork, mode, address, publish } = this.#options;
    Object.assign(this.hostConfig, nestedHostConfig(mode));
    if (publish) {
      this.createOpts.ExposedPorts = { [`${publish.container}/tcp`]: {} };
      this.hostConfig.PortBindings = {
        [`${publish.container}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: String(publish.host) }],
      };
    }
    this.createOpts.NetworkingConfig = {
      EndpointsConfig: {
        [machineNetwork.name]: { IPAMConfig: { IPv4Address: address } },
      },
    };
  }

  /** Starts the container and waits until the engine in it answers. */
  async startNode(): Promise<StartedDockerNode> {
    const started = await this.start();
    return attachNode(this.#options.outer, started.getId(), this.#options);
  }
}

/** A machine that runs, or that ran and may be started again. */
export interface StartedDockerNode {
  readonly number: number;
  /** Its fixed address on the machines' network. */
  readonly address: string;
  /** The node container, in the outer engine. */
  readonly container: Docker.Container;
  /** The engine inside. */
  readonly docker: Docker;
  /** Runs a command in the node itself (not in a component). */
  exec(command: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** {@link exec}, for commands that must succeed; returns what they printed. */
  execOk(command: readonly string[], options?: ExecOptions): Promise<string>;
}

/** What is needed to get hold of a machine that another process started. */
export interface NodeReference {
  readonly number: number;
  readonly address: string;
  readonly certificates: Pick<ApiCertificates, 'ca' | 'client'>;
}

/**
 * Gets hold of a machine by the id of its container.
 *
 * @param outer the engine that the node container runs in
 */
export function attachNode(
  outer: Docker,
  containerId: string,
  { number, address, certificates }: NodeReference,
): StartedDockerNode {
  const container = outer.getContainer(containerId);
  return {
    number,
    address,
    container,
    docker: machineApi(address, certificates),
    exec: (command, options) => execIn(container, command, options),
    execOk: (command, options) => execOk(container, command, options),
  };
}

/** Ready means: the engine inside answers over TLS. */
class EngineAnswers implements WaitStrategy {
  readonly #reference: NodeReference;
  readonly #signal: AbortSignal;
  #budgetMs = 60_000;

  constructor(reference: NodeReference, signal: AbortSignal) {
    this.#reference = reference;
    this.#signal = signal;
  }

  async waitUntilReady(container: Docker.Container): Promise<void> {
    const { number, address, certificates } = this.#reference;
    const docker = machineApi(address, certificates);
    await awaitEngine(
      { number, address, container, docker },
      { budgetMs: this.#budgetMs, intervalMs: 30, signal: this.#signal },
    );
  }

  withStartupTimeout(budgetMs: number): this {
    this.#budgetMs = budgetMs;
    return this;
  }

  isStartupTimeoutSet(): boolean {
    return true;
  }

  getStartupTimeout(): number {
    return this.#budgetMs;
  }
}
