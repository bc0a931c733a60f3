import { Connections } from '../../../../fabric-client/connections.ts';
import { type Endpoints, endpointsOf } from '../../../fabric/endpoints.ts';
import { findNetwork, type MachinesNetwork } from '../../../network/machines/network.ts';
import { transferThrough } from '../../../scenario/author/transfer-through.ts';
import { disagreements, headerHashes } from '../../../scenario/evidence/header-hashes.ts';
import { addressesOf } from '../../../topology/addresses.ts';
import { testEngine } from './engine.ts';

/** A network that runs, as a test uses it. */
export interface RunningNetwork {
  readonly found: MachinesNetwork;
  readonly endpoints: Endpoints;
  readonly channel: string;
}

/** @throws Error when no complete network of this name runs */
export async function networkCalled(name: string): Promise<RunningNetwork> {
  const found = await findNetwork(await testEngine(), name);
  if (!found || found === 'incomplete') {
    throw new Error(`network "${name}": expected it to run, seen ${found ?? 'none'}`);
  }
  const { topology, identities, machines } = found.state;
  const addresses = addressesOf(machines);
  const endpoints = endpointsOf(topology, identities, addresses);
  return { found, endpoints, channel: topology.channels[0]?.name ?? '' };
}

let transfers = 0;

/** A transfer through each organisation, or only the first, read from every peer. @returns the newest block's number */
export async function expectTransfers(
  { endpoints, channel }: RunningNetwork,
  organisations = endpoints.organisations,
): Promise<number> {
  let newest = 0;
  for (const { mspId } of organisations) {
    transfers += 1;
    const prefix = `e2e-${process.pid}-${transfers}-`;
    const { block, balances } = await transferThrough(endpoints, channel, mspId, prefix, 7);
    expect(Object.fromEntries(balances)).toEqual(
      Object.fromEntries(endpoints.peers.map(({ name }) => [name, '107'])),
    );
    newest = block;
  }
  return newest;
}

/** All peers and orderers have the same header for each block from 0 to the newest. */
export async function expectOneChain(network: RunningNetwork, newest: number): Promise<void> {
  const connections = new Connections();
  try {
    const { endpoints, channel } = network;
    const hashes = await headerHashes(connections, endpoints, channel, newest);
    expect(disagreements(hashes)).toEqual([]);
    expect(hashes.size).toBe(endpoints.peers.length + endpoints.orderers.length);
    for (const chain of hashes.values()) expect(chain).toHaveLength(newest + 1);
  } finally {
    connections.close();
  }
}
