import { NETWORK_LABEL } from '../../engine/labels.ts';
import { endpointsOf } from '../../fabric/endpoints.ts';
import { orderingOf } from '../../ordering/registry.ts';
import { getText, putFiles } from '../../swarm/archive.ts';
import { execIn, execOk } from '../../swarm/docker-api.ts';
import { addressesOf } from '../../topology/addresses.ts';
import { finders, managerOf } from '../components.ts';
import type { DeployedMachine, DeployedNetwork, DeployedState } from '../deployed.ts';
import { fabricLedgers } from '../fabric-ledgers.ts';
import type { Host } from './hosts.ts';
import { handName, STATE_FOLDER } from './names.ts';
import { powerBy } from './power.ts';

const FILE = 'state.json';

/** A network on hosts of the user's. */
export interface HostsNetwork extends DeployedNetwork {
  readonly hosts: readonly Host[];
}

/** A host as a machine of the network; its commands run in the {@link handName hand} there. */
export function hostMachine(network: string, host: Host): DeployedMachine {
  const { number, address, docker, remote } = host;
  const hand = remote.docker.getContainer(handName(network));
  return {
    number,
    address,
    docker,
    container: hand,
    exec: (command, options) => execIn(hand, command, options),
    execOk: (command, options) => execOk(hand, command, options),
    management: { port: remote.port },
    ...(host.power && { power: powerBy(host.power, network, host) }),
  };
}

/** A network on hosts whose state is known. */
export function hostsNetwork(state: DeployedState, hosts: readonly Host[]): HostsNetwork {
  const { name, topology, identities } = state;
  const machines = hosts.map((host) => hostMachine(name, host));
  const nodes = endpointsOf(topology, identities, addressesOf(state.machines));
  const find = finders(topology, machines);
  return {
    name,
    topology,
    state,
    deployment: state,
    hosts,
    machines,
    nodes,
    ordering: orderingOf(topology),
    engines: hosts.map(({ number, remote }) => ({
      name: `machine${number}`,
      docker: remote.docker,
      filters: { label: [`${NETWORK_LABEL}=${name}`] },
    })),
    ledgers: fabricLedgers(
      nodes,
      state,
      () => managerOf({ topology, machines }),
      async (component, command) => {
        const handle = find.component(component);
        const id = (await handle.container())?.id;
        if (id === undefined) throw new Error(`${component}: expected a container, seen none`);
        await handle.machine.execOk(['docker', 'exec', id, ...command]);
      },
    ),
    ...find,
  };
}

/** Keeps the state with every manager's host; from now on the network counts as up. */
export async function saveState(state: DeployedState, hosts: readonly Host[]): Promise<void> {
  await Promise.all(
    hosts
      .filter(({ node }) => node.manager)
      .map(({ remote }) =>
        putFiles(remote.docker.getContainer(handName(state.name)), STATE_FOLDER, {
          [FILE]: JSON.stringify(state),
        }),
      ),
  );
}

/** The state that a manager's host has, if it has one. */
export async function readState(network: string, host: Host): Promise<DeployedState | undefined> {
  const hand = host.remote.docker.getContainer(handName(network));
  const text = await getText(hand, `${STATE_FOLDER}/${FILE}`).catch(ifAbsent);
  return text === undefined ? undefined : (JSON.parse(text) as DeployedState);
}

const ifAbsent = (error: unknown): undefined => {
  if ((error as { statusCode?: number }).statusCode === 404) return undefined;
  throw error;
};
