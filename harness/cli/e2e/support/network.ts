import { type FabricClient, openGateway } from '../../../fabric/gateway/gateway.ts';
import { type Endpoints, endpointsOf } from '../../../fabric/network/endpoints.ts';
import { type FoundNetwork, findNetwork } from '../../../fabric/network/state.ts';
import { testEngine } from './engine.ts';

/** A running network with a client of each organisation on its first channel. */
export interface OpenNetwork extends AsyncDisposable {
  readonly network: FoundNetwork;
  readonly endpoints: Endpoints;
  readonly channel: string;
  readonly clients: readonly FabricClient[];
}

/** @throws Error when no complete network of this name runs */
export async function openNetwork(name: string): Promise<OpenNetwork> {
  const network = await findNetwork(await testEngine(), name);
  if (!network || network === 'incomplete') {
    throw new Error(`network "${name}": expected it to run, seen ${network ?? 'none'}`);
  }
  const { topology, identities, machines } = network.state;
  const addresses = Object.fromEntries(machines.map((m) => [m.number, m.address]));
  const endpoints = endpointsOf(topology, identities, addresses);
  const [first] = topology.channels;
  const channel = first?.name ?? '';
  const profile = { peers: endpoints.peers, orderers: endpoints.orderers };
  const clients = await Promise.all(
    endpoints.organisations.map(({ admin }) =>
      openGateway({ profile, identity: admin, channel, chaincode: first?.chaincodes[0] ?? '' }),
    ),
  );
  return {
    network,
    endpoints,
    channel,
    clients,
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.close()));
    },
  };
}

/** Submits and expects the commit. @returns the block's number */
export async function commit(client: FabricClient, fn: string, ...args: string[]): Promise<number> {
  const result = await client.submit({ function: fn, args });
  if (result.outcome !== 'ok' || result.block === undefined) {
    throw new Error(
      `${client.mspId}: ${fn} ${args.join(' ')}: expected a commit, seen ${result.outcome} at ` +
        `${result.stage}: ${result.error}`,
    );
  }
  return result.block;
}

let accounts = 0;

/** Opens two fresh accounts with 100 each and moves 1 through a client. @returns the second's name and the block */
export async function transfer(client: FabricClient): Promise<{ to: string; block: number }> {
  accounts += 1;
  const prefix = `e2e-${process.pid}-${accounts}-`;
  await commit(client, 'openMany', prefix, '2', 'e2e', '100');
  const block = await commit(client, 'transfer', `${prefix}0`, `${prefix}1`, '1');
  return { to: `${prefix}1`, block };
}
