import type Docker from 'dockerode';
import type { ChaincodeEvent } from '../../fabric-client/chaincode-events.ts';
import type { SigningIdentity } from '../../fabric-client/types.ts';
import type { Endpoints } from '../fabric/endpoints.ts';
import type { Ordering } from '../ordering/ordering.ts';
import type { ExecOptions, ExecResult } from '../swarm/docker-api.ts';
import type { ComponentKind } from '../topology/components.ts';
import type { Topology } from '../topology/schema.ts';
import type { Deployment } from './deployment.ts';

/**
 * A Fabric network as scenarios, faults and evidence see it, whoever runs it. A provider is a folder beside this file;
 * what a provider cannot do it leaves out, and who needs it says so.
 */
export interface Network {
  readonly name: string;
  readonly topology: Topology;
  /** Those that are there, by number; one that has stopped is there, one that was removed is not. */
  readonly machines: readonly Machine[];
  /** Orderers and peers as clients reach them, and as whom. */
  readonly nodes: Endpoints;
  readonly ledgers: Ledgers;
  readonly ordering: Ordering;
  /** Whose events tell what happens to machines and components. */
  readonly engines: readonly EventEngine[];
  /** Whom clients of a load act as, where the harness has no hand on the CAs. */
  readonly members?: readonly SigningIdentity[];
  /** What the harness made for the network; absent where others have made it. */
  readonly deployment?: Deployment;
  /** @throws Error when the network has no such machine */
  machine(number: number): Machine;
  /** @throws Error when the topology has no such component, or its machine is gone */
  component(name: string): ComponentHandle;
}

