import { fetchBlock } from '../../../fabric-client/fetch.ts';
import { createSigner } from '../../../fabric-client/signer.ts';
import { artefactJob } from '../../fabric/artefacts/artefacts.ts';
import {
  artefactFiles,
  PREPARED_CHANNEL,
  preparedChannel,
} from '../../fabric/artefacts/prepared-channel.ts';
import { decodeBlock } from '../../fabric/ledger/decoder.ts';
import type { Block } from '../../fabric/ledger/model.ts';
import { API_ARTEFACTS } from '../../fabric/services/api.ts';
import { runningContainer } from '../../faults/components.ts';
import { deploymentOf } from '../../network/deployment.ts';
import { createOnOrderers } from '../../network/stack/create-on-orderers.ts';
import { runJob } from '../../network/stack/run-job.ts';
import { putFiles } from '../../swarm/archive.ts';
import { apisOf } from '../../topology/components.ts';
import { fabricImage, hasSystemChannel } from '../../topology/releases.ts';
import type { Session } from '../session.ts';
import type { Listener } from './raw-connections.ts';
import { RestClient, show } from './rest-client.ts';

/** Milliseconds for one block of one peer. */
const FETCH_MS = 10_000;

/**
 * Where everyone reaches the network's REST API.
 *
 * @param name of the process; the first one's unless told
 * @throws Error for a name that none of them has
 */
export function apiListener(
  { network, addresses }: Pick<Session, 'network' | 'addresses'>,
  name = network.topology.application.api.name,
): Listener {
  const all = apisOf(network.topology);
  const found = all.find((api) => api.name === name);
  const host = found && addresses[found.machine];
  if (!found || !host) {
    throw new Error(
      `REST API: expected one of ${all.map((api) => api.name).join(', ')}, seen ${name}`,
    );
  }
  return { host, port: found.ports.http };
}

/** A client of the network's REST API, or of one of its processes by name. @throws as {@link apiListener} */
export function restClient(
  session: Pick<Session, 'network' | 'addresses'>,
  name?: string,
): RestClient {
  const { host, port } = apiListener(session, name);
  return new RestClient(`http://${host}:${port}`);
}

/** Passwords of the form that the API asks for; the users exist on a network that lives as long as its run. */
export const PASSWORD = 'correct-horse-battery';

/**
 * What makes the first user of an organisation its admin, handed out with the network.
 *
 * @throws Error for an organisation that the network does not have
 */
export function firstAdminSecret(
  { network }: Pick<Session, 'network'>,
  organisation: string,
): string {
  const { credentials } = deploymentOf(network, 'first admin');
  const secret = credentials.firstAdminSecrets[organisation];
  if (!secret) throw new Error(`first admin of ${organisation}: expected a secret, seen none`);
  return secret;
}

/** Who the walk's admins are; those of other organisations have a name of their own. */
const ADMINS: Readonly<Record<string, string>> = { Org1: 'Jim', Org2: 'Barry' };

/**
 * A token of an organisation's admin at the REST API: made with the organisation's secret, or, where that was done
 * before, logged in.
 *
 * @param username the admin of the walk unless told
 * @throws Error when neither is possible
 */
export async function adminToken(
  session: Pick<Session, 'network' | 'addresses'>,
  orgName: string,
  username: string = ADMINS[orgName] ?? 'Chief',
): Promise<string> {
  const api = restClient(session);
  try {
    const user = { username, orgName, password: PASSWORD };
    const adminSecret = firstAdminSecret(session, orgName);
    const made = await api.post('/users', { ...user, adminSecret });
    const answer = made.status === 200 ? made : await api.post('/users/login', user);
    if (answer.status === 200) return String(answer.json.token);
    throw new Error(`admin of ${orgName}: expected a token, seen ${show(made)}, ${show(answer)}`);
  } finally {
    api.close();
  }
}

/**
 * Registers users as members, each by the admin of its organisation.
 *
 * @returns their tokens, in the same order
 * @throws Error when refused
 */
export async function registerUsers(
  session: Pick<Session, 'network' | 'addresses'>,
  users: readonly { readonly username: string; readonly orgName: string }[],
): Promise<string[]> {
  const api = restClient(session);
  const admins = new Map<string, string>();
  const tokens: string[] = [];
  for (const user of users) {
    const { orgName } = user;
    const admin = admins.get(orgName) ?? (await adminToken(session, orgName));
    admins.set(orgName, admin);
    tokens.push(await api.register({ password: PASSWORD, ...user }, admin));
  }
  api.close();
  return tokens;
}

/**
 * The channel that a walk creates: the one that the bring-up has prepared, or, where an earlier walk on the same network
 * has used it, another one whose transactions are put beside it, as an operator would. Without a system channel no
 * organisation can create a channel: it is made here, by whoever runs the orderers, with its anchor peers.
 *
 * @param joined channels that exist already
 * @param suffix makes another name for a further walk
 */
export async function channelToCreate(
  session: Session,
  joined: readonly string[],
  suffix: string,
): Promise<{ readonly name: string; readonly exists: boolean }> {
  const { network, connections, endpoints } = session;
  const deployment = deploymentOf(network, 'a channel to create');
  const { topology, identities, images } = deployment;
  const taken = joined.includes(PREPARED_CHANNEL);
  const name = taken ? `${PREPARED_CHANNEL}-${suffix}` : PREPARED_CHANNEL;
  const handle = network.component(topology.application.api.name);
  if (!hasSystemChannel(topology)) {
    await createOnOrderers(connections, endpoints, deployment, handle.machine, name);
    return { name, exists: true };
  }
  if (!taken) return { name, exists: false };
  const channels = [preparedChannel(topology, name)];
  const job = artefactJob(topology, identities, { genesis: false, channels });
  const transactions = await runJob(
    handle.machine.docker,
    images[fabricImage(topology)] ?? 'fabric',
    job,
  );
  const { container } = await runningContainer(handle);
  await putFiles(container, API_ARTEFACTS, artefactFiles(transactions), 0o444);
  return { name, exists: false };
}

/** The same block as each peer gives it to a client of its own organisation, decoded. */
export async function blockOnEveryPeer(
  { endpoints, connections }: Session,
  channel: string,
  number: number,
): Promise<Map<string, Block>> {
  const sources = endpoints.organisations.flatMap(({ admin, peers }) =>
    peers.map((peer) => ({ peer, signer: createSigner(admin) })),
  );
  return new Map(
    await Promise.all(
      sources.map(async ({ peer, signer }) => {
        const wanted = { kind: 'peer', channel, start: number, whenMissing: 'wait' } as const;
        const raw = await fetchBlock(connections, peer, signer, wanted, FETCH_MS);
        return [peer.name, decodeBlock(raw)] as const;
      }),
    ),
  );
}
