import type { Settings } from '../base/settings.ts';
import { table } from '../base/table.ts';
import type { DeployedNetwork } from '../network/deployed.ts';
import { type ComponentStatus, statusOf } from '../network/status.ts';
import { managersOf, quorumOf } from '../topology/managers.ts';
import type { Topology } from '../topology/schema.ts';
import { runningNetwork } from './context.ts';

/** `harness status`. */
export async function status(settings: Settings, options: { json?: boolean }): Promise<void> {
  const network = await runningNetwork(settings);
  const components = await statusOf(network);
  console.log(
    options.json
      ? JSON.stringify(describe(network, components), null, 2)
      : formatStatus(network, components),
  );
}

/** What `up --json` and `status --json` print. */
export function describe(network: DeployedNetwork, components: readonly ComponentStatus[]) {
  const { name, run, startedAt, mode, topology, standIns, versions, steps, firstTransfer } =
    network.state;
  return {
    name,
    run,
    startedAt,
    topology: topology.name,
    /** The process that the network goes with; null when it stays until it is stopped. */
    owner: network.owner ?? null,
    /** The process that tests it and has it to itself; null when none does. */
    user: network.user ?? null,
    mode,
    standIns,
    versions,
    components,
    urls: urlsOf(components),
    steps,
    firstTransfer,
  };
}

/** URLs that a person would open or paste. */
export function urlsOf(components: readonly ComponentStatus[]): Record<string, string> {
  const scheme: Record<string, string> = {
    couchdb: 'http',
    ca: 'https',
    api: 'http',
    'mongo-express': 'http',
  };
  return Object.fromEntries(
    components.flatMap(({ component, kind, addresses }) => {
      const [address] = Object.values(addresses);
      return scheme[kind] && address ? [[component, `${scheme[kind]}://${address}/`]] : [];
    }),
  );
}

/** Which machines manage the Swarm, and how many of them it takes. */
export function managersLine(topology: Pick<Topology, 'machines'>): string {
  const managers = managersOf(topology);
  const needed = quorumOf(managers.length);
  const [only] = managers;
  if (managers.length === 1) return `Swarm managed by machine ${only} alone`;
  const some = managers.length - needed;
  const spare = some === 0 ? 'none of them may be lost' : `${some} of them may be lost`;
  return `Swarm managed by machines ${managers.join(', ')}; quorum ${needed} of ${managers.length}: ${spare}`;
}

/** Machines × components with state and address, then URLs, and which stand-ins serve. */
export function formatStatus(
  network: DeployedNetwork,
  components: readonly ComponentStatus[],
): string {
  const rows = components
    .toSorted((a, b) => a.machine - b.machine)
    .map(({ machine, component, state, addresses }) => [
      String(machine),
      component,
      state,
      Object.values(addresses).join(' '),
    ]);
  const urls = Object.entries(urlsOf(components));
  const standIns = Object.entries(network.state.standIns);
  return [
    managersLine(network.state.topology),
    '',
    table([['MACHINE', 'COMPONENT', 'STATE', 'ADDRESS'], ...rows]),
    '',
    ...urls.map(([component, url]) => `${component.padEnd(16)} ${url}`),
    '',
    ...standIns.map(([what, by]) => `${what} is served by ${by}`),
    ...(network.owner ? [`the network goes with ${network.owner}`] : []),
    ...(network.user ? [`the network is used by ${network.user}`] : []),
  ].join('\n');
}
