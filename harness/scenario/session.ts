import type { Connections } from '../fabric/client/connections.ts';
import { Connections as FabricConnections } from '../fabric/client/connections.ts';
import { type Endpoints, endpointsOf } from '../fabric/endpoints.ts';
import type { GatewayProfile } from '../fabric/gateway/hub.ts';
import { Guard } from '../faults/guard.ts';
import type { FoundNetwork } from '../network/machines/state.ts';
import { addressesOf } from '../topology/addresses.ts';
import { RunClock } from '../workload/clock.ts';

/** What all scenarios of a run share: one network, one clock, one guard, one set of connections. */
export interface Session extends AsyncDisposable {
  readonly network: FoundNetwork;
  readonly endpoints: Endpoints;
  readonly addresses: Readonly<Record<number, string>>;
  /** One object, so that clients share connections and event streams. */
  readonly profile: GatewayProfile;
  readonly connections: Connections;
  readonly guard: Guard;
  readonly clock: RunClock;
  readonly seed: number;
  readonly runFolder: string;
  readonly signal: AbortSignal;
}

/**
 * Opens a session on a running network.
 *
 * @param origin milliseconds since the epoch at the start of the run, so that several processes share a time axis
 */
export async function openSession(options: {
  readonly network: FoundNetwork;
  readonly seed: number;
  readonly runFolder: string;
  readonly origin: number;
  readonly signal: AbortSignal;
}): Promise<Session> {
  const { network, seed, runFolder, signal } = options;
  const { topology, identities, machines } = network.state;
  const addresses = addressesOf(machines);
  const endpoints = endpointsOf(topology, identities, addresses);
  const connections = new FabricConnections();
  const guard = await Guard.start(network);
  return {
    network,
    endpoints,
    addresses,
    profile: { peers: endpoints.peers, orderers: endpoints.orderers },
    connections,
    guard,
    clock: new RunClock(performance.now() - (Date.now() - options.origin)),
    seed,
    runFolder,
    signal,
    async [Symbol.asyncDispose]() {
      connections.close();
      await guard[Symbol.asyncDispose]();
    },
  };
}
