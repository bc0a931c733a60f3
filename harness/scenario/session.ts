import { Connections } from '../../fabric-client/connections.ts';
import type { Endpoints } from '../fabric/endpoints.ts';
import type { ClientUser } from '../fabric/identities/enrol.ts';
import { Guard } from '../faults/guard.ts';
import type { Network } from '../network/port.ts';
import { addressesOf } from '../topology/addresses.ts';
import type { ClientKind } from '../workload/client.ts';
import { type Clock, RunClock } from '../workload/clock.ts';
import { openClients, type ScenarioClients } from './run/clients.ts';
import type { ProgressLine } from './run/narration.ts';

/** What all scenarios of a run share: one network, one clock, one guard, one set of connections. */
export interface Session extends AsyncDisposable {
  readonly network: Network;
  readonly endpoints: Endpoints;
  readonly addresses: Readonly<Record<number, string>>;
  readonly connections: Connections;
  readonly guard: Guard;
  readonly clock: Clock;
  /** Clients of a channel: as many as asked for, and a probe for each orderer. @throws Error when they cannot be opened */
  openClients(
    channel: string,
    chaincode: string,
    count: number,
    kind: ClientKind,
    users?: readonly ClientUser[],
  ): Promise<ScenarioClients>;
  readonly seed: number;
  readonly runFolder: string;
  readonly signal: AbortSignal;
  /** Told what a scenario is doing. */
  readonly tell?: ((line: ProgressLine) => void) | undefined;
}

/**
 * Opens a session on a running network.
 *
 * @param options `origin`: milliseconds since the epoch at the start of the run, so that several processes share a time
 * axis; `clock` and `clients`: in the place of the run's own clock and of Fabric's clients
 */
export async function openSession(options: {
  readonly network: Network;
  readonly seed: number;
  readonly runFolder: string;
  readonly origin: number;
  readonly signal: AbortSignal;
  readonly tell?: Session['tell'];
  readonly clock?: Clock;
  readonly clients?: Session['openClients'];
}): Promise<Session> {
  const { network, seed, runFolder, signal, clients } = options;
  const endpoints = network.nodes;
  const connections = new Connections();
  const guard = await Guard.start(network);
  const clock = options.clock ?? new RunClock(performance.now() - (Date.now() - options.origin));
  return {
    network,
    endpoints,
    addresses: addressesOf(network.machines),
    connections,
    guard,
    clock,
    openClients:
      clients ?? ((...wanted) => openClients({ network, clock, connections }, ...wanted)),
    seed,
    runFolder,
    signal,
    tell: options.tell,
    async [Symbol.asyncDispose]() {
      connections.close();
      network.ledgers.close();
      await guard[Symbol.asyncDispose]();
    },
  };
}
