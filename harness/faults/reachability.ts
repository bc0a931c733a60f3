import { patient } from '../base/patience.ts';
import { componentContainers } from '../network/containers.ts';
import type { Machine } from '../network/port.ts';
import { componentsOf } from '../topology/components.ts';
import type { FaultContext } from './model.ts';
import { inNamespace } from './netfilter.ts';

/** Port of Swarm's own gossip; every machine listens there. */
const GOSSIP_PORT = 7946;
/** Milliseconds that a connection may take; the network is all on one host. */
const CONNECT_MS = 1_000;

/** A place that a connection can be tried to. */
export interface NetworkListener {
  /** A component's name, or `machine2`. */
  readonly name: string;
  readonly machine: number;
  readonly address: string;
  readonly port: number;
}

/** Every running component that listens on the overlay, with its address there. */
export async function overlayPlaces(context: FaultContext): Promise<NetworkListener[]> {
  const { machines, topology } = context.network;
  const components = new Map(componentsOf(topology).map((c) => [c.name, c]));
  const lists = await Promise.all(
    machines.map(async (machine) => {
      // A machine that cannot be asked (lost, frozen) has nothing that could be reached.
      const containers = await componentContainers(machine.docker).catch(() => new Map());
      return [...containers].flatMap(([name, { State, NetworkSettings }]): NetworkListener[] => {
        const component = components.get(name);
        const address = NetworkSettings.Networks[topology.network]?.IPAddress;
        // The last port: for orderers and peers that of operations, which says nothing about a visit that ends at once.
        const port = component?.ports.at(-1)?.container;
        if (State !== 'running' || !component || !address || port === undefined) return [];
        return [{ name: component.name, machine: machine.number, address, port }];
      });
    }),
  );
  return lists.flat();
}

/** The machines themselves, on the port of Swarm's gossip. */
export const machinePlaces = (context: FaultContext): NetworkListener[] =>
  context.network.machines.map(({ number, address }) => ({
    name: `machine${number}`,
    machine: number,
    address,
    port: GOSSIP_PORT,
  }));

/**
 * Tries a TCP connection to each place, all at once, from inside a network namespace.
 *
 * @param pid a process in the namespace; the machine's own without one
 * @returns names of the places that accepted
 */
export async function reachable(
  machine: Machine,
  pid: number | undefined,
  places: readonly NetworkListener[],
): Promise<Set<string>> {
  if (places.length === 0) return new Set();
  const seconds = patient(CONNECT_MS) / 1_000;
  const tries = places.map(
    ({ name, address, port }) =>
      `{ timeout ${seconds} bash -c 'exec 3<>/dev/tcp/${address}/${port}' 2>/dev/null && echo ${name}; } &`,
  );
  const script = `${tries.join('\n')}\nwait`;
  const output = await machine.execOk(['bash', '-c', inNamespace(pid, script, 'bash')]);
  return new Set(output.split('\n').filter((line) => line !== ''));
}
