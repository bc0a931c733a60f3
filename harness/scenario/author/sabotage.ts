import { broadcastConfig, configUpdateEnvelope } from '../../../fabric-client/channels.ts';
import { fetchConfigBlock } from '../../../fabric-client/fetch.ts';
import { revocationUpdate } from '../../../fabric-client/revocation-update.ts';
import { createSigner } from '../../../fabric-client/signer.ts';
import { waitFor } from '../../base/wait.ts';
import { revocationList } from '../../fabric/identities/certificates.ts';
import type { Fault } from '../../faults/model.ts';
import { managerOf } from '../../network/components.ts';
import { componentContainers } from '../../network/containers.ts';
import { deploymentOf } from '../../network/deployment.ts';
import { databaseName } from '../../network/state-documents.ts';
import { openKafkaAdmin } from '../../ordering/kafka/admin.ts';
import { serviceName } from '../../swarm/deploy.ts';
import { scaleComponent } from '../../swarm/scale.ts';
import { componentsOf } from '../../topology/components.ts';
import { clientIdentities } from '../run/clients.ts';
import type { Session } from '../session.ts';

/** Ways of planting a defect, for negative controls. Each says in its error what it could not find. */

const BUDGET_MS = 60_000;

interface StoredDocument {
  readonly _id: string;
  readonly _rev: string;
  readonly balance: number;
}

/** One account's document in one peer's CouchDB, and how to write to that database, as an operator with a browser could. */
async function accountIn(session: Session, channel: string, peer: string) {
  const { topology, credentials } = deploymentOf(session.network, 'editing a document');
  const owner = topology.organisations.flatMap((o) => o.peers).find((p) => p.name === peer);
  if (!owner) throw new Error(`${peer}: no such peer`);
  const { machine, ports } = owner.couchdb;
  const database = `http://${session.addresses[machine]}:${ports.http}/${databaseName(channel, 'bank')}`;
  const { user, password } = credentials.couchdb;
  const headers = {
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
    'content-type': 'application/json',
  };
  const query = 'include_docs=true&limit=1&startkey=%22account%3A%22';
  const answer = await fetch(`${database}/_all_docs?${query}`, { headers });
  const { rows } = (await answer.json()) as { rows?: { doc: StoredDocument }[] };
  const doc = rows?.[0]?.doc;
  if (!doc) throw new Error(`${database}: expected an account, seen none`);
  const write = async (method: string, id: string, document?: object): Promise<void> => {
    const revision = document === undefined ? `?rev=${doc._rev}` : '';
    const written = await fetch(`${database}/${encodeURIComponent(id)}${revision}`, {
      method,
      headers,
      ...(document && { body: JSON.stringify(document) }),
    });
    if (!written.ok) throw new Error(`${database}/${id}: ${await written.text()}`);
  };
  return { doc, write };
}

/** Adds one to the balance of an account in one peer's CouchDB. */
export async function editDocument(session: Session, channel: string, peer: string): Promise<void> {
  const { doc, write } = await accountIn(session, channel, peer);
  await write('PUT', doc._id, { ...doc, balance: doc.balance + 1 });
}

/** Removes an account from one peer's CouchDB. */
export async function dropDocument(session: Session, channel: string, peer: string): Promise<void> {
  const { doc, write } = await accountIn(session, channel, peer);
  await write('DELETE', doc._id);
}

/** Puts an account that nobody opened into one peer's CouchDB. */
export async function inventDocument(
  session: Session,
  channel: string,
  peer: string,
): Promise<void> {
  const { doc, write } = await accountIn(session, channel, peer);
  const { _rev, ...invented } = doc;
  await write('PUT', 'account:nobody', { ...invented, _id: 'account:nobody' });
}

