import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { findEngine } from '../../../engine/engine.ts';
import { CACHE_LABEL, NETWORK_LABEL } from '../../../engine/labels.ts';
import { leasePrivateEngine } from '../../../engine/private-engine.ts';

const run = promisify(execFile);

/** The engine that the tests look at from outside; a private one stays as long as they do. */
export async function testEngine(): Promise<Docker> {
  const engine = await findEngine(process.env);
  if (!engine)
    throw new Error('end-to-end tests: expected a Docker engine that answers, seen none');
  if (engine.kind === 'private') leasePrivateEngine();
  return engine.docker;
}

/** Ids of all containers, networks and volumes, apart from those of other networks of the harness. */
export async function everything(docker: Docker, ours: readonly string[]): Promise<Set<string>> {
  const [containers, networks, { Volumes: volumes }] = await Promise.all([
    docker.listContainers({ all: true }),
    docker.listNetworks(),
    docker.listVolumes(),
  ]);
  const foreign = (labels: Record<string, string> | undefined) => {
    const network = labels?.[NETWORK_LABEL];
    return (
      labels?.[CACHE_LABEL] !== undefined || (network !== undefined && !ours.includes(network))
    );
  };
  const theirs = new Set(
    containers.filter(({ Labels }) => foreign(Labels)).flatMap((c) => c.Mounts.map((m) => m.Name)),
  );
  return new Set([
    ...containers
      .filter(({ Labels }) => !foreign(Labels))
      .map(({ Names }) => `container ${Names[0]}`),
    ...networks.filter(({ Labels }) => !foreign(Labels)).map(({ Name }) => `network ${Name}`),
    ...(volumes ?? [])
      .filter(({ Labels, Name }) => !foreign(Labels) && !theirs.has(Name))
      .map(({ Name }) => `volume ${Name}`),
  ]);
}

/** What a bring-up makes, as seen while it runs: labels find most of it, but not anonymous volumes and rules. */
export class Traces {
  readonly #docker: Docker;
  readonly #name: string;
  readonly #group: number;
  readonly #volumes = new Set<string>();
  readonly #bridges = new Set<string>();
  readonly #subnets = new Set<string>();

  constructor(docker: Docker, name: string, group: number) {
    this.#docker = docker;
    this.#name = name;
    this.#group = group;
  }

  /** Takes note of what is there now. */
  async look(): Promise<void> {
    const { containers, networks } = await this.#labelled();
    for (const { Mounts } of containers) {
      for (const { Name, Destination } of Mounts) {
        if (Name && Destination !== '/golden') this.#volumes.add(Name);
      }
    }
    for (const { Id, IPAM } of networks) {
      this.#bridges.add(`br-${Id.slice(0, 12)}`);
      for (const { Subnet } of IPAM?.Config ?? []) if (Subnet) this.#subnets.add(Subnet);
    }
  }

  /** How many kinds of trace were noted, so that a test can tell that it looked at something. */
  get noted(): number {
    return this.#volumes.size + this.#bridges.size + this.#subnets.size;
  }

  /** What is still there, one line each. */
  async left(): Promise<string[]> {
    const { containers, networks, volumes } = await this.#labelled();
    const all = (await this.#docker.listVolumes()).Volumes ?? [];
    return [
      ...containers.map(({ Names, State }) => `container ${Names[0]} (${State})`),
      ...networks.map(({ Name }) => `network ${Name}`),
      ...volumes.map(({ Name }) => `volume ${Name}`),
      ...all.filter(({ Name }) => this.#volumes.has(Name)).map(({ Name }) => `volume ${Name}`),
      ...processesOf(this.#group).map((line) => `process ${line}`),
      ...(await rules())
        .filter((rule) => [...this.#bridges, ...this.#subnets].some((word) => rule.includes(word)))
        .map((rule) => `rule ${rule}`),
    ];
  }

  async #labelled() {
    const filters = { label: [`${NETWORK_LABEL}=${this.#name}`] };
    const [containers, networks, { Volumes: volumes }] = await Promise.all([
      this.#docker.listContainers({ all: true, filters }),
      this.#docker.listNetworks({ filters }),
      this.#docker.listVolumes({ filters }),
    ]);
    return { containers, networks, volumes: volumes ?? [] };
  }
}

/** Living processes of a process group. */
export function processesOf(group: number): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const [state, , pgrp] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        if (Number(pgrp) !== group || state === 'Z') return [];
        return [
          `${pid} ${readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()}`,
        ];
      } catch {
        return []; // ended meanwhile
      }
    });
}

/** The host's packet filter rules; none where they cannot be read. */
async function rules(): Promise<string[]> {
  const { stdout } = await run('iptables-save').catch(() => ({ stdout: '' }));
  return stdout.split('\n');
}
