import { Connections } from '../../../fabric-client/connections.ts';
import type { Progress, StepRecord } from '../../base/progress.ts';
import { artefactJob, GENESIS } from '../../fabric/artefacts/artefacts.ts';
import { artefactFiles, preparedChannel } from '../../fabric/artefacts/prepared-channel.ts';
import { endpointsOf, endpointsOfChannel } from '../../fabric/endpoints.ts';
import { createCredentials } from '../../fabric/identities/credentials.ts';
import { createIdentities } from '../../fabric/identities/identities.ts';
import { chaincodeServices } from '../../fabric/services/chaincode.ts';
import { artefactServices, foundationServices } from '../../fabric/services/network.ts';
import type { ImageSet } from '../../images/model.ts';
import { orderingOf } from '../../ordering/registry.ts';
import { formSwarm } from '../../swarm/cluster.ts';
import type { ServiceDefinition } from '../../swarm/service-definition.ts';
import { addressesOf } from '../../topology/addresses.ts';
import { managersOf } from '../../topology/managers.ts';
import { fabricImage, hasSystemChannel } from '../../topology/releases.ts';
import type { Topology } from '../../topology/schema.ts';
import { awaitChaincodes } from '../chaincode/await-servers.ts';
import { definitionsOf } from '../chaincode/definition.ts';
import { type OwnChaincode, withOwnChaincodes } from '../chaincode/own-chaincode.ts';
import { makeServable, prepareChaincodes, type ServeOptions } from '../chaincode/serve.ts';
import type { Deployment } from '../deployment.ts';
import type { Machine } from '../port.ts';
import { chaincodePackages, packagesByLabel, servingOf } from './chaincode-packages.ts';
import { define, formChannels, installAll } from './channels.ts';
import { firstTransfer } from './first-transfer.ts';
import { onMachines } from './on-machines.ts';
import { runJob } from './run-job.ts';
import { startServices } from './waves.ts';

export interface AssembleRequest extends ServeOptions {
  readonly topology: Topology;
  readonly images: ImageSet;
  /** Whether the REST API takes the article's own script. */
  readonly apiArticle: boolean;
  /** Milliseconds for each step of making channels. */
  readonly budgetMs: number;
  readonly progress: Progress & { readonly steps: readonly StepRecord[] };
  /** Users' chaincode, to be installed beside the network's own. */
  readonly ownChaincodes: readonly OwnChaincode[];
}

/** Machines whose engines answer, not yet a swarm. */
export interface EmptyMachines {
  /** The first makes the swarm. */
  readonly nodes: readonly Machine[];
  /** Bytes of the largest packet between them. */
  readonly mtu: number;
  /** Where they are a swarm already: makes the overlay of this name, and what else the network needs there. */
  readonly joined?: (overlay: string) => Promise<void>;
}

export interface Assembled {
  readonly deployment: Deployment;
  readonly firstTransfer: { readonly block: number; readonly transactionId: string };
}

/**
 * Makes a Fabric network of machines, whoever has started them: swarm, services, channels, chaincode, first transfer.
 *
 * @param starting what can be prepared without them is, meanwhile
 * @throws Error naming the step that failed; what was made by then stays
 */