/** Cuts the end off a peer's newest block file, and restarts nothing: the index still points behind it. */
export async function truncateBlockFile(
  session: Session,
  channel: string,
  peer: string,
): Promise<void> {
  const { machine } = session.network.component(peer);
  const folder = `/var/lib/docker/volumes/${serviceName(peer)}-ledger/_data/ledgersData/chains/chains/${channel}`;
  await machine.execOk([
    'sh',
    '-c',
    `file=$(ls -t ${folder}/blockfile_* | head -1) && size=$(stat -c %s "$file") && truncate -s $((size / 2)) "$file"`,
  ]);
}

interface Service {
  readonly Version: { readonly Index: number };
  readonly Spec: {
    readonly TaskTemplate: { readonly ContainerSpec: { readonly Env?: readonly string[] } };
  };
}

/**
 * Restarts chaincode servers with a planted defect, or without one.
 *
 * @param defect a value of the bank chaincode's CHAINCODE_DEFECT
 * @param peer only the server beside this peer; every one if absent
 */
export async function chaincodeDefect(
  session: Session,
  defect: string | undefined,
  peer?: string,
): Promise<void> {
  const manager = await managerOf(session.network);
  const servers = componentsOf(session.network.topology).filter(
    (c) => c.kind === 'chaincode' && (peer === undefined || c.name.endsWith(`.${peer}`)),
  );
  if (servers.length === 0) throw new Error(`${peer}: expected a chaincode server, seen none`);
  const since = Date.now();
  await Promise.all(
    servers.map(async ({ name }) => {
      const service = manager.docker.getService(serviceName(name));
      const { Version, Spec } = (await service.inspect()) as unknown as Service;
      const { ContainerSpec } = Spec.TaskTemplate;
      const env = (ContainerSpec.Env ?? []).filter(
        (e) => !/^CHAINCODE_(DEFECT|ALLOW_DEFECTS)=/.test(e),
      );
      const planted =
        defect === undefined ? [] : [`CHAINCODE_DEFECT=${defect}`, 'CHAINCODE_ALLOW_DEFECTS=true'];
      await service.update({
        ...Spec,
        version: Version.Index,
        TaskTemplate: {
          ...Spec.TaskTemplate,
          ContainerSpec: { ...ContainerSpec, Env: [...env, ...planted] },
        },
      });
    }),
  );
  await waitFor(
    {
      subject: 'chaincode servers',
      expected: 'new containers',
      budgetMs: BUDGET_MS,
      intervalMs: 300,
    },
    async () => {
      const current = await Promise.all(
        session.network.machines.map(({ docker }) => componentContainers(docker)),
      );
      const renewed = (name: string) =>
        current.some((containers) => (containers.get(name)?.Created ?? 0) * 1000 >= since - 1000);
      const missing = servers.filter(({ name }) => !renewed(name));
      if (missing.length > 0)
        throw new Error(`still old: ${missing.map((c) => c.name).join(', ')}`);
      return true;
    },
  );
  // A server listens half a second after its container has started; the peers' first calls find that out.
  await session.clock.until(session.clock.now() + 2_000, session.signal);
}

/** A fault whose heal does nothing, as if the system did not come back. */
export function neverHealed(fault: Fault): Fault {
  return {
    ...fault,
    text: `${fault.text} (never healed)`,
    prepare: async (context, targets) => {
      const active = await fault.prepare(context, targets);
      return { ...active, heal: async () => undefined };
    },
  };
}

/** Starts a component that was scaled to none, and waits until it runs. */
export async function startComponent(session: Session, component: string): Promise<void> {
  const manager = await managerOf(session.network);
  await scaleComponent(manager.docker, component, 1);
}

/** Lets a replica of the channel's topic that lags become leader, as a hurried operator might. */
export async function allowUncleanElection(session: Session, channel: string): Promise<void> {
  const { topology } = deploymentOf(session.network, 'changing a topic');
  await using admin = await openKafkaAdmin(topology, session.addresses);
  await admin.alter(channel, 'unclean.leader.election.enable', 'true');
}

/** Where a broker has a channel's records, and where an operator would have put a copy of them. */
const topicFolders = (broker: string, channel: string) => ({
  topic: `/var/lib/docker/volumes/${serviceName(broker)}-log/_data/${channel}-0`,
  copy: `/var/lib/docker/older-${broker}-${channel}`,
});

