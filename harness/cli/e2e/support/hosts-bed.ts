import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { projectFolder } from '../../../base/project.ts';
import { findEngine } from '../../../engine/engine.ts';
import { succeed } from './command.ts';

const run = promisify(execFile);
const SCRIPT = path.join(projectFolder, 'fixtures/hosts/bed.sh');

/** A swarm of hosts that the harness has not started, see fixtures/hosts/bed.sh. */
export class HostsBed implements AsyncDisposable {
  readonly folder: string;
  /** What a user of the swarm has in his environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The hosts' engines, the manager's first. */
  readonly engines: readonly Docker[];
  readonly addresses: readonly string[];
  readonly #dispose: () => Promise<void>;

  private constructor(folder: string, env: HostsBed['env'], dispose: () => Promise<void>) {
    this.folder = folder;
    this.env = env;
    this.#dispose = dispose;
    const manager = /(\d+\.\d+\.\d+)\.11\b/.exec(env.DOCKER_HOST ?? '')?.[1] ?? '';
    this.addresses = [11, 12, 13].map((last) => `${manager}.${last}`);
    const pem = (file: string) => readFileSync(path.join(folder, 'certs', file));
    const tls = { ca: pem('ca.pem'), cert: pem('cert.pem'), key: pem('key.pem') };
    this.engines = this.addresses.map(
      (host) => new Docker({ protocol: 'https', host, port: 2376, ...tls }),
    );
  }

  /**
   * Starts three hosts and a swarm of them.
   *
   * @param folder must not exist
   * @param access how their engines are reached
   */
  static async start(folder: string, access: 'tls' | 'ssh'): Promise<HostsBed> {
    const engine = await findEngine(process.env);
    const { stdout: images } = await succeed(['images', '--json']);
    const env = {
      ...process.env,
      DOCKER_HOST: engine?.host ?? '',
      BED_NAME: 'e2e-hosts',
      BED_ACCESS: access,
      BED_IMAGES: (JSON.parse(images) as { goldenVolume: string }).goldenVolume,
    };
    const dispose = async () => void (await run(SCRIPT, ['down', folder], { env }));
    await run(SCRIPT, ['up', folder], { env });
    const { stdout } = await run('bash', ['-c', `. ${folder}/env; env`]);
    const told = stdout
      .split('\n')
      .map((line) => line.split(/=(.*)/s) as [string, string])
      .filter(([key]) => /^(DOCKER_|HARNESS_SWARM$|PATH$)/.test(key));
    return new HostsBed(folder, Object.fromEntries(told), dispose);
  }

  get manager(): Docker {
    const [first] = this.engines;
    if (!first) throw new Error('bed: expected a host, seen none');
    return first;
  }

  /** Everything that a network may leave in the swarm and on the hosts; images apart. */
  async everything(): Promise<string[]> {
    const { manager } = this;
    const [services, secrets, configs, networks, nodes, ...perHost] = await Promise.all([
      manager.listServices(),
      manager.listSecrets(),
      manager.listConfigs(),
      manager.listNetworks(),
      manager.listNodes() as Promise<{ Spec: { Labels?: Record<string, string> } }[]>,
      ...this.engines.map(async (engine) => [
        ...(await engine.listContainers({ all: true })).map(({ Names }) => `container ${Names[0]}`),
        ...((await engine.listVolumes()).Volumes ?? []).map(({ Name }) => `volume ${Name}`),
      ]),
    ]);
    return [
      ...services.map(({ Spec }) => `service ${Spec?.Name}`),
      ...secrets.map(({ Spec }) => `secret ${Spec?.Name}`),
      ...configs.map(({ Spec }) => `config ${Spec?.Name}`),
      // That one the engine makes with the first overlay that it needs.
      ...networks.flatMap(({ Name }) => (Name === 'docker_gwbridge' ? [] : `network ${Name}`)),
      ...nodes.map(({ Spec }) => `labels ${JSON.stringify(Spec.Labels ?? {})}`),
      ...perHost.flat(),
    ].sort();
  }

  /** Changes the labels of a host's node. */
  async relabel(hostname: string, labels: Readonly<Record<string, string>>): Promise<void> {
    const node = this.manager.getNode(hostname);
    const { Version, Spec } = (await node.inspect()) as {
      Version: { Index: number };
      Spec: object;
    };
    await node.update({ version: Version.Index, ...Spec, Labels: labels });
  }

  /** A file for HARNESS_HOSTS. */
  hostsFile(entries: Readonly<Record<number, object>>): string {
    const file = path.join(this.folder, 'hosts.yaml');
    writeFileSync(file, JSON.stringify(entries)); // which is YAML too
    return file;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#dispose();
  }
}

/** Kills a process and all that descend from it, at once: no part of it is left that could clean up. */
export function killTree(pid: number): void {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      // `pid (name) state ppid …`; the name may have blanks and brackets.
      const parent = Number(
        readFileSync(`/proc/${entry}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1],
      );
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
    } catch {
      // it has ended meanwhile
    }
  }
  const tree = [pid];
  for (const each of tree) tree.push(...(children.get(each) ?? []));
  for (const each of tree) {
    try {
      process.kill(each, 'SIGKILL');
    } catch {
      // it has ended meanwhile
    }
  }
}
