import type Docker from 'dockerode';
import { messageOf, UsageError } from '../../base/errors.ts';
import { patient } from '../../base/patience.ts';
import { candidateEndpoints } from '../../engine/endpoint.ts';
import { connectRemote, type RemoteEngine } from '../../engine/remote.ts';
import { type Scope, scopedDocker } from '../../swarm/scoped-docker.ts';
import type { Place, SwarmNode } from './places.ts';

/** Milliseconds in which a host that can be reached answers, its keys exchanged. */
const ANSWER_MS = 20_000;

/** A swarm that others have made, at one of its managers. */
export interface ExistingSwarm {
  /** DOCKER_HOST, and the node that it leads to. */
  readonly manager: { readonly host: string; readonly node: string };
  readonly engine: RemoteEngine;
  readonly nodes: readonly SwarmNode[];
}

/** A node that is a machine of the network, with its engine connected. */
export interface Host extends Place {
  readonly remote: RemoteEngine;
  /** The engine as the network sees it. */
  readonly docker: Docker;
}

/**
 * Connects to the manager that the environment names, as the Docker command line would.
 *
 * @throws UsageError when it does not answer, is no manager, or cannot be entered
 */
export async function openSwarm(env: NodeJS.ProcessEnv): Promise<ExistingSwarm> {
  const [endpoint] = candidateEndpoints(env);
  if (!endpoint) throw new UsageError(['DOCKER_HOST: expected the manager of a swarm']);
  const { host, source } = endpoint;
  const refuse = (seen: string) =>
    new UsageError([
      `${source}: expected the manager of a swarm at ${host} (HARNESS_SWARM=existing), seen: ${seen}`,
    ]);
  const engine = await answered(connectRemote(host, env)).catch((error: unknown) => {
    throw refuse(messageOf(error));
  });
  try {
    const { Swarm } = (await answered(engine.docker.info())) as {
      Swarm: { NodeID: string; NodeAddr: string; ControlAvailable: boolean };
    };
    if (!Swarm.NodeID) throw refuse('an engine that is in no swarm; docker swarm init makes one');
    if (!Swarm.ControlAvailable) throw refuse('a worker; only a manager can place services');
    const nodes = ((await engine.docker.listNodes()) as ListedNode[]).map((node) =>
      swarmNode(node, Swarm),
    );
    return { manager: { host, node: Swarm.NodeID }, engine, nodes };
  } catch (error) {
    engine.close();
    throw error instanceof UsageError ? error : refuse(messageOf(error));
  }
}

/** A host behind a firewall that drops packets says nothing for minutes. */
async function answered<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${ANSWER_MS / 1_000} s`)),
      patient(ANSWER_MS),
    );
  });
  return Promise.race([work, overdue]).finally(() => clearTimeout(timer));
}

interface ListedNode {
  readonly ID: string;
  readonly Spec: {
    readonly Role: string;
    readonly Availability: string;
    readonly Labels?: Readonly<Record<string, string>>;
  };
  readonly Description?: { readonly Hostname?: string };
  readonly Status: { readonly State: string; readonly Addr?: string };
}

function swarmNode(
  { ID, Spec, Description, Status }: ListedNode,
  asked: { readonly NodeID: string; readonly NodeAddr: string },
): SwarmNode {
  return {
    id: ID,
    hostname: Description?.Hostname ?? ID,
    // Of itself a manager may say 0.0.0.0.
    address: ID === asked.NodeID ? asked.NodeAddr : (Status.Addr ?? ''),
    labels: Spec.Labels ?? {},
    state: Status.State,
    availability: Spec.Availability,
    manager: Spec.Role === 'manager',
  };
}

/** The host, or why its engine cannot be reached. */
export type Opened = Host | { readonly place: Place; readonly failure: string };

/**
 * Connects to the engines of places.
 *
 * @param network whose part of them is seen
 */
export async function openPlaces(
  network: string,
  places: readonly Place[],
  { manager, engine }: Pick<ExistingSwarm, 'manager' | 'engine'>,
  env: NodeJS.ProcessEnv,
): Promise<Opened[]> {
  const scope: Scope = {
    network,
    nodes: new Map(places.map(({ number, node }) => [number, node.id])),
  };
  return Promise.all(
    places.map(async (place): Promise<Opened> => {
      try {
        const remote =
          place.engine === manager.host ? engine : await answered(connectRemote(place.engine, env));
        const { Swarm } = (await answered(remote.docker.info())) as { Swarm: { NodeID: string } };
        if (Swarm.NodeID !== place.node.id) {
          return {
            place,
            failure: `${place.engine} is not ${place.node.hostname}: it is node ${Swarm.NodeID || 'of no swarm'}`,
          };
        }
        return { ...place, remote, docker: scopedDocker(remote.docker, scope) };
      } catch (error) {
        return { place, failure: messageOf(error) };
      }
    }),
  );
}

export const isOpen = (opened: Opened): opened is Host => 'docker' in opened;
