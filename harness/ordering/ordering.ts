import type { ServiceDefinition } from '../swarm/service-definition.ts';
import type { MachineAddresses } from '../topology/addresses.ts';
import type { ComponentKind } from '../topology/components.ts';
import type { Topology } from '../topology/schema.ts';
import type { Agreement } from './agreement.ts';
import type { BadLine } from './bad-line.ts';
import type { OrderingFacts, OrderingRecord } from './facts.ts';
import type { Forgetting } from './forgetting.ts';

/** A channel of a running network, and by which addresses the harness reaches its machines. */
export interface OrderedChannel {
  readonly topology: Topology;
  readonly addresses: MachineAddresses;
  readonly channel: string;
}

/** Components by a part that they play; faults make a role of it. */
export interface Part {
  /** As an author writes it, e.g. `zookeeper.leader()`. */
  readonly text: string;
  /** Their names at the moment of asking. */
  find(place: OrderedChannel): Promise<readonly string[]>;
}

/** Keys of configtx.yaml's orderer section that depend on the ordering service. */
export interface OrdererSection {
  readonly OrdererType: string;
  readonly [key: string]: unknown;
}

/** Names of components by the part that they play for a channel, as it is now. */
export interface OrderingRoles {
  /** Whoever decides the order now; none while there is no leader. */
  leader(place: OrderedChannel): Promise<readonly string[]>;
  /** Those that follow it closely enough to take over. */
  followers(place: OrderedChannel): Promise<readonly string[]>;
  /** All that keep the log. */
  consenters(place: OrderedChannel): Promise<readonly string[]>;
  /** The fewest consenters whose loss stops ordering, the leader among them. */
  blocking(place: OrderedChannel): Promise<readonly string[]>;
  /** All that a leader must reach to lead, itself included. */
  cluster(place: OrderedChannel): Promise<readonly string[]>;
}

/**
 * An ordering service: what of a network depends on how its orderers agree. One folder each, and an entry in the
 * registry.
 */
export interface Ordering {
  /** What it needs to run besides the orderers. */
  readonly services: {
    /** In words, for progress; `null` when it needs nothing. */
    readonly title: string | null;
    /** Their kinds of component. */
    readonly kinds: readonly ComponentKind[];
    /** @param addresses by which the harness reaches the machines */
    definitions(topology: Topology, addresses: MachineAddresses): ServiceDefinition[];
  };
  /** Capability of channels; from V3_0 on there are no addresses of orderers but those of their organisations. */
  readonly channelCapability: 'V2_0' | 'V3_0';
  /** Further environment of an orderer's process. */
  ordererEnvironment(topology: Topology): Readonly<Record<string, string>>;
  ordererSection(topology: Topology): OrdererSection;
  /** What it takes of a host, in words, for people who choose. */
  readonly needs: string;
  /** Whether clients give what they send to all orderers at the same time, or to one that takes it. */
  readonly clientsSendTo: 'one' | 'all';
  /** What an orderer, or what it needs, logs only when ordering has gone wrong for good. */
  readonly badLines: readonly BadLine[];
  /**
   * How long a network must have been able to order, unchanged, before a transaction that has not come counts as absent;
   * ms, the batch timeout comes on top.
   */
  calmMs(topology: Topology): { readonly unacknowledged: number; readonly acknowledged: number };
  /**
   * Whether the orderers hold nothing that they have yet to order, as far as they tell.
   *
   * @throws Error saying what is under way
   */
  settled(place: OrderedChannel): Promise<void>;
  /** Whether orderers may go on holding what they took, at rest, until they are given something more. */
  readonly sleeps: boolean;
  readonly roles: OrderingRoles;
  /** How what it recorded and the chain must fit. */
  readonly agreement: Agreement;
  /** When it may lose what was acknowledged; `null` when it may not. */
  readonly forgetting: Forgetting | null;
  /**
   * What is to be recorded of a channel at rest.
   *
   * @param startedAt milliseconds since the epoch when the run started
   */
  facts(place: OrderedChannel, startedAt: number): Promise<OrderingFacts>;
  /** Everything that was put in order for a channel, where the service keeps a log that others can read. */
  log?(place: OrderedChannel): AsyncIterable<OrderingRecord>;
}
