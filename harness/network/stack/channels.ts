import { joinChannel } from '../../../fabric-client/channels.ts';
import type { Connections } from '../../../fabric-client/connections.ts';
import {
  type ChaincodeDefinition,
  defineChaincode,
  installChaincode,
} from '../../../fabric-client/lifecycle.ts';
import type { Progress } from '../../base/progress.ts';
import type { ChaincodePackage } from '../../fabric/artefacts/chaincode-package.ts';
import { type Endpoints, endpointsOfChannel } from '../../fabric/endpoints.ts';
import { type NewChannel, newChannel } from '../../fabric/new-channel.ts';
import { orderingOf } from '../../ordering/registry.ts';
import type { Topology } from '../../topology/schema.ts';
import type { Deployment } from '../deployment.ts';
import { committedOn } from './committed.ts';
import { onMachines } from './on-machines.ts';

/** Milliseconds for a definition to be approved by all and committed, and how often it is tried where it may be lost. */
const DEFINE_MS = 60_000;
const ATTEMPTS = 4;

/** Installs every chaincode on every peer, as the administrator of its organisation. */
export async function installAll(
  progress: Progress,
  connections: Connections,
  { organisations }: Endpoints,
  topology: Topology,
  packages: ReadonlyMap<string, ChaincodePackage>,
  budgetMs: number,
): Promise<void> {
  const install = () =>
    Promise.all(
      organisations.flatMap(({ admin, peers }) =>
        peers.flatMap((peer) =>
          [...packages.values()].map(({ bytes }) =>
            installChaincode(connections, peer, bytes, admin, budgetMs),
          ),
        ),
      ),
    );
  await progress.step(
    'install chaincode on every peer',
    install,
    onMachines(peerMachines(topology.organisations)),
  );
}

function peerMachines(organisations: Topology['organisations']): number[] {
  return organisations.flatMap(({ peers }) => peers.map(({ machine }) => machine));
}

/**
 * Creates each channel and joins the peers of its organisations.
 *
 * @param configurations what `artefactJob` made, by the channel's name
 */
export async function formChannels(
  progress: Progress,
  network: Omit<NewChannel, 'name' | 'configuration'>,
  configurations: Readonly<Record<string, Buffer>>,
): Promise<void> {
  const { topology, connections, budgetMs } = network;
  for (const { name: channel, organisations } of topology.channels) {
    const configuration = configurations[channel];
    if (!configuration)
      throw new Error(`configtxgen: expected a configuration of ${channel}, seen none`);
    const members = topology.organisations.filter(({ name }) => organisations.includes(name));
    const endpoints = endpointsOfChannel(network.endpoints, topology, channel);
    const genesisBlock = await progress.step(`create channel ${channel}`, () =>
      newChannel({ ...network, endpoints, name: channel, configuration }),
    );
    const join = () =>
      Promise.all(
        endpoints.organisations.flatMap(({ admin, peers }) =>
          peers.map((peer) => joinChannel(connections, peer, genesisBlock, admin, budgetMs)),
        ),
      );
    await progress.step(`join peers to ${channel}`, join, onMachines(peerMachines(members)));
  }
}

/**
 * Approves a chaincode for every organisation of a channel and commits its definition there.
 *
 * @param members the channel's organisations and peers
 * @param budgetMs milliseconds for each step
 */
export async function define(
  connections: Connections,
  members: Endpoints,
  {
    definitions,
    packageIds,
    topology,
  }: Pick<Deployment, 'definitions' | 'packageIds' | 'topology'>,
  channel: string,
  name: string,
  budgetMs?: number,
): Promise<void> {
  const definition = definitions[name];
  const packageId = packageIds[name];
  if (!definition || !packageId)
    throw new Error(`chaincode ${name}: expected a package, seen none`);
  const to = { connections, members, topology, channel };
  await defineAs(to, { name, ...definition }, packageId, budgetMs);
}

/** A channel, with its organisations and peers. */
export interface DefinedOn {
  readonly connections: Connections;
  readonly members: Endpoints;
  readonly topology: Topology;
  readonly channel: string;
  /** Told of each transaction's id before it is sent. */
  readonly told?: (transactionId: string) => void;
}

/**
 * Upgrades a chaincode on a channel: as {@link define}, with the sequence that comes next there.
 *
 * @returns the definition that is committed now
 */
export async function redefine(
  on: DefinedOn,
  definition: Omit<ChaincodeDefinition, 'sequence'>,
  packageId: string,
): Promise<ChaincodeDefinition> {
  const [organisation] = on.members.organisations;
  const [peer] = organisation?.peers ?? [];
  if (!organisation || !peer) throw new Error(`channel ${on.channel}: expected a peer, seen none`);
  const committed = await committedOn(on, peer, organisation.admin, definition.name);
  const next = { ...definition, sequence: (committed?.sequence ?? 0) + 1 };
  await defineAs(on, next, packageId);
  return next;
}

async function defineAs(
  { connections, members, topology, channel, told }: DefinedOn,
  definition: ChaincodeDefinition,
  packageId: string,
  budgetMs?: number,
): Promise<void> {
  const { orderers, organisations } = members;
  const { forgetting } = orderingOf(topology);
  // What was acknowledged may never be ordered there; asked again, what is defined already stays as it is.
  const attempts = forgetting ? ATTEMPTS : 1;
  const eachMs = (budgetMs ?? DEFINE_MS) / attempts;
  const options = {
    ...{ connections, channel, orderers, budgetMs: eachMs },
    ...(told && { told }),
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      await defineChaincode(options, organisations, definition, packageId);
      return;
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}
