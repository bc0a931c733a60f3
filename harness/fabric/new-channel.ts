import { createChannel, waitForChannel } from '../../fabric-client/channels.ts';
import type { Connections } from '../../fabric-client/connections.ts';
import { createSigner } from '../../fabric-client/signer.ts';
import type { MachineAddresses } from '../topology/addresses.ts';
import { hasSystemChannel } from '../topology/releases.ts';
import type { Topology } from '../topology/schema.ts';
import type { Endpoints } from './endpoints.ts';
import type { Identities } from './identities/identities.ts';
import { joinOrderer, ordererAdmins } from './participation.ts';

export interface NewChannel {
  readonly topology: Topology;
  readonly identities: Identities;
  readonly addresses: MachineAddresses;
  readonly connections: Connections;
  /** Orderers, and the organisations that are members. */
  readonly endpoints: Endpoints;
  readonly name: string;
  /** What `artefactJob` makes for the channel: a transaction, or a genesis block where there is no system channel. */
  readonly configuration: Uint8Array;
  /** For all orderers to serve the channel, ms. */
  readonly budgetMs: number;
}

/**
 * Makes a channel in the way of the network's ordering service, and waits until every orderer orders for it.
 *
 * @returns block 0, serialized
 * @throws FabricError or DeadlineError when an orderer refuses it, or does not serve it within the budget
 */
export async function newChannel(request: NewChannel): Promise<Uint8Array> {
  const { topology, connections, endpoints, name, configuration, budgetMs } = request;
  const { orderers, organisations } = endpoints;
  if (hasSystemChannel(topology)) {
    const signers = organisations.map(({ admin }) => admin);
    const wanted = { connections, orderers, channelTx: configuration, signers, budgetMs };
    return (await createChannel(wanted)).genesisBlock;
  }
  const [reader] = organisations;
  if (!reader) throw new Error(`channel ${name}: expected a member, seen none`);
  const admins = ordererAdmins(topology, request.identities, request.addresses);
  await Promise.all(admins.map((admin) => joinOrderer(admin, name, configuration, budgetMs)));
  const signer = createSigner(reader.admin);
  await Promise.all(
    orderers.map((orderer) => waitForChannel(connections, orderer, signer, name, budgetMs)),
  );
  return configuration;
}
