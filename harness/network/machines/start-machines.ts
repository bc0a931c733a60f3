import type Docker from 'dockerode';
import { NETWORK_LABEL, RUN_LABEL } from '../../engine/labels.ts';
import type { NodeMode } from '../../engine/mode.ts';
import { DockerNode, type StartedDockerNode } from '../../swarm/machine.ts';
import { createMachineNetwork } from '../../swarm/machine-network.ts';
import { type ApiCertificates, createApiCertificates } from '../../swarm/tls.ts';
import type { Topology } from '../../topology/schema.ts';

export interface MachineRequest {
  readonly docker: Docker;
  readonly name: string;
  readonly run: string;
  readonly mode: NodeMode;
  readonly topology: Topology;
  readonly nodeImage: string;
  readonly goldenVolume: string;
  /** Port on the host's loopback address for the REST API, if wanted. */
  readonly apiPort?: number | undefined;
  readonly signal: AbortSignal;
  /** Told when the engine of a machine answers, with the seconds since its start. */
  readonly onStarted?: ((machine: number, seconds: number) => void) | undefined;
}

export interface Machines {
  readonly nodes: readonly StartedDockerNode[];
  readonly certificates: ApiCertificates;
  /** Bytes of the largest packet between them. */
  readonly mtu: number;
}

/**
 * Starts the machines of a topology, all at once, on a network of their own. The first is the swarm's manager. Once
 * this has ended, well or not, it makes nothing more: what is removed after that stays removed.
 */
export async function startMachines(request: MachineRequest): Promise<Machines> {
  const { docker, name, run, topology } = request;
  const labels = { [NETWORK_LABEL]: name, [RUN_LABEL]: run };
  const machineNetwork = await createMachineNetwork(docker, `${name}-machines`, labels);
  const numbers = topology.machines
    .toSorted((a, b) => Number(b.role === 'manager') - Number(a.role === 'manager'))
    .map(({ number }) => number);
  const certificates = await createApiCertificates(numbers.map(machineNetwork.addressOf));
  const { api } = topology.application;
  request.signal.throwIfAborted();
  const begin = performance.now();
  const started = await Promise.allSettled(
    numbers.map(async (number) => {
      const node = await new DockerNode({
        outer: docker,
        image: request.nodeImage,
        goldenVolume: request.goldenVolume,
        mode: request.mode,
        number,
        address: machineNetwork.addressOf(number),
        certificates,
        network: name,
        machineNetwork,
        labels,
        signal: request.signal,
        ...(request.apiPort && api.machine === number
          ? { publish: { host: request.apiPort, container: api.ports.http } }
          : {}),
      }).startNode();
      request.onStarted?.(number, (performance.now() - begin) / 1000);
      return node;
    }),
  );
  const failed = started.find(({ status }) => status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
  const nodes = started.flatMap((s) => (s.status === 'fulfilled' ? [s.value] : []));
  return { nodes, certificates, mtu: machineNetwork.mtu };
}
