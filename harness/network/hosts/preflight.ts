import { UsageError } from '../../base/errors.ts';
import type { Settings } from '../../base/settings.ts';
import { localEnvironment } from '../../engine/endpoint.ts';
import { hasImage, saveImages } from '../../images/engine-images.ts';
import { loadTopology } from '../../topology/load.ts';
import type { Topology } from '../../topology/schema.ts';
import { definitionsOf } from '../chaincode/definition.ts';
import { withOwnChaincodes } from '../chaincode/own-chaincode.ts';
import { chaincodesOf, topologyFile } from '../machines/preflight.ts';
import { provideImages } from '../machines/provide-images.ts';
import type { PreflightOptions } from '../provider.ts';
import {
  engineFindings,
  type Finding,
  insideFindings,
  overlayFinding,
  tell,
  unplacedFinding,
  unreachable,
} from './findings.ts';
import { type ExistingSwarm, type Host, isOpen, openPlaces } from './hosts.ts';
import { loadInto } from './images.ts';
import { type HostsFile, placesOf } from './places.ts';
import { lookInside, tryOverlay } from './probe.ts';

/** Hosts that are fit for a network. */
export interface Fit {
  readonly hosts: readonly Host[];
  /** Bytes of the largest packet between them. */
  readonly mtu: number;
  readonly images: Awaited<ReturnType<typeof provideImages>>;
}

/** A topology as it is on hosts: overlay and managers are those of the user's swarm. */
export function onSwarm(topology: Topology, network: string, hosts: readonly Host[]): Topology {
  const managers = new Set(hosts.flatMap(({ node, number }) => (node.manager ? [number] : [])));
  return {
    ...topology,
    network: `${network}_${topology.network}`,
    machines: topology.machines.map(({ number }) => ({
      number,
      role: managers.has(number) ? ('manager' as const) : ('worker' as const),
    })),
  };
}

/** The topology of the settings, checked as far as a file can be. */
export function readTopology(
  settings: Settings,
  options: Pick<PreflightOptions, 'ownChaincodes'>,
): Topology {
  const topology = loadTopology(topologyFile(settings.topology));
  const chaincodes = chaincodesOf(settings, topology, options.ownChaincodes);
  definitionsOf(withOwnChaincodes(topology, chaincodes), chaincodes);
  return topology;
}

/**
 * Looks at every host before anything is deployed: its node and engine, then (by containers that are gone afterwards)
 * ports, disk, memory, clock, the ways between the hosts, and an overlay of their own.
 *
 * @throws UsageError with a table of everything that was looked at, and what to do
 */
export async function examineHosts(
  settings: Settings,
  env: NodeJS.ProcessEnv,
  topology: Topology,
  swarm: ExistingSwarm,
  file: HostsFile | undefined,
  { progress, signal }: PreflightOptions,
): Promise<Fit> {
  const findings: Finding[] = [];
  const decide = () => {
    if (findings.some(({ ok }) => !ok)) throw new UsageError(tell(findings));
  };
  const numbers = topology.machines.map(({ number }) => number);
  const { places, unplaced } = placesOf(numbers, swarm.nodes, file, swarm.manager);
  findings.push(...unplaced.map(unplacedFinding));
  const opened = await openPlaces(settings.name, places, swarm, env);
  const images = { architecture: process.arch === 'x64' ? 'amd64' : process.arch };
  const roots = new Map<number, string>();
  for (const one of opened) {
    if (!isOpen(one)) {
      findings.push(unreachable(one.place, one.failure));
      continue;
    }
    const [{ Version, Arch, Os }, { DockerRootDir }] = await Promise.all([
      one.remote.docker.version(),
      one.remote.docker.info() as Promise<{ DockerRootDir: string }>,
    ]);
    roots.set(one.number, DockerRootDir);
    const facts = { version: Version, architecture: Arch, system: Os };
    findings.push(...engineFindings(one, facts, images));
  }
  const hosts = managersFirst(opened.filter(isOpen));
  if (hosts.length > 0 && !hosts.some(({ node }) => node.manager)) {
    const [{ number, node } = { number: 0, node: { hostname: '-' } }] = hosts;
    findings.push({
      ...{ machine: number, host: node.hostname, check: 'manager', ok: false },
      found: 'workers only',
      needed: 'a manager of the swarm among the machines',
      fix: `docker node promote ${node.hostname}`,
    });
  }
  decide();
  const local = localEnvironment(env);
  const provided = await provideImages({ settings, topology, progress, signal, env: local });
  const { base } = provided.images;
  const [first] = hosts;
  if (!first) throw new Error('topology: expected a machine, seen none');
  const mtu = await progress.step('look at the hosts', async () => {
    const lacking: Host[] = [];
    for (const host of hosts) {
      if (!(await hasImage(host.remote.docker, base))) lacking.push(host);
    }
    if (lacking.length > 0) {
      await loadInto(lacking, await saveImages(provided.engine.docker, [base]), signal);
    }
    const { name, minFreeDiskGb } = settings;
    const inside = await Promise.all(
      hosts.map(async (host) => {
        const others = hosts.filter((other) => other !== host);
        return [
          host,
          await lookInside(name, host, others, base, roots.get(host.number) ?? '/'),
        ] as const;
      }),
    );
    const names = new Map(hosts.map(({ node }) => [node.address, node.hostname]));
    const published = await publishedPorts(first);
    for (const [host, facts] of inside) {
      const options = { minFreeDiskGb, published, names };
      findings.push(...insideFindings(host, facts, topology, options));
    }
    const mtu = Math.min(...inside.map(([, facts]) => facts.mtu));
    const overlay = await tryOverlay(name, first.remote.docker, hosts, base, mtu);
    const hostname = (machine: number) =>
      hosts.find(({ number }) => number === machine)?.node.hostname ?? String(machine);
    findings.push(...hosts.map((host) => overlayFinding(host, overlay, mtu, hostname)));
    decide();
    return mtu;
  });
  return { hosts, mtu, images: provided };
}

const managersFirst = (hosts: readonly Host[]) =>
  hosts.toSorted((a, b) => Number(b.node.manager) - Number(a.node.manager) || a.number - b.number);

/** Ports that services of the swarm publish already, and which service. */
async function publishedPorts({ remote }: Host): Promise<ReadonlyMap<number, string>> {
  const services = await remote.docker.listServices();
  return new Map(
    services.flatMap(({ Spec, Endpoint }) =>
      ((Endpoint?.Ports ?? []) as { PublishedPort?: number }[]).flatMap(({ PublishedPort }) =>
        PublishedPort === undefined
          ? []
          : [[PublishedPort, `service ${Spec?.Name ?? '?'}`] as const],
      ),
    ),
  );
}
