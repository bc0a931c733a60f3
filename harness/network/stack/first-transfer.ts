import type { Connections } from '../../../fabric-client/connections.ts';
import { transact } from '../../../fabric-client/transact.ts';
import { type Endpoints, endpointsOfChannel, signingIdentity } from '../../fabric/endpoints.ts';
import type { Identities } from '../../fabric/identities/identities.ts';
import type { Topology } from '../../topology/schema.ts';

const BUDGET_MS = 60_000;

/**
 * Proves that the network works from end to end: opens two accounts and moves money between them, endorsed by every
 * organisation and committed on every peer.
 *
 * Its user is from the keys that the network was made with. Having the CA enrol one would lengthen the start: the CA is
 * among what starts last, and the SDK that talks to it takes about a second to load on idle cores, three on busy ones.
 *
 * @throws FabricError that names the step which failed
 */
export async function firstTransfer(
  connections: Connections,
  endpoints: Endpoints,
  identities: Identities,
  topology: Topology,
): Promise<{ block: number; transactionId: string }> {
  const { orderers } = endpoints;
  const submit = submitter(connections, endpoints, identities, topology);
  await submit(orderers, BUDGET_MS, 'openMany', 'first-', '2', 'harness', '100');
  return submit(orderers, BUDGET_MS, 'transfer', 'first-0', 'first-1', '10');
}

/**
 * Proves that a network which was there before orders through each of its orderers: moves a unit between the accounts
 * of the first transfer, and back.
 *
 * @param budgetMs milliseconds for each orderer
 * @throws FabricError that names the orderer and what it answered last
 */
export async function transferThroughEach(
  connections: Connections,
  endpoints: Endpoints,
  identities: Identities,
  topology: Topology,
  budgetMs: number,
): Promise<void> {
  const submit = submitter(connections, endpoints, identities, topology);
  let [from, to] = ['first-0', 'first-1'];
  for (const orderer of endpoints.orderers) {
    await submit([orderer], budgetMs, 'transfer', from, to, '1');
    [from, to] = [to, from];
  }
}

/** Submits to the first chaincode of the first channel, in the name of its first organisation's user. */
function submitter(
  connections: Connections,
  endpoints: Endpoints,
  identities: Identities,
  topology: Topology,
) {
  const [channel] = topology.channels;
  const [chaincode] = channel?.chaincodes ?? [];
  const organisation = identities.organisations[channel?.organisations[0] ?? ''];
  if (!channel || !chaincode || !organisation) {
    throw new Error('first transfer: expected a channel with a chaincode and an organisation');
  }
  const { organisations, peers } = endpointsOfChannel(endpoints, topology, channel.name);
  return (orderers: Endpoints['orderers'], budgetMs: number, ...args: string[]) =>
    transact({
      connections,
      orderers,
      endorsers: organisations.flatMap((o) => o.peers.slice(0, 1)),
      observers: peers,
      identity: signingIdentity(organisation, organisation.user),
      request: { channel: channel.name, chaincode, args },
      budgetMs,
    });
}
