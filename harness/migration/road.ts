import type Docker from 'dockerode';
import {
  broadcastConfig,
  configUpdateEnvelope,
  joinedChannels,
} from '../../fabric-client/channels.ts';
import { Connections } from '../../fabric-client/connections.ts';
import { fetchBlock } from '../../fabric-client/fetch.ts';
import { inquire } from '../../fabric-client/proposing.ts';
import { createSigner, type Signer } from '../../fabric-client/signer.ts';
import type { Endpoint } from '../../fabric-client/types.ts';
import { DeadlineError } from '../base/errors.ts';
import type { Progress } from '../base/progress.ts';
import { waitFor } from '../base/wait.ts';
import { signingIdentity } from '../fabric/endpoints.ts';
import { decodeBlock } from '../fabric/ledger/decoder.ts';
import { ordererServices } from '../fabric/services/orderer.ts';
import { peerServices } from '../fabric/services/peer.ts';
import { managerOf } from '../network/components.ts';
import { type MachinesNetwork, type NetworkState, saveState } from '../network/machines/network.ts';
import { channelMetrics } from '../ordering/metrics.ts';
import { leaderAmong } from '../ordering/raft/leader.ts';
import { redefineService } from '../swarm/deploy.ts';
import { scaleComponent } from '../swarm/scale.ts';
import type { ServiceDefinition } from '../swarm/service-definition.ts';
import { addressesOf } from '../topology/addresses.ts';
import { managersOf } from '../topology/managers.ts';
import type { Topology } from '../topology/schema.ts';
import { type Consensus, readConsensus } from './consensus.ts';
import type { Certificates, Held } from './readiness.ts';

/** Milliseconds for an update to be taken, and to be on every orderer; and how long one try is waited for. */
const UPDATE_MS = 60_000;
const TRY_MS = 15_000;
/** Milliseconds for components to end or to come back, and for each channel to have a leader. */
export const RESTART_MS = 120_000;
const ANSWER_MS = 5_000;

/** A block of a channel, by which copies are compared. */
export interface Head {
  readonly channel: string;
  readonly number: number;
  readonly hash: string;
}

/** An image that the machines may lack. */
export interface HeldImage {
  readonly tag: string;
  /** Lends an engine that holds it. */
  lend(work: (engine: Docker) => Promise<void>): Promise<void>;
}

export interface RoadOptions {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** The image of Fabric 3, made if need be. */
  readonly fabric3: () => Promise<HeldImage>;
}

/** A network on its way: what the legs read of it, and change in it. */
export class Road implements AsyncDisposable {
  readonly connections = new Connections();
  readonly progress: Progress;
  readonly signal: AbortSignal;
  readonly fabric3: RoadOptions['fabric3'];
  #network: MachinesNetwork;

  constructor(network: MachinesNetwork, { progress, signal, fabric3 }: RoadOptions) {
    this.#network = network;
    this.fabric3 = fabric3;
    this.progress = progress;
    this.signal = signal;
  }

  /** As it is now. */
  get network(): MachinesNetwork {
    return this.#network;
  }

  get topology(): Topology {
    return this.#network.topology;
  }

  get state(): NetworkState {
    return this.#network.state;
  }

  get orderers(): readonly Endpoint[] {
    return this.#network.nodes.orderers;
  }

  /** An administrator of the orderers: in maintenance nobody else is served. */
  get admin(): Signer {
    const { orderer } = this.state.identities;
    return createSigner(signingIdentity(orderer, orderer.admin));
  }

  /** Administrators of all organisations of peers. */
  get members(): readonly Signer[] {
    return this.#network.nodes.organisations.map(({ admin }) => createSigner(admin));
  }

