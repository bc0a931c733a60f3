import type Docker from 'dockerode';
import { NETWORK_LABEL } from '../../engine/labels.ts';
import type { NodeMode } from '../../engine/mode.ts';
import { endpointsOf } from '../../fabric/endpoints.ts';
import { orderingOf } from '../../ordering/registry.ts';
import { getText, putFiles } from '../../swarm/archive.ts';
import { attachNode, type StartedDockerNode } from '../../swarm/machine.ts';
import type { ApiCertificates } from '../../swarm/tls.ts';
import { addressesOf } from '../../topology/addresses.ts';
import { finders, managerOf } from '../components.ts';
import type { DeployedNetwork, DeployedState } from '../deployed.ts';
import { fabricLedgers } from '../fabric-ledgers.ts';
import type { EventEngine } from '../port.ts';
import { findObjects, holderAmong } from './objects.ts';
import { type ContainedMachine, withPower } from './power.ts';

/**
 * What another process needs in order to use a running network. Kept in the container of a manager, so that it is as
 * private as the machine (the Swarm holds the same keys) and disappears with it.
 */
export interface NetworkState extends DeployedState {
  readonly mode: NodeMode;
  readonly certificates: Pick<ApiCertificates, 'ca' | 'client'>;
}

/** A network on machines that are containers of one engine. */
export interface MachinesNetwork extends DeployedNetwork {
  readonly state: NetworkState;
  readonly machines: readonly ContainedMachine[];
  /** State of each node container when the network was found: `running`, `exited`, `paused`, … */
  readonly containerStates: ReadonlyMap<number, string>;
  /** The same machines, once what runs on them has changed. */
  restated(state: NetworkState): MachinesNetwork;
}

const FOLDER = '/var/lib';
const FILE = 'harness/state.json';

/** Writes the state; from now on the network counts as up. */
export async function saveState(
  manager: Pick<StartedDockerNode, 'container'>,
  state: NetworkState,
): Promise<void> {
  await putFiles(manager.container, FOLDER, { [FILE]: JSON.stringify(state) });
}

/**
 * A network whose state is known.
 *
 * @param outer the engine that the machines run in
 * @param containers id and state of each machine's container, by the machine's number
 */
export function machinesNetwork(
  outer: Docker,
  state: NetworkState,
  containers: ReadonlyMap<number, { readonly Id: string; readonly State: string }>,
): MachinesNetwork {
  const { name, topology, identities, certificates } = state;
  const machines = state.machines.flatMap(({ number, address }) => {
    const container = containers.get(number);
    if (!container) return [];
    return [withPower(attachNode(outer, container.Id, { number, address, certificates }))];
  });
  const nodes = endpointsOf(topology, identities, addressesOf(state.machines));
  const engines: EventEngine[] = [
    { name: 'host', docker: outer, filters: { label: [`${NETWORK_LABEL}=${name}`] } },
    ...machines.map(({ number, docker }) => ({ name: `machine${number}`, docker })),
  ];
  const find = finders(topology, machines);
  return {
    name,
    topology,
    state,
    deployment: state,
    machines,
    nodes,
    ordering: orderingOf(topology),
    engines,
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
    containerStates: new Map([...containers].map(([number, { State }]) => [number, State])),
    restated: (next) => machinesNetwork(outer, next, containers),
    ...find,
  };
}

/**
 * Finds a network by its name.
 *
 * @returns `undefined` when there is none; `'incomplete'` when there are objects of one that never came up
 */
export async function findNetwork(
  docker: Docker,
  name: string,
): Promise<MachinesNetwork | 'incomplete' | undefined> {
  const objects = await findObjects(docker, name);
  if (objects.machines.size === 0) {
    return objects.others.length + objects.networks.length + objects.volumes.length > 0
      ? 'incomplete'
      : undefined;
  }
  for (const { Id } of objects.machines.values()) {
    const text = await getText(docker.getContainer(Id), `${FOLDER}/${FILE}`);
    if (!text) continue;
    const network = machinesNetwork(docker, JSON.parse(text) as NetworkState, objects.machines);
    const [owner, user] = [holderAmong(objects, 'reaper'), holderAmong(objects, 'user')];
    return {
      ...network,
      ...(owner !== undefined && { owner }),
      ...(user !== undefined && { user }),
    };
  }
  return 'incomplete';
}
