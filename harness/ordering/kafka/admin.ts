import { connect } from 'node:net';
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import type { Topology } from '../../topology/schema.ts';
import { type Broker, clusterOf, type ZooKeeperNode } from './cluster.ts';

/** A channel's topic has one partition (Fabric `orderer/consensus/kafka`: `defaultPartition`). */
const PARTITION = 0;

/** Where the brokers stand for one channel, by component name. */
export interface TopicFacts {
  readonly leader: string | undefined;
  readonly replicas: readonly string[];
  readonly inSync: readonly string[];
  readonly endOffset: number | undefined;
  readonly firstOffset?: number;
}

export interface KafkaAdmin extends AsyncDisposable {
  /** @throws Error when no broker answers or the topic does not exist */
  topic(channel: string): Promise<TopicFacts>;
  /** Settings of a channel's topic, by Kafka's names. @throws Error when no broker answers */
  settings(channel: string): Promise<Readonly<Record<string, string>>>;
  /** Changes a setting of a channel's topic. @throws Error when no broker takes it */
  alter(channel: string, name: string, value: string): Promise<void>;
  /** The broker that is the cluster's controller. */
  controller(): Promise<string | undefined>;
  /** Brokers that are registered. */
  brokers(): Promise<string[]>;
}

/**
 * Asks the brokers about leaders and replicas through the listeners that their machines publish.
 *
 * @param addresses IP address by machine number
 */
export async function openKafkaAdmin(
  topology: Topology,
  addresses: Readonly<Record<number, string>>,
): Promise<KafkaAdmin> {
  const { brokers } = clusterOf(topology).kafka;
  const names = new Map(brokers.map((b) => [b.id, b.name]));
  const kafka = new Kafka({
    clientId: 'harness',
    brokers: brokers.map((b) => brokerAddress(b, addresses)),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    requestTimeout: 3_000,
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 500 },
  });
  const admin = kafka.admin();
  await admin.connect();
  const nameOf = (id: number | null): string | undefined => names.get(id ?? -1);
  const namesOf = (ids: readonly number[]) => ids.flatMap((id) => nameOf(id) ?? []);
  return {
    async topic(channel) {
      const { topics } = await admin.fetchTopicMetadata({ topics: [channel] });
      const partition = topics[0]?.partitions.find((p) => p.partitionId === PARTITION);
      if (!partition) throw new Error(`kafka: topic ${channel} has no partition ${PARTITION}`);
      const offsets = await admin.fetchTopicOffsets(channel).catch(() => []);
      const { high, low } = offsets.find((o) => o.partition === PARTITION) ?? {};
      return {
        leader: nameOf(partition.leader),
        replicas: namesOf(partition.replicas),
        inSync: namesOf(partition.isr),
        endOffset: high === undefined ? undefined : Number(high),
        ...(low !== undefined && { firstOffset: Number(low) }),
      };
    },
    async settings(channel) {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: channel }],
      });
      const entries = resources[0]?.configEntries ?? [];
      return Object.fromEntries(
        entries.map(({ configName, configValue }) => [configName, configValue]),
      );
    },
    async alter(channel, name, value) {
      await admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: ConfigResourceTypes.TOPIC,
            name: channel,
            configEntries: [{ name, value }],
          },
        ],
      });
    },
    async controller() {
      return nameOf((await admin.describeCluster()).controller);
    },
    async brokers() {
      return namesOf((await admin.describeCluster()).brokers.map((b) => b.nodeId)).sort();
    },
    [Symbol.asyncDispose]: () => admin.disconnect(),
  };
}

function brokerAddress(broker: Broker, addresses: Readonly<Record<number, string>>): string {
  return `${addresses[broker.machine]}:${broker.ports.external}`;
}

/** `leader`, `follower`, `standalone`, or why a ZooKeeper doesn't say (its four-letter word `srvr`). */
export async function zookeeperMode(
  node: ZooKeeperNode,
  addresses: Readonly<Record<number, string>>,
): Promise<string> {
  const host = addresses[node.machine];
  if (!host) return 'no address';
  try {
    const answer = await fourLetterWord(host, node.ports.client, 'srvr');
    return /Mode: (\w+)/.exec(answer)?.[1] ?? (answer.trim().split('\n')[0] || 'no answer');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Sends a ZooKeeper four-letter word and returns the answer. */
export function fourLetterWord(
  host: string,
  port: number,
  word: string,
  budgetMs = 1_500,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => socket.end(word));
    const chunks: Buffer[] = [];
    socket.setTimeout(budgetMs, () =>
      socket.destroy(
        new Error(`zookeeper ${host}:${port}: no answer to ${word} in ${budgetMs} ms`),
      ),
    );
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}