  /** All channels that a peer has joined; others have no transactions to lose. */
  async applicationChannels(): Promise<readonly string[]> {
    const joined = await Promise.all(
      this.#network.nodes.organisations.flatMap(({ admin, peers }) =>
        peers.map((peer) =>
          inquire(this.connections, peer, createSigner(admin), joinedChannels, ANSWER_MS),
        ),
      ),
    );
    return [...new Set(joined.flat())].sort();
  }

  /** The system channel first where there is one: what passes there should pass on the others. */
  async channels(): Promise<readonly string[]> {
    const { systemChannel } = this.topology.ordering;
    return [...(systemChannel ? [systemChannel] : []), ...(await this.applicationChannels())];
  }

  #first(): Endpoint {
    const [first] = this.orderers;
    if (!first) throw new Error('migrate: expected an orderer, seen none');
    return first;
  }

  read(channel: string, orderer = this.#first()): Promise<Consensus> {
    return readConsensus(this.connections, orderer, this.admin, channel);
  }

  /** What every orderer says of a channel's consensus. */
  readAll(channel: string): Promise<readonly Consensus[]> {
    return Promise.all(this.orderers.map((orderer) => this.read(channel, orderer)));
  }

  /** What every orderer has as the configuration of channels. */
  async held(channels: readonly string[]): Promise<readonly Held[]> {
    const all = channels.map(async (channel) => {
      const states = await this.readAll(channel);
      return states.map((now, at) => ({ orderer: this.orderers[at]?.name ?? '', now }));
    });
    return (await Promise.all(all)).flat();
  }

  /** TLS certificates that the orderers serve. */
  get certificates(): Certificates {
    const { nodes } = this.state.identities.orderer;
    return Object.fromEntries(
      this.orderers.map(({ name }) => [name, nodes[name]?.tls.certificate]),
    );
  }

  /** @param start number, or `newest` */
  async block(orderer: Endpoint, channel: string, start: number | 'newest'): Promise<Head> {
    const seek = { kind: 'orderer', channel, start } as const;
    const bytes = await fetchBlock(this.connections, orderer, this.admin, seek, ANSWER_MS);
    const { number, hash } = decodeBlock(bytes);
    return { channel, number, hash };
  }

  /** Serialized. */
  rawBlock(channel: string, start: number): Promise<Buffer> {
    const seek = { kind: 'orderer', channel, start } as const;
    return fetchBlock(this.connections, this.#first(), this.admin, seek, ANSWER_MS);
  }

  /** The newest block of each channel. */
  heads(channels: readonly string[]): Promise<readonly Head[]> {
    return Promise.all(channels.map((channel) => this.block(this.#first(), channel, 'newest')));
  }

  /**
   * Changes the configuration of channels one after the other, and waits until every orderer has it. What was
   * acknowledged may be lost on the way to a block; then it is sent again.
   *
   * @param update for a channel as it is now; undefined where nothing is to be changed
   * @param signers besides the orderers' administrator
   */
  async change(
    channels: readonly string[],
    update: (now: Consensus) => Uint8Array | undefined | Promise<Uint8Array | undefined>,
    signers: readonly Signer[] = [],
  ): Promise<void> {
    for (const channel of channels) {
      const deadline = performance.now() + UPDATE_MS;
      for (;;) {
        const now = await this.read(channel);
        const wanted = await update(now);
        if (wanted === undefined) break;
        await broadcastConfig({
          connections: this.connections,
          orderers: this.orderers,
          channel,
          envelope: () => configUpdateEnvelope(channel, wanted, [this.admin, ...signers]),
          budgetMs: Math.max(1, deadline - performance.now()),
        });
        try {
          await this.#untilEverywhere(channel, now.configBlock + 1);
          break;
        } catch (error) {
          if (!(error instanceof DeadlineError) || performance.now() > deadline) throw error;
        }
      }
    }
  }

  /** Waits until the configuration on every orderer is from a block or a later one. */
  async #untilEverywhere(channel: string, configBlock: number): Promise<void> {
    await Promise.all(
      this.orderers.map((orderer) =>
        waitFor(
          {
            subject: `channel ${channel} on ${orderer.name}`,
            expected: `a configuration from block ${configBlock} or later`,
            budgetMs: TRY_MS,
            lookAt: `harness logs ${orderer.name}`,
            signal: this.signal,
          },
          async () =>
            (await this.read(channel, orderer)).configBlock >= configBlock ? true : undefined,
        ),
      ),
    );
  }

  /** Waits until an orderer can order for a channel, and has it up to a block. */
  async untilServes(orderer: Endpoint, channel: string, least = 0): Promise<void> {
    const seek = { kind: 'orderer', channel, start: 'newest', errors: 'strict' } as const;
    await waitFor(
      {
        subject: `channel ${channel} on ${orderer.name}`,
        expected: `to order, with block ${least}`,
        budgetMs: RESTART_MS,
        lookAt: `harness logs ${orderer.name}`,
        signal: this.signal,
      },
      async () => {
        const bytes = await fetchBlock(this.connections, orderer, this.admin, seek, ANSWER_MS);
        const { number } = decodeBlock(bytes);
        if (number < least) throw new Error(`block ${number} is the newest`);
        return true;
      },
    );
  }

  /** Whoever leads a channel by Raft. */
  async leader(channel: string): Promise<string | undefined> {
    const { topology } = this;
    const addresses = addressesOf(this.#network.machines);
    return leaderAmong(await channelMetrics({ topology, addresses, channel }));
  }

  /** Waits until a channel has a Raft leader. */
  async untilLed(channel: string): Promise<string> {
    return waitFor(
      {
        subject: `channel ${channel}`,
        expected: 'a Raft leader',
        budgetMs: RESTART_MS,
        lookAt: `harness logs ${this.#first().name}`,
        signal: this.signal,
      },
      () => this.leader(channel),
    );
  }

  /** The orderers with those last that lead a channel: each change of the leader costs the clients an election. */
  async leadersLast(channels: readonly string[]): Promise<readonly Endpoint[]> {
    const leaders = await Promise.all(channels.map((channel) => this.untilLed(channel)));
    return this.orderers.toSorted(
      (a, b) => Number(leaders.includes(a.name)) - Number(leaders.includes(b.name)),
    );
  }

  /** How components are to run with a topology, by name. */
  definitions(topology: Topology, genesis?: Uint8Array): ReadonlyMap<string, ServiceDefinition> {
    const { identities, credentials } = this.state;
    const all = [
      ...ordererServices(topology, identities, genesis),
      ...peerServices(topology, identities, credentials),
    ];
    return new Map(all.map((definition) => [definition.name, definition]));
  }

  /** Starts a component anew as it is now defined, and waits until it runs. */
  async redeploy(definition: ServiceDefinition | undefined): Promise<void> {
    if (!definition) throw new Error('migrate: expected a component, seen none');
    const { name } = definition;
    const before = (await this.#network.component(name).container())?.id;
    const manager = await managerOf(this.#network);
    await redefineService(
      {
        manager: manager.docker,
        overlay: this.topology.network,
        images: this.state.images,
      },
      definition,
    );
    await waitFor(
      {
        subject: name,
        expected: 'to run as it is now defined',
        budgetMs: RESTART_MS,
        lookAt: `harness logs ${name}`,
        signal: this.signal,
      },
      async () => {
        const facts = await this.#network.component(name).container();
        return facts?.running && facts.id !== before ? true : undefined;
      },
    );
  }

  /** The image that a component's container runs. */
  async imageOf(name: string): Promise<string | undefined> {
    const facts = await this.#network.component(name).container();
    return facts && (await facts.container.inspect()).Config.Image;
  }

  /** Ends components, or has them run again, and waits for it. */
  async scale(names: readonly string[], replicas: 0 | 1): Promise<void> {
    const manager = await managerOf(this.#network);
    await Promise.all(names.map((name) => scaleComponent(manager.docker, name, replicas)));
    await Promise.all(
      names.map((name) =>
        waitFor(
          {
            subject: name,
            expected: replicas === 1 ? 'to run' : 'to have ended',
            budgetMs: RESTART_MS,
            lookAt: `harness logs ${name}`,
            signal: this.signal,
          },
          async () => {
            const facts = await this.#network.component(name).container();
            return (facts?.running ?? false) === (replicas === 1) ? true : undefined;
          },
        ),
      ),
    );
  }

  /** Writes down what the network is now; what comes after an interruption goes by it. */
  async become(change: Partial<Pick<NetworkState, 'topology' | 'identities' | 'images'>>) {
    const state = { ...this.state, ...change };
    const managers = managersOf(state.topology);
    const manager = this.#network.machines.find(({ number }) => managers.includes(number));
    if (!manager) throw new Error('migrate: expected a manager, seen none');
    await saveState(manager, state);
    this.#network.ledgers.close();
    this.#network = this.#network.restated(state);
  }

  async [Symbol.asyncDispose]() {
    this.connections.close();
    this.#network.ledgers.close();
  }
}
