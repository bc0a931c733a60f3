import { table } from '../../base/table.ts';
import { componentsOf } from '../../topology/components.ts';
import type { Topology } from '../../topology/schema.ts';
import type { Place, Unplaced } from './places.ts';
import type { HostFacts, OverlayFact } from './probe.ts';

/** One thing that was looked at on a host. */
export interface Finding {
  readonly machine: number;
  readonly host: string;
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  readonly needed: string;
  /** What to do; empty when there is nothing to do. */
  readonly fix: string;
}

/** Engines from this one on ask a starting component for its health more often than one that runs. */
export const LEAST_ENGINE = 25;
/** Milliseconds that clocks may differ. */
const CLOCK_MS = 2_000;
/** Bytes of memory that a component takes with what it keeps in the page cache, and the engine beside them. */
const COMPONENT_BYTES = 160 * 1024 ** 2;
const ENGINE_BYTES = 400 * 1024 ** 2;
const GIB = 1024 ** 3;

/** What an engine tells of itself and of the host. */
export interface EngineFacts {
  readonly version: string;
  readonly architecture: string;
  readonly system: string;
}

export const unplacedFinding = ({ number, ...rest }: Unplaced): Finding => ({
  machine: number,
  host: '-',
  check: 'node',
  ok: false,
  ...rest,
});

export const unreachable = ({ number, node, engine }: Place, failure: string): Finding => ({
  machine: number,
  host: node.hostname,
  check: 'engine',
  ok: false,
  found: failure,
  needed: `an answer at ${engine}`,
  fix: 'its address, port, key or certificates; HARNESS_HOSTS can name another way (engine: …)',
});

const gib = (bytes: number) => `${(bytes / GIB).toFixed(1)} GiB`;

/** The node and its engine. */
export function engineFindings(
  { number, node }: Place,
  { version, architecture, system }: EngineFacts,
  images: { readonly architecture: string },
): Finding[] {
  const about = { machine: number, host: node.hostname };
  const isNew = Number.parseInt(version, 10) >= LEAST_ENGINE;
  const runs = node.state === 'ready' && node.availability === 'active';
  const fits = architecture === images.architecture && system === 'linux';
  return [
    {
      ...about,
      check: 'node',
      ok: runs,
      found: `${node.state}, ${node.availability}, ${node.manager ? 'manager' : 'worker'}`,
      needed: 'ready, active',
      fix: runs ? '' : `docker node update --availability active ${node.hostname}`,
    },
    {
      ...about,
      check: 'engine',
      ok: isNew && fits,
      found: `${version} for ${system}/${architecture}`,
      needed: `${LEAST_ENGINE} or later, for linux/${images.architecture}`,
      fix: isNew
        ? fits
          ? ''
          : 'a host of the architecture that the images are made for'
        : "a newer Docker Engine: Docker's own packages, or Debian 13",
    },
  ];
}

/** What a look from inside has shown. */
export function insideFindings(
  { number, node }: Place,
  facts: HostFacts,
  topology: Topology,
  options: {
    readonly minFreeDiskGb: number;
    /** Who in the swarm has a port already, by port. */
    readonly published: ReadonlyMap<number, string>;
    /** The others' names by address. */
    readonly names: ReadonlyMap<string, string>;
  },
): Finding[] {
  const about = { machine: number, host: node.hostname };
  const here = componentsOf(topology).filter(({ machine }) => machine === number);
  const wanted = here.flatMap(({ name, ports }) => ports.map(({ host }) => ({ name, host })));
  const taken = wanted.filter(({ host }) => facts.listening.has(host));
  const memory = ENGINE_BYTES + here.length * COMPONENT_BYTES;
  const enough = facts.availableMemoryBytes >= memory;
  const room = facts.freeDiskBytes >= options.minFreeDiskGb * GIB;
  const inTime = Math.abs(facts.clockMs) <= CLOCK_MS;
  const silent = facts.unreached.map((address) => {
    const [host = '', port] = address.split(':');
    return `${options.names.get(host) ?? host}:${port}`;
  });
  return [
    {
      ...about,
      check: 'ports',
      ok: taken.length === 0,
      found:
        taken
          .map(({ host, name }) => {
            const by = options.published.get(host);
            return `${host} in use${by ? ` by ${by}` : ''} (${name})`;
          })
          .join(', ') || 'free',
      needed: `${wanted.length} free ports`,
      fix: taken.length > 0 ? 'end what uses them, or choose others in a topology file' : '',
    },
    {
      ...about,
      check: 'disk',
      ok: room,
      found: `${gib(facts.freeDiskBytes)} free`,
      needed: `${options.minFreeDiskGb} GiB (HARNESS_MIN_FREE_DISK_GB)`,
      fix: room
        ? ''
        : 'room where the engine keeps its data, e.g. docker system prune by who owns it',
    },
    {
      ...about,
      check: 'memory',
      ok: enough,
      found: `${gib(facts.availableMemoryBytes)} available`,
      needed: `${gib(memory)} for ${here.length} components`,
      fix: enough ? '' : 'a larger host, or fewer components on it in a topology file',
    },
    {
      ...about,
      check: 'clock',
      ok: inTime,
      found: `${(facts.clockMs / 1000).toFixed(1)} s ahead of here`,
      needed: `within ${CLOCK_MS / 1000} s`,
      fix: inTime ? '' : 'NTP there and here, e.g. timedatectl set-ntp true',
    },
    {
      ...about,
      check: 'swarm ports',
      ok: silent.length === 0,
      found: silent.length > 0 ? `no connection to ${silent.join(', ')}` : 'all connect',
      needed: 'TCP 7946 of each host, TCP 2377 of managers',
      fix: silent.length > 0 ? 'a firewall rule between the hosts' : '',
    },
  ];
}

/** Whether the overlay carries packets, small and big, from a host to the others. */
export function overlayFinding(
  { number, node }: Place,
  facts: readonly OverlayFact[],
  mtu: number,
  hostnameOf: (machine: number) => string,
): Finding {
  const failed = facts.filter(({ from, failure }) => from === number && failure !== undefined);
  const lost = failed.some(({ failure }) => failure?.includes('big packets'));
  return {
    machine: number,
    host: node.hostname,
    check: 'overlay',
    ok: failed.length === 0,
    found:
      failed.map(({ to, failure }) => `to ${hostnameOf(to)}: ${failure}`).join(', ') ||
      `reaches all, packets of ${mtu} bytes`,
    needed: 'small and big packets to every host',
    fix:
      failed.length === 0
        ? ''
        : lost
          ? `a network between the hosts that carries packets of ${mtu} bytes`
          : 'UDP 4789 open between the hosts, in both directions',
  };
}

/** The findings in words: a table, and below it what to do. */
export function tell(findings: readonly Finding[]): string[] {
  const sorted = findings.toSorted((a, b) => a.machine - b.machine);
  const rows = sorted.map(({ machine, host, check, ok, found, needed }) => [
    `${ok ? '✓' : '✗'} ${machine}`,
    host,
    check,
    found,
    needed,
  ]);
  return [
    ...table([['MACHINE', 'HOST', 'CHECK', 'FOUND', 'NEEDED'], ...rows]).split('\n'),
    ...sorted.flatMap(({ ok, machine, host, check, fix }) =>
      ok ? [] : [`fix for ${check} of machine ${machine} (${host}): ${fix}`],
    ),
  ];
}