export async function assemble(
  request: AssembleRequest,
  starting: Promise<EmptyMachines>,
): Promise<Assembled> {
  const { images, progress, ownChaincodes, signal } = request;
  const topology = withOwnChaincodes(request.topology, ownChaincodes);
  const definitions = definitionsOf(topology, ownChaincodes);
  const preparing = prepareChaincodes(ownChaincodes, request);
  const { nodes, mtu, joined } = await starting;
  const everywhere = onMachines(nodes.map(({ number }) => number));
  const [manager] = nodes;
  if (!manager) throw new Error('topology: expected a machine, seen none');
  const addresses = addressesOf(nodes);
  const making = progress.step('make identities', () => createIdentities(topology, addresses));
  const servables = preparing.then((all) =>
    Promise.all(all.map((one) => makeServable(one, nodes, topology, making, request))),
  );
  servables.catch(() => undefined); // awaited below
  const credentials = createCredentials(topology);
  const [identities] = await Promise.all([
    making,
    progress.step(
      joined ? 'make overlay' : 'form swarm',
      () =>
        joined
          ? joined(topology.network)
          : formSwarm(nodes, managersOf(topology), topology.network, mtu),
      everywhere,
    ),
  ]);
  const services = {
    topology,
    identities,
    credentials,
    addresses,
    officialCouchdb: images.standIns.couchdb === undefined,
    apiArticle: request.apiArticle,
  };
  const tags: Record<string, string> = Object.fromEntries(
    Object.entries(images.images).map(([key, { tag }]) => [key, tag]),
  );
  const deploy = { manager: manager.docker, overlay: topology.network, images: tags };
  const startWave = (title: string, definitions: readonly ServiceDefinition[]) =>
    progress.step(
      title,
      () => startServices(deploy, nodes, definitions),
      onMachines(definitions.map(({ machine }) => machine)),
    );
  const channels = topology.channels.map(({ name: channel, organisations }) => ({
    name: channel,
    organisations,
  }));
  const { services: log } = orderingOf(topology);
  // Unless the topology has made it already, or clients cannot create channels.
  const prepared = [preparedChannel(topology)].filter(
    ({ name: channel }) =>
      hasSystemChannel(topology) && !channels.some((made) => made.name === channel),
  );
  const waves = foundationServices(services);
  const [{ [GENESIS]: genesis, ...channelTransactions }] = await Promise.all([
    progress.step(
      'make channel configuration',
      () =>
        runJob(
          manager.docker,
          tags[fabricImage(topology)] ?? 'fabric',
          artefactJob(topology, identities, {
            genesis: true,
            channels: [...channels, ...prepared],
          }),
        ),
      onMachines([manager.number]),
    ),
    ...(log.title ? [startWave(`start ${log.title}`, waves.ordering)] : []),
  ]);
  const built = await servables;
  for (const { name: chaincode, image } of built) tags[chaincode] = image;
  const packages = await chaincodePackages(topology, identities, ownChaincodes, built);
  const packageIds = Object.fromEntries(
    [...packages].map(([key, value]) => [key, value.packageId]),
  );
  const chaincodes = chaincodeServices(topology, identities, servingOf(packages, built));
  const { orderers, api } = artefactServices(services, {
    genesis,
    forApi: artefactFiles(channelTransactions, packagesByLabel(topology, packages)),
  });
  await startWave('start orderers and databases', [...orderers, ...waves.databases]);
  await startWave('start peers and chaincode', [...waves.peers, ...chaincodes]);
  const endpoints = endpointsOf(topology, identities, addresses);
  const connections = new Connections();
  try {
    await Promise.all([
      installAll(progress, connections, endpoints, topology, packages, request.budgetMs),
      formChannels(
        progress,
        { connections, endpoints, topology, identities, addresses, budgetMs: request.budgetMs },
        channelTransactions,
      ),
    ]);
    if (built.length > 0) {
      await progress.step('wait for the chaincode servers', () =>
        awaitChaincodes(nodes, chaincodes, signal),
      );
    }
    const application = startWave('start CAs, MongoDB and REST API', [
      ...waves.application,
      ...api,
    ]);
    application.catch(() => undefined); // awaited below
    for (const { name: channel, chaincodes } of topology.channels) {
      for (const chaincode of chaincodes) {
        await progress.step(`commit chaincode ${chaincode} on ${channel}`, () =>
          define(
            connections,
            endpointsOfChannel(endpoints, topology, channel),
            { definitions, packageIds, topology },
            channel,
            chaincode,
          ),
        );
      }
    }
    const transfer = await progress.step('first transfer', () =>
      firstTransfer(connections, endpoints, identities, topology),
    );
    await application;
    return {
      deployment: {
        topology,
        machines: nodes.map(({ number, address }) => ({ number, address })),
        identities,
        credentials,
        images: tags,
        packageIds,
        definitions,
        builds: Object.fromEntries(built.map(({ name: key, ...rest }) => [key, rest])),
      },
      firstTransfer: transfer,
    };
  } finally {
    connections.close();
  }
}
