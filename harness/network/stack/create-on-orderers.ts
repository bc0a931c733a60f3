import type { Connections } from '../../../fabric-client/connections.ts';
import { artefactJob } from '../../fabric/artefacts/artefacts.ts';
import type { Endpoints } from '../../fabric/endpoints.ts';
import { newChannel } from '../../fabric/new-channel.ts';
import { addressesOf } from '../../topology/addresses.ts';
import { fabricImage } from '../../topology/releases.ts';
import type { Deployment } from '../deployment.ts';
import type { Machine } from '../port.ts';
import { runJob } from './run-job.ts';

/** Milliseconds until every orderer serves it; channels are made on a healthy network. */
const BUDGET_MS = 90_000;

/**
 * Makes a channel on a network that the harness has deployed. No peer has joined it yet.
 *
 * @param endpoints every orderer, and the organisations that are on the channel
 * @param machine computes its configuration
 * @returns its block 0, serialized
 * @throws FabricError or DeadlineError when an orderer refuses it or does not serve it
 */
export async function createOnOrderers(
  connections: Connections,
  endpoints: Endpoints,
  deployment: Deployment,
  machine: Pick<Machine, 'docker'>,
  name: string,
): Promise<Uint8Array> {
  const { topology, identities, images } = deployment;
  const mspIds = endpoints.organisations.map(({ mspId }) => mspId);
  const organisations = topology.organisations
    .filter(({ mspId }) => mspIds.includes(mspId))
    .map(({ name: organisation }) => organisation);
  const job = artefactJob(topology, identities, {
    genesis: false,
    channels: [{ name, organisations }],
  });
  const image = images[fabricImage(topology)] ?? 'fabric';
  const { [name]: configuration } = await runJob(machine.docker, image, job);
  if (!configuration) {
    throw new Error(`configtxgen: expected a configuration of ${name}, seen none`);
  }
  return await newChannel({
    topology,
    identities,
    addresses: addressesOf(deployment.machines),
    connections,
    endpoints,
    name,
    configuration,
    budgetMs: BUDGET_MS,
  });
}
