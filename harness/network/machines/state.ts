import type Docker from 'dockerode';
import type { StepRecord } from '../../base/progress.ts';
import type { NodeMode } from '../../engine/mode.ts';
import type { Credentials } from '../../fabric/identities/credentials.ts';
import type { Identities } from '../../fabric/identities/identities.ts';
import { getText, putFiles } from '../../swarm/archive.ts';
import { attachNode, type StartedDockerNode } from '../../swarm/machine.ts';
import type { ApiCertificates } from '../../swarm/tls.ts';
import type { Topology } from '../../topology/schema.ts';
import { findObjects } from './objects.ts';

/** What the first transfer proved. */
export interface FirstTransfer {
  readonly block: number;
  readonly transactionId: string;
  /** Seconds from the start of the command, and how many of them went into images. */
  readonly seconds: number;
  readonly imageSeconds: number;
}

/**
 * What another process needs in order to use a running network. Kept in the container of a manager, so that it is as
 * private as the machine (the Swarm holds the same keys) and disappears with it.
 */
export interface NetworkState {
  readonly schema: 1;
  readonly name: string;
  readonly run: string;
  readonly startedAt: string;
  readonly mode: NodeMode;
  readonly topology: Topology;
  readonly machines: readonly { readonly number: number; readonly address: string }[];
  readonly certificates: Pick<ApiCertificates, 'ca' | 'client'>;
  readonly identities: Identities;
  /** Image reference by image name, as the machines know them. */
  readonly images: Readonly<Record<string, string>>;
  /** What served as what, e.g. `couchdb: PouchDB-based compatible server`. */
  readonly versions: Readonly<Record<string, string>>;
  readonly standIns: Readonly<Record<string, string>>;
  readonly packageIds: Readonly<Record<string, string>>;
  readonly credentials: Credentials;
  readonly steps: readonly StepRecord[];
  readonly firstTransfer: FirstTransfer;
}

const FOLDER = '/var/lib';
const FILE = 'harness/state.json';

/** Writes the state; from now on the network counts as up. */
export async function saveState(manager: StartedDockerNode, state: NetworkState): Promise<void> {
  await putFiles(manager.container, FOLDER, { [FILE]: JSON.stringify(state) });
}

/** A network that is up, as another process finds it. */
export interface FoundNetwork {
  readonly state: NetworkState;
  readonly machines: readonly StartedDockerNode[];
  /** The engine that the machines run in. */
  readonly outer: Docker;
  /** State of each node container in the outer engine: `running`, `exited`, `paused`, … */
  readonly containerStates: ReadonlyMap<number, string>;
}

/**
 * Finds a network by its name.
 *
 * @returns `undefined` when there is none; `'incomplete'` when there are objects of one that never came up
 */
export async function findNetwork(
  docker: Docker,
  name: string,
): Promise<FoundNetwork | 'incomplete' | undefined> {
  const objects = await findObjects(docker, name);
  if (objects.machines.size === 0) {
    return objects.others.length + objects.networks.length + objects.volumes.length > 0
      ? 'incomplete'
      : undefined;
  }
  // In the container of the manager that made the swarm, whatever its number.
  const texts = await Promise.all(
    [...objects.machines.values()].map(({ Id }) =>
      getText(docker.getContainer(Id), `${FOLDER}/${FILE}`),
    ),
  );
  const text = texts.find(Boolean);
  if (!text) return 'incomplete';
  const state = JSON.parse(text) as NetworkState;
  const machines = state.machines.flatMap(({ number, address }) => {
    const container = objects.machines.get(number);
    if (!container) return [];
    return [
      attachNode(docker, container.Id, { number, address, certificates: state.certificates }),
    ];
  });
  const containerStates = new Map(
    [...objects.machines].map(([number, { State }]) => [number, State] as const),
  );
  return { state, machines, outer: docker, containerStates };
}
