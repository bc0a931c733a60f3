import type Docker from 'dockerode';
import { Connections } from '../../../fabric-client/connections.ts';
import type { Progress } from '../../base/progress.ts';
import { waitFor } from '../../base/wait.ts';
import { artefactFiles } from '../../fabric/artefacts/prepared-channel.ts';
import { endpointsOfChannel } from '../../fabric/endpoints.ts';
import { withServers } from '../../fabric/identities/identities.ts';
import { artefact } from '../../fabric/services/api.ts';
import { chaincodeServices } from '../../fabric/services/chaincode.ts';
import { COMPONENT_LABEL, replaceFiles, serviceName } from '../../swarm/deploy.ts';
import type { ServiceDefinition } from '../../swarm/service-definition.ts';
import { runsWith } from '../../swarm/tasks.ts';
import { addressesOf } from '../../topology/addresses.ts';
import { apisOf } from '../../topology/components.ts';
import type { Topology } from '../../topology/schema.ts';
import { awaitChaincodes } from '../chaincode/await-servers.ts';
import { definitionsOf } from '../chaincode/definition.ts';
import { type OwnChaincode, withOwnChaincodes } from '../chaincode/own-chaincode.ts';
import { hashOfGiven } from '../chaincode/prepare.ts';
import { makeServable, prepareChaincodes } from '../chaincode/serve.ts';
import { managerOf } from '../components.ts';
import { chaincodePackages, packagesByLabel, servingOf } from '../stack/chaincode-packages.ts';
import { installAll, redefine } from '../stack/channels.ts';
import { startServices } from '../stack/waves.ts';
import { type MachinesNetwork, machinesNetwork, type NetworkState, saveState } from './network.ts';

/** Milliseconds for a package to be installed, and for servers of an older build to end. */
const INSTALL_MS = 60_000;
const END_MS = 30_000;
/** For the REST API to end, with what it was asked, and to be started with other packages. */
const API_MS = 120_000;

/** What of the given chaincodes a running network lacks, or has in another build or by another definition. */
export async function newToNetwork(
  { state }: Pick<MachinesNetwork, 'state'>,
  given: readonly OwnChaincode[],
  outer: Docker,
): Promise<OwnChaincode[]> {
  const definitions = definitionsOf(withOwnChaincodes(state.topology, given), given);
  const changed = await Promise.all(
    given.map(async (own) => {
      const running = state.builds[own.name];
      const sameBuild = running !== undefined && running.hash === (await hashOfGiven(own, outer));
      const wanted = JSON.stringify(definitions[own.name]);
      return !sameBuild || JSON.stringify(state.definitions[own.name]) !== wanted;
    }),
  );
  return given.filter((_, index) => changed[index]);
}

