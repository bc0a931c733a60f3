import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Connections } from '../../../fabric-client/connections.ts';
import { messageOf } from '../../base/errors.ts';
import type { Interruption } from '../../base/interruption.ts';
import type { Progress, StepRecord } from '../../base/progress.ts';
import { raceAbort } from '../../base/race-abort.ts';
import type { Engine } from '../../engine/engine.ts';
import type { NodeMode } from '../../engine/mode.ts';
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
import { Reaper } from '../../swarm/reaper.ts';
import type { ServiceDefinition } from '../../swarm/service-definition.ts';
import { addressesOf } from '../../topology/addresses.ts';
import { managersOf } from '../../topology/managers.ts';
import { fabricImage, hasSystemChannel } from '../../topology/releases.ts';
import type { Topology } from '../../topology/schema.ts';
import { awaitChaincodes } from '../chaincode/await-servers.ts';
import { definitionsOf } from '../chaincode/definition.ts';
import { type OwnChaincode, withOwnChaincodes } from '../chaincode/own-chaincode.ts';
import { makeServable, prepareChaincodes } from '../chaincode/serve.ts';
import { chaincodePackages, packagesByLabel } from '../stack/chaincode-packages.ts';
import { define, formChannels, installAll } from '../stack/channels.ts';
import { firstTransfer } from '../stack/first-transfer.ts';
import { onMachines } from '../stack/on-machines.ts';
import { runJob } from '../stack/run-job.ts';
import { startServices } from '../stack/waves.ts';
import { keepLogs } from './failure-logs.ts';
import { type MachinesNetwork, machinesNetwork, type NetworkState, saveState } from './network.ts';
import { removeObjects } from './objects.ts';
import { type Machines, startMachines } from './start-machines.ts';

export interface BringUpRequest {
  readonly engine: Engine;
  readonly name: string;
  readonly topology: Topology;
  readonly mode: NodeMode;
  readonly images: ImageSet;
  readonly apiPort: number | undefined;
  /** Whether the REST API takes the article's own script. */
  readonly apiArticle: boolean;
  /** Milliseconds for everything below. */
  readonly budgetMs: number;
  /** Where logs are kept if it fails. */
  readonly logsFolder: string;
  readonly progress: Progress & { readonly steps: readonly StepRecord[] };
  readonly interruption: Interruption;
  /** The command in words, e.g. `harness up`. */
  readonly command: string;
  /** Seconds since the command started. */
  readonly elapsed: () => number;
  /** Users' chaincode, to be installed beside the network's own. */
  readonly ownChaincodes: readonly OwnChaincode[];
  /** Where downloads and builds are kept. */
  readonly cacheDir: string;
}

/** A network that is up and still bound to this process: it goes when the process goes, unless released. */
export interface BroughtUp {
  readonly network: MachinesNetwork;
  /** Lets the network outlive this process. */
  release(): Promise<void>;
  /** Removes everything. */
  remove(): Promise<void>;
}

/**
 * Brings a network up: machines, swarm, services, channel, chaincode, first transfer. The reaper is told what to remove
 * before the first object is made; on any failure and on abort everything is removed before this returns. Of a failure
 * the logs stay, and the error names their folder.
 *
 * @returns `undefined` when another process has bound the network of this name to itself
 */