/** A host of components. */
export interface Machine {
  readonly number: number;
  /** Where other machines and the harness reach it. */
  readonly address: string;
  /** The engine that its components run in. */
  readonly docker: Docker;
  /** Runs a command in the machine itself (not in a component), as root. */
  exec(command: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /** {@link exec}, for commands that must succeed; returns what they printed. */
  execOk(command: readonly string[], options?: ExecOptions): Promise<string>;
  /** Absent where the harness has no hand on the machine's plug: it cannot be lost then. */
  readonly power?: Power;
  /** The port by which the harness reaches it, where it is not a machine of the harness's. */
  readonly management?: { readonly port: number };
}

export type PowerState = 'running' | 'paused' | 'stopped';

/** A machine's plug, outside the machine. */
export interface Power {
  /** The same for every handle of one machine, also in other processes. */
  readonly id: string;
  state(): Promise<PowerState>;
  /** Off at once. */
  kill(): Promise<void>;
  /** Off in order: its engine ends the components first. */
  stop(): Promise<void>;
  /**
   * On again, if it is not; returns once its engine answers.
   *
   * @throws DeadlineError when it does not within the budget, in milliseconds
   */
  start(options: { readonly budgetMs: number; readonly signal?: AbortSignal }): Promise<void>;
  /** Suspends every process; connections stay open and nobody answers. */
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /**
   * Leaves a guard outside the machine: should this process die, it heals.
   *
   * @throws Error when the guard cannot be left
   */
  guard(heal: 'start' | 'unpause'): Promise<PowerGuard>;
  /** How the engine around the machine names a port that it publishes, if it does: host ports by container port. */
  publishedPorts?(): Promise<Readonly<Record<string, readonly string[]>>>;
}

export interface PowerGuard {
  /** What it was for is healed: it ends without doing anything. */
  release(): void;
}

/** A component and the machine that it runs on. Its container changes with every restart, so it is looked up anew. */
export interface ComponentHandle {
  readonly name: string;
  readonly kind: ComponentKind;
  readonly machine: Machine;
  /** The container as it is now; `undefined` when its machine has none. */
  container(): Promise<ContainerFacts | undefined>;
}

/** A component's container as it is now. */
export interface ContainerFacts {
  readonly container: Docker.Container;
  readonly id: string;
  readonly running: boolean;
  readonly paused: boolean;
  /** Process id in the machine; 0 when not running. */
  readonly pid: number;
  readonly startedAt: string;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Address on the overlay; empty when not running. */
  readonly overlayAddress: string;
  /** What its health check says; `none` without one. */
  readonly health: string;
  /** Named volumes: folder in the container, and in the machine. */
  readonly volumes: readonly VolumeMount[];
}

export interface VolumeMount {
  readonly name: string;
  readonly inContainer: string;
  readonly inMachine: string;
}

/** An engine whose events are recorded. */
export interface EventEngine {
  /** `host` for the engine that the machines run in, `machine2` for a machine's own. */
  readonly name: string;
  readonly docker: Pick<Docker, 'getEvents'>;
  /** What else runs there is none of the harness's business. */
  readonly filters?: { readonly label: string[] };
}

/** The channels of a network, read from every node that has them. */
export interface Ledgers {
  /**
   * Makes a channel, with every peer of its organisations joined, the chaincodes' definitions committed, and each peer's
   * server of them seen to answer.
   *
   * @param organisations names of its members; all unless told
   * @returns the greatest height that any node has then
   * @throws Error for an organisation that the network does not have
   */
  create(
    channel: string,
    chaincodes: readonly string[],
    organisations?: readonly string[],
  ): Promise<number>;
  /**
   * Upgrades a chaincode on a channel to the build of another one of the network: all organisations approve, the
   * definition is committed with the next sequence, and each peer's new server is seen to answer.
   *
   * @param to name of the chaincode whose package, version, policy and collections it gets
   * @param told of each transaction's id, before it is sent
   * @throws Error when the network has no chaincode of that name; FabricError from the step that failed
   */
  upgrade(
    channel: string,
    chaincode: string,
    to: string,
    told?: (transactionId: string) => void,
  ): Promise<ChaincodeUpgrade>;
  /** A chaincode's definition as a peer has it, if it has one. */
  definition(
    peer: string,
    channel: string,
    chaincode: string,
  ): Promise<Pick<ChaincodeUpgrade, 'version' | 'sequence'> | undefined>;
  /**
   * Has the orderers drop a channel that nobody needs any more, where the ordering service can: Raft's logs take 128 MB
   * of every orderer's disk a channel, whatever is in them. Peers keep what they have.
   *
   * @throws Error naming the orderers that still have it
   */
  remove(channel: string): Promise<void>;
  /** Orderers, and the organisations and peers that are on a channel. */
  members(channel: string): Endpoints;
  /** Height of each of its peers and orderers; `undefined` for one that does not say within two seconds. */
  heights(channel: string): Promise<ReadonlyMap<string, number | undefined>>;
  /**
   * Serialized blocks 0 to `to` of one node.
   *
   * @param node a peer's or an orderer's name
   * @throws FabricError when it does not give them all
   */
  blocks(node: string, channel: string, to: number): AsyncIterable<Buffer>;
  /** Blocks as a peer's listeners are told of them, from block 0 on, through every outage, until the signal aborts. */
  events(peer: string, channel: string, signal: AbortSignal): AsyncIterable<BlockTold>;
  /**
   * A chaincode's events as an application hears them at a peer, from block 0 on, through every outage and across the
   * listener's own restarts, until the signal aborts.
   */
  chaincodeEvents(
    peer: string,
    channel: string,
    chaincode: string,
    signal: AbortSignal,
  ): AsyncIterable<ChaincodeEvent>;
  /**
   * Resolves when every orderer could order for the channel now, and none tells of anything that it has yet to order.
   *
   * @throws Error for one that could not, or that does
   */
  ready(channel: string): Promise<void>;
  /** Peers whose databases can be read; all if absent. */
  readonly databases?: readonly string[];
  /**
   * Every document of every database that a peer has of a channel, database by database in the order of their keys.
   *
   * @throws Error when the database does not answer
   */
  documents(peer: string, channel: string): AsyncIterable<StateDocument>;
  /** Ends its connections; nothing can be read any more. */
  close(): void;
}

/** What a chaincode was upgraded to. */
export interface ChaincodeUpgrade {
  readonly version: string;
  readonly sequence: number;
  readonly packageId: string;
}

/** A block as a peer's filtered event stream tells it. */
export interface BlockTold {
  readonly number: number;
  readonly transactions: readonly { readonly id: string; readonly code: number }[];
}

/** A row of CouchDB's `_all_docs`, with its document; numbers in it as `parseExact` gives them. */
export interface StateDocument {
  /** A chaincode's name, `_lifecycle`, empty for the channel's own; with `$$h` or `$$p` and the name of a collection. */
  readonly namespace: string;
  readonly id: string;
  readonly doc?: Record<string, unknown> & {
    readonly _attachments?: Readonly<Record<string, { readonly data?: string }>>;
  };
}