export interface BringInOptions {
  /** The engine that the machines run in. */
  readonly outer: Docker;
  readonly cacheDir: string;
  /** Folder for the logs of builds. */
  readonly logsFolder: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Brings users' chaincode into a network that runs: it is built, tried, served beside every peer in the place of an
 * older build, installed, and upgraded on those of the topology's channels that have it. Channels of earlier scenarios
 * keep their definition and lose its servers.
 *
 * @param given what {@link newToNetwork} found; the caller has the network to itself
 * @throws ImageBuildError, Error or FabricError from the step that failed; the network then is as that step left it
 */
export async function bringIn(
  network: MachinesNetwork,
  given: readonly OwnChaincode[],
  options: BringInOptions,
): Promise<MachinesNetwork> {
  const { state, machines } = network;
  const { progress, signal, outer } = options;
  const topology = withOwnChaincodes(state.topology, given);
  const definitions = definitionsOf(topology, given);
  const names = given.map(({ name }) => name);
  const part = {
    ...topology,
    chaincodes: topology.chaincodes.filter(({ name }) => names.includes(name)),
  };
  const identities = await withServers(state.identities, part, addressesOf(machines));
  const making = Promise.resolve(identities);
  const prepared = await prepareChaincodes(given, options);
  const built = await Promise.all(
    prepared.map((one) => makeServable(one, machines, part, making, options)),
  );
  const packages = await chaincodePackages(part, identities, given, built);
  const services = chaincodeServices(part, identities, servingOf(packages, built));
  const images = {
    ...state.images,
    ...Object.fromEntries(built.map(({ name, image }) => [name, image])),
  };
  const manager = await managerOf(network);
  await progress.step(`serve chaincode ${names.join(', ')}`, async () => {
    await endServices(manager.docker, network, services);
    const deploy = { manager: manager.docker, overlay: topology.network, images };
    await startServices(deploy, machines, services);
  });
  const connections = new Connections();
  try {
    await installAll(progress, connections, network.nodes, topology, packages, INSTALL_MS);
    await progress.step('wait for the chaincode servers', () =>
      awaitChaincodes(machines, services, signal),
    );
    for (const { name: channel, chaincodes } of topology.channels) {
      const members = endpointsOfChannel(network.nodes, topology, channel);
      const on = { connections, members, topology, channel };
      for (const [name, { packageId }] of packages) {
        const definition = definitions[name];
        if (!definition || !chaincodes.includes(name)) continue;
        await progress.step(`upgrade chaincode ${name} on ${channel}`, () =>
          redefine(on, { ...definition, name }, packageId),
        );
      }
    }
  } finally {
    connections.close();
  }
  await progress.step('hand the REST API its packages', () =>
    handToApi(manager.docker, topology, packagesByLabel(part, packages), signal),
  );
  const next: NetworkState = {
    ...state,
    topology,
    identities,
    images,
    packageIds: {
      ...state.packageIds,
      ...Object.fromEntries([...packages].map(([name, { packageId }]) => [name, packageId])),
    },
    definitions: {
      ...state.definitions,
      ...Object.fromEntries(Object.entries(definitions).filter(([name]) => names.includes(name))),
    },
    builds: {
      ...state.builds,
      ...Object.fromEntries(built.map(({ name, ...rest }) => [name, rest])),
    },
  };
  // In the place of the older one: whoever finds the network reads the first machine that has it.
  const [first] = machines;
  if (first) await saveState(first, next);
  const containers = machines.map(
    ({ number, container }) => [number, { Id: container.id, State: 'running' }] as const,
  );
  return machinesNetwork(outer, next, new Map(containers));
}

/** Gives the REST API, which installs packages for its users, those of now in the place of older ones. */
async function handToApi(
  manager: Docker,
  topology: Topology,
  packages: Readonly<Record<string, Uint8Array>>,
  signal: AbortSignal,
): Promise<void> {
  const files = Object.entries(artefactFiles({}, packages)).map(([name, bytes]) =>
    artefact(name, bytes),
  );
  for (const { name } of apisOf(topology)) {
    const configs = await replaceFiles(manager, name, files);
    const wanted = { subject: name, expected: 'to run with the packages of now' };
    await waitFor({ ...wanted, budgetMs: API_MS, intervalMs: 250, signal }, () =>
      runsWith(manager, name, configs),
    );
  }
}

/** Removes the Swarm services of an older build, if there are any, and waits until their containers have gone. */
async function endServices(
  manager: Docker,
  { machines }: Pick<MachinesNetwork, 'machines'>,
  services: readonly ServiceDefinition[],
): Promise<void> {
  const wanted = new Set(services.map(({ name }) => serviceName(name)));
  const running = await manager.listServices();
  await Promise.all(
    running
      .filter(({ Spec }) => wanted.has(Spec?.Name ?? ''))
      .map(({ ID }) => manager.getService(ID).remove()),
  );
  const subject = `servers of an older build of ${services.map(({ name }) => name).join(', ')}`;
  await waitFor({ subject, expected: 'none', budgetMs: END_MS, intervalMs: 200 }, async () => {
    const left = await Promise.all(
      machines.map(({ docker }) =>
        docker.listContainers({ filters: { label: [COMPONENT_LABEL] } }),
      ),
    );
    const names = left.flat().map(({ Labels }) => Labels[COMPONENT_LABEL] ?? '');
    const old = services.filter(({ name }) => names.includes(name));
    if (old.length > 0) throw new Error(old.map(({ name }) => name).join(', '));
    return true;
  });
}