export async function bringUp(request: BringUpRequest): Promise<BroughtUp | undefined> {
  const { engine, name, images, progress, interruption } = request;
  const { signal } = interruption;
  signal.throwIfAborted();
  const run = randomBytes(4).toString('hex');
  const reaper = await Reaper.start(
    engine.docker,
    images.reaper,
    name,
    run,
    `process ${process.pid} on ${hostname()} (${request.command})`,
    engine.host.startsWith('unix://')
      ? engine.host.slice('unix://'.length)
      : '/var/run/docker.sock',
  );
  if (!reaper) return undefined;
  reaper.lost.addEventListener('abort', () =>
    interruption.end(`the network "${name}" was removed by somebody else`),
  );
  // Only now, when nobody else can be making a network of this name.
  const left = await removeObjects(engine.docker, name, reaper.id);
  if (left > 0) progress.say(`removed ${left} objects that an interrupted start had left`);
  const numbers = request.topology.machines.map(({ number }) => number);
  const start = (detail: (text: string) => void) => {
    const waiting = new Set(numbers);
    return startMachines({
      docker: engine.docker,
      name,
      run,
      mode: request.mode,
      topology: request.topology,
      nodeImage: images.node,
      goldenVolume: images.goldenVolume,
      apiPort: request.apiPort,
      signal,
      onStarted: (machine, seconds) => {
        progress.say(`machine ${machine} answers  ${seconds.toFixed(1)} s`);
        waiting.delete(machine);
        if (waiting.size > 0) detail(`waiting for ${onMachines(waiting)}`);
      },
    });
  };
  const starting = progress.step('start machines', start, onMachines(numbers));
  const remove = async () => {
    // Only the start of machines makes objects in this engine: nothing comes after its end.
    await starting.catch(() => undefined);
    await removeObjects(engine.docker, name, reaper.id);
    await reaper.dismiss();
  };
  try {
    const work = assemble(request, run, starting);
    return { network: await raceAbort(work, signal), release: () => reaper.release(), remove };
  } catch (error) {
    const told = await keepLogs(error, {
      docker: engine.docker,
      name,
      starting,
      folder: request.logsFolder,
      signal,
    });
    // A removal that fails is the reaper's to finish, once this process has ended; the first error tells more.
    await remove().catch((failure) => progress.say(`removal: ${messageOf(failure)}`));
    throw told;
  }
}

async function assemble(
  request: BringUpRequest,
  run: string,
  starting: Promise<Machines>,
): Promise<MachinesNetwork> {
  const { engine, name, mode, images, progress, elapsed, ownChaincodes } = request;
  const topology = withOwnChaincodes(request.topology, ownChaincodes);
  const definitions = definitionsOf(topology, ownChaincodes);
  const serving = { ...request, outer: engine.docker, signal: request.interruption.signal };
  const preparing = prepareChaincodes(ownChaincodes, serving);
  const { nodes, certificates, mtu } = await starting;
  const everywhere = onMachines(nodes.map(({ number }) => number));
  const [manager] = nodes;
  if (!manager) throw new Error('topology: expected a machine, seen none');
  const addresses = addressesOf(nodes);
  const making = progress.step('make identities', () => createIdentities(topology, addresses));
  const servables = preparing.then((all) =>
    Promise.all(all.map((one) => makeServable(one, nodes, topology, making, serving))),
  );
  servables.catch(() => undefined); // awaited below
  const credentials = createCredentials(topology);
  const [identities] = await Promise.all([
    making,
    progress.step(
      'form swarm',
      () => formSwarm(nodes, managersOf(topology), topology.network, mtu),
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
  const chaincodes = chaincodeServices(
    topology,
    identities,
    Object.fromEntries(
      [...packages].map(([key, { packageId }]) => [
        key,
        { packageId, tls: built.find((one) => one.name === key)?.tls ?? true },
      ]),
    ),
  );
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
        awaitChaincodes(nodes, chaincodes, request.interruption.signal),
      );
    }
    const application = startWave('start CAs, MongoDB and REST API', [...waves.application, api]);
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
    const state: NetworkState = {
      schema: 1,
      name,
      run,
      startedAt: new Date().toISOString(),
      mode,
      topology,
      machines: nodes.map(({ number, address }) => ({ number, address })),
      certificates: { ca: certificates.ca, client: certificates.client },
      identities,
      credentials,
      images: tags,
      versions: images.versions,
      standIns: images.standIns as Record<string, string>,
      packageIds,
      definitions,
      builds: Object.fromEntries(built.map(({ name: key, ...rest }) => [key, rest])),
      steps: [...progress.steps],
      firstTransfer: { ...transfer, seconds: elapsed(), imageSeconds: images.seconds },
    };
    await saveState(manager, state);
    const containers = nodes.map(
      ({ number, container }) => [number, { Id: container.id, State: 'running' }] as const,
    );
    return machinesNetwork(engine.docker, state, new Map(containers));
  } finally {
    connections.close();
  }
}
