import type { Topology } from '../../topology/schema.ts';

type Part<K extends 'kafka' | 'zookeeper'> = NonNullable<Topology[K]>;

/** The Kafka cluster of a network and its ZooKeepers. @throws Error when another service orders there */
export function clusterOf(topology: Topology): {
  readonly kafka: Part<'kafka'>;
  readonly zookeeper: Part<'zookeeper'>;
} {
  const { kafka, zookeeper, name, ordering } = topology;
  if (!kafka || !zookeeper) {
    throw new Error(
      `network ${name}: expected brokers and ZooKeepers, seen none: its orderers agree by ${ordering.type}`,
    );
  }
  return { kafka, zookeeper };
}

export type ZooKeeperNode = NonNullable<Topology['zookeeper']>['ensemble'][number];
export type Broker = NonNullable<Topology['kafka']>['brokers'][number];
