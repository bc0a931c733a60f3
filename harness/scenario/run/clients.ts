import { type FabricClient, openClient } from '../../../fabric-client/client.ts';
import type { Connections } from '../../../fabric-client/connections.ts';
import type { SigningIdentity } from '../../../fabric-client/types.ts';
import { type ClientUser, enrolClients, enrolUsers } from '../../fabric/identities/enrol.ts';
import { type Deployment, deploymentOf } from '../../network/deployment.ts';
import type { Network } from '../../network/port.ts';
import type { ClientKind, LoadClient } from '../../workload/client.ts';
import type { Clock } from '../../workload/clock.ts';
import { directClient, PROBE_TIMEOUTS } from '../../workload/direct-client.ts';
import { fabricGatewayClients } from '../../workload/stock/fabric-gateway.ts';
import { fabricNetworkClients } from '../../workload/stock/fabric-network.ts';
import type { StockClients, StockOptions } from '../../workload/stock/stock.ts';
import type { OtherClients } from '../author/places.ts';

/** The clients of a scenario. */
export interface ScenarioClients extends AsyncDisposable {
  /** As many as asked for, organisations taking turns. */
  readonly load: readonly LoadClient[];
  /** One for each orderer, pinned to it. */
  readonly probes: ReadonlyMap<string, LoadClient>;
  /** Those of other channels, and of other chaincodes. */
  readonly others?: OtherClients;
}

/** Milliseconds from an acknowledgement to the same envelope being sent again, where it may have been lost. */
const RESUBMIT_MS = 4_000;

/** Clients that others make, by the name that a load gives them. */
const STOCK: Partial<Record<ClientKind, (options: StockOptions) => StockClients>> = {
  'fabric-network': fabricNetworkClients,
  'fabric-gateway': fabricGatewayClients,
};

const nameOf = ({ mspId }: SigningIdentity, name: string) =>
  `${mspId.replace(/MSP$/, '').toLowerCase()}-${name}`;

/** The clients' name at each organisation's CA. */
const CLIENT_NAME = 'harness-client';

/** Whom clients without a name of their own act as, one for each organisation. */
export const clientIdentities = (deployment: Deployment): Promise<SigningIdentity[]> =>
  enrolClients(deployment, [CLIENT_NAME]);

function identityOf(identities: readonly SigningIdentity[], index: number): SigningIdentity {
  const identity = identities[index % identities.length];
  if (!identity) throw new Error('clients: expected an organisation, seen none');
  return identity;
}

async function enrolled(network: Network, users: readonly ClientUser[]) {
  const deployment = deploymentOf(network, 'clients');
  const plain = await clientIdentities(deployment);
  return { plain, named: await enrolUsers(deployment, users) };
}

/** @throws Error for any: they would have to be enrolled */
function noUsers(users: readonly ClientUser[]): readonly SigningIdentity[] {
  if (users.length === 0) return [];
  throw new Error(
    'users of a load: expected none on a network that others run, since its CAs enrol nobody for the harness',
  );
}

/**
 * Opens clients for the load, and for the probes, which are always the harness's own, with identities that the
 * organisations' CAs enrolled.
 *
 * @param place its connections are shared by all clients, and with them the events of the channel
 * @param users whom the load's clients act as, in turn; a client of each organisation in turn unless told
 * @throws FabricError when a CA is away, or no peer streams
 */
export async function openClients(
  place: { readonly network: Network; readonly clock: Clock; readonly connections: Connections },
  channel: string,
  chaincode: string,
  count: number,
  kind: ClientKind,
  users: readonly ClientUser[] = [],
): Promise<ScenarioClients> {
  const { network, clock, connections } = place;
  const members = network.ledgers.members(channel);
  const mspIds = members.organisations.map(({ mspId }) => mspId);
  const onChannel = ({ mspId }: SigningIdentity) => mspIds.includes(mspId);
  const all = network.members
    ? { plain: network.members, named: noUsers(users) }
    : await enrolled(network, users);
  const plain = all.plain.filter(onChannel);
  // Users of organisations that are not on the channel have no part in what is asked there.
  const acting = all.named.flatMap((identity, index) => {
    const user = users[index];
    return user && onChannel(identity) ? [{ identity, user }] : [];
  });
  if (users.length > 0 && acting.length === 0) {
    throw new Error(
      `users of the load: expected one of an organisation on ${channel} (${mspIds.join(', ')}), seen none`,
    );
  }
  const opened: FabricClient[] = [];
  const open = async (
    identities: readonly SigningIdentity[],
    index: number,
    name: string,
    extra: object = {},
  ): Promise<LoadClient> => {
    const identity = identityOf(identities, index);
    const client = await openClient({
      connections,
      profile: members,
      atOnce: network.ordering.clientsSendTo === 'all',
      // What an orderer may lose although it said SUCCESS, its clients must be ready to send again.
      ...(network.ordering.forgetting ? { timeouts: { resubmitMs: RESUBMIT_MS } } : {}),
      identity,
      channel,
      chaincode,
      turn: index,
      clock: () => clock.now(),
      ...extra,
    });
    opened.push(client);
    return directClient(client, nameOf(identity, name), chaincode);
  };
  const now = () => clock.now();
  const stock = STOCK[kind]?.({ profile: members, channel, chaincode, now });
  const load = await Promise.all(
    Array.from({ length: count }, (_, i) => {
      const as = acting[i % acting.length];
      const [identities, name] = as
        ? [acting.map(({ identity }) => identity), `${as.user.name}-${i}`]
        : [plain, String(i)];
      if (stock === undefined) return open(identities, i, name);
      const identity = identityOf(identities, i);
      return stock.client(nameOf(identity, name), identity, i);
    }),
  );
  const probes = await Promise.all(
    network.nodes.orderers.map(
      async ({ name }, i) =>
        [name, await open(plain, i, `probe-${name}`, { timeouts: PROBE_TIMEOUTS })] as const,
    ),
  );
  return {
    load,
    probes: new Map(probes),
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([
        ...opened.map((client) => client.close()),
        stock?.[Symbol.asyncDispose](),
      ]);
    },
  };
}