async function replicasOfTopic(session: Session, channel: string): Promise<readonly string[]> {
  const { topology } = deploymentOf(session.network, 'copying a topic');
  await using admin = await openKafkaAdmin(topology, session.addresses);
  return (await admin.topic(channel)).replicas;
}

/** Copies the channel's topic on every broker that has it, as a backup would. */
export async function keepTopic(session: Session, channel: string): Promise<void> {
  for (const broker of await replicasOfTopic(session, channel)) {
    const { topic, copy } = topicFolders(broker, channel);
    await session.network.component(broker).machine.execOk(['cp', '-a', topic, copy]);
  }
}

/** Restores the copies that {@link keepTopic} has made, all brokers being stopped meanwhile. */
export async function restoreTopic(session: Session, channel: string): Promise<void> {
  const { network } = session;
  const brokers = await replicasOfTopic(session, channel);
  const manager = await managerOf(network);
  const containers = async (broker: string) =>
    (await network.component(broker).container())?.running;
  const budget = { budgetMs: BUDGET_MS, intervalMs: 300 };
  await Promise.all(brokers.map((broker) => scaleComponent(manager.docker, broker, 0)));
  for (const broker of brokers) {
    const waited = { subject: broker, expected: 'no container that runs', ...budget };
    await waitFor(waited, async () => {
      if (await containers(broker)) throw new Error('it runs');
      return true;
    });
    const { topic, copy } = topicFolders(broker, channel);
    const restore = `rm -rf '${topic}' && mv '${copy}' '${topic}'`;
    await network.component(broker).machine.execOk(['sh', '-c', restore]);
  }
  await Promise.all(brokers.map((broker) => scaleComponent(manager.docker, broker, 1)));
  const { topology } = deploymentOf(network, 'restoring a topic');
  const subject = `topic ${channel}`;
  await waitFor({ subject, expected: 'a leader and all replicas', ...budget }, async () => {
    await using admin = await openKafkaAdmin(topology, session.addresses);
    const { leader, inSync, replicas } = await admin.topic(channel);
    if (leader && inSync.length === replicas.length) return true;
    throw new Error(`leader ${leader ?? 'none'}, in sync ${inSync.join(', ')}`);
  });
}

/** Has an organisation revoke its clients' certificate, and the channel know it. */
export async function revokeClients(
  session: Session,
  channel: string,
  mspId: string,
): Promise<void> {
  const deployment = deploymentOf(session.network, 'revoking clients');
  const { connections, endpoints } = session;
  const { topology, identities } = deployment;
  const index = topology.organisations.findIndex((organisation) => organisation.mspId === mspId);
  const { name = '' } = topology.organisations[index] ?? {};
  const organisation = identities.organisations[name];
  const admin = endpoints.organisations[index]?.admin;
  const [orderer] = endpoints.orderers;
  if (!organisation || !admin || !orderer) throw new Error(`${mspId}: no such organisation`);
  const clients = await clientIdentities(deployment);
  const own = clients.filter((client) => client.mspId === mspId);
  const list = await revocationList(
    organisation.ca,
    own.map(({ certificatePem }) => certificatePem),
  );
  const signer = createSigner(admin);
  const configuration = () =>
    fetchConfigBlock(connections, [orderer], signer, { kind: 'orderer', channel });
  const update = revocationUpdate(await configuration(), channel, mspId, list);
  if (!update) throw new Error(`${channel}: expected it not to know of the revocation yet`);
  await broadcastConfig({
    ...{ connections, orderers: endpoints.orderers, channel, budgetMs: BUDGET_MS },
    envelope: () => configUpdateEnvelope(channel, update, [signer]),
  });
  await waitFor(
    { subject: `channel ${channel}`, expected: 'the revocation list', budgetMs: BUDGET_MS },
    async () => {
      if (revocationUpdate(await configuration(), channel, mspId, list) === undefined) return true;
      throw new Error('not yet');
    },
  );
}
