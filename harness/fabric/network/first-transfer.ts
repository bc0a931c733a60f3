import type { Topology } from '../../settings/topology/schema.ts';
import type { Connections } from '../client/connections.ts';
import { transact } from '../client/transact.ts';
import type { Identities } from '../identities/identities.ts';
import { type Endpoints, signingIdentity } from './endpoints.ts';

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
  { orderers, organisations, peers }: Endpoints,
  identities: Identities,
  topology: Topology,
): Promise<{ block: number; transactionId: string }> {
  const [channel] = topology.channels;
  const [chaincode] = channel?.chaincodes ?? [];
  const [organisation] = Object.values(identities.organisations);
  if (!channel || !chaincode || !organisation) {
    throw new Error('first transfer: expected a channel with a chaincode and an organisation');
  }
  const submit = (...args: string[]) =>
    transact({
      connections,
      orderers,
      endorsers: organisations.flatMap((o) => o.peers.slice(0, 1)),
      observers: peers,
      identity: signingIdentity(organisation, organisation.user),
      request: { channel: channel.name, chaincode, args },
      budgetMs: BUDGET_MS,
    });
  await submit('openMany', 'first-', '2', 'harness', '100');
  return submit('transfer', 'first-0', 'first-1', '10');
}
