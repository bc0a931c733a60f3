import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { after } from '../../fabric-client/until.ts';
import { follow, hasImage, retag } from './engine-images.ts';

/** Milliseconds that a public registry gets to answer before an image counts as not to be had. */
export const PROBE_BUDGET_MS = 2_000;

export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly serveraddress: string;
}

interface DockerConfig {
  readonly auths?: Readonly<Record<string, { readonly auth?: string }>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
}

/**
 * Credentials of the user's Docker configuration for a registry: stored in it, or kept by a credential helper
 * (`docker-credential-NAME get`). Undefined if there are none: the registry then decides what anybody may do.
 *
 * @param host `host[:port]`
 * @param helper asks a credential helper; for tests
 */
export async function credentialsFor(
  host: string,
  config: DockerConfig,
  helper: (name: string, host: string) => Promise<{ Username: string; Secret: string }> = askHelper,
): Promise<Credentials | undefined> {
  const name = config.credHelpers?.[host] ?? config.credsStore;
  if (name) {
    const answer = await helper(name, host).catch(() => undefined);
    if (answer) {
      return { username: answer.Username, password: answer.Secret, serveraddress: host };
    }
  }
  const auth = config.auths?.[host]?.auth ?? config.auths?.[`https://${host}`]?.auth;
  if (!auth) return undefined;
  const [username = '', ...password] = Buffer.from(auth, 'base64').toString().split(':');
  return { username, password: password.join(':'), serveraddress: host };
}

export async function readDockerConfig(): Promise<DockerConfig> {
  const folder = process.env.DOCKER_CONFIG || path.join(homedir(), '.docker');
  try {
    return JSON.parse(await readFile(path.join(folder, 'config.json'), 'utf8')) as DockerConfig;
  } catch {
    return {}; // none, or not readable: then without credentials
  }
}

async function askHelper(
  name: string,
  host: string,
): Promise<{ Username: string; Secret: string }> {
  const running = promisify(execFile)(`docker-credential-${name}`, ['get'], { timeout: 5_000 });
  running.child.stdin?.end(host);
  return JSON.parse((await running).stdout);
}

/** Whether an image is present in the engine or a registry offers it to this engine within the budget. */
export async function canHave(
  docker: Docker,
  reference: string,
  budgetMs = PROBE_BUDGET_MS,
): Promise<boolean> {
  if (await hasImage(docker, reference)) return true;
  // asks the registry for the manifest only
  const asked = docker
    .getImage(reference)
    .distribution()
    .then(
      () => true,
      () => false,
    );
  return (await Promise.race([asked, after(budgetMs)])) ?? false;
}

export async function pull(
  docker: Docker,
  reference: string,
  credentials: Credentials | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const stream = await docker.pull(reference, {
    ...(credentials ? { authconfig: credentials } : {}),
    ...(signal ? { abortSignal: signal } : {}),
  });
  await follow(docker, stream, undefined, signal);
}

/** The registry that the user named as a cache of our images. Its failures cost time, never a build. */
export class RegistryCache {
  readonly #docker: Docker;
  readonly #prefix: string;
  readonly #notice: (text: string) => void;
  readonly #credentials: Promise<Credentials | undefined>;
  #pulls = true;
  #pushes = true;

  /** @param prefix `host[:port][/path]` */
  constructor(docker: Docker, prefix: string, notice: (text: string) => void) {
    this.#docker = docker;
    this.#prefix = prefix;
    this.#notice = notice;
    const [host = ''] = prefix.split('/');
    this.#credentials = readDockerConfig().then((config) => credentialsFor(host, config));
  }

  /** False once a push has been refused. */
  get takesPushes(): boolean {
    return this.#pushes;
  }

  /** `fabric-swarm-harness/kafka:HASH` under the registry's name. */
  remote(tag: string): string {
    return `${this.#prefix}/${tag.slice(tag.indexOf('/') + 1)}`;
  }

  /** Whether the registry holds an image; false also if it doesn't say. */
  async has(tag: string): Promise<boolean> {
    const authconfig = await this.#credentials;
    return this.#docker
      .getImage(this.remote(tag))
      .distribution(authconfig ? { authconfig } : {})
      .then(
        () => true,
        () => false,
      );
  }

  /**
   * Pulls an image into the outer engine and gives it our tag.
   *
   * @returns false if the registry doesn't have it or fails; after a failure other than that it isn't asked again
   */
  async pull(tag: string, signal?: AbortSignal): Promise<boolean> {
    if (!this.#pulls) return false;
    const remote = this.remote(tag);
    try {
      await pull(this.#docker, remote, await this.#credentials, signal);
      await retag(this.#docker, remote, tag);
      await this.#docker.getImage(remote).remove();
      return true;
    } catch (error) {
      signal?.throwIfAborted();
      if (this.#pulls && !/not found|unknown/i.test(String(error))) {
        this.#pulls = false;
        this.#notice(
          `registry ${this.#prefix}: cannot pull, so images are built: ${String(error)}`,
        );
      }
      return false;
    }
  }

  /** Pushes an image of the outer engine; one refusal (often: no credentials) and no more is tried. */
  async push(tag: string, signal?: AbortSignal): Promise<void> {
    if (!this.#pushes) return;
    const remote = this.remote(tag);
    try {
      await retag(this.#docker, tag, remote);
      const authconfig = (await this.#credentials) ?? { username: '', password: '' };
      const stream = await this.#docker.getImage(remote).push({ authconfig });
      await follow(this.#docker, stream, undefined, signal);
    } catch (error) {
      signal?.throwIfAborted();
      this.#pushes = false;
      this.#notice(`registry ${this.#prefix}: cannot push, images stay here: ${String(error)}`);
    } finally {
      await this.#docker
        .getImage(remote)
        .remove()
        .catch(() => {});
    }
  }
}
