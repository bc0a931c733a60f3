import { waitFor } from '../../base/wait.ts';
import type { OrderedChannel } from '../ordering.ts';
import { openKafkaAdmin } from './admin.ts';
import { clusterOf } from './cluster.ts';
import type { KafkaFacts, KafkaTopicFacts } from './model.ts';

/**
 * What Kafka says of a channel's topic, once all its replicas are in sync or half a minute is over: the audit judges an
 * incomplete set.
 *
 * @throws Error when no broker answers
 */
export async function kafkaFacts({
  topology,
  addresses,
  channel,
}: OrderedChannel): Promise<KafkaFacts> {
  const { brokers, replicationFactor, minInsyncReplicas } = clusterOf(topology).kafka;
  const ids = new Map(brokers.map((b) => [b.name, b.id]));
  await using admin = await openKafkaAdmin(topology, addresses);
  const topic = await waitFor(
    {
      subject: `Kafka topic ${channel}`,
      expected: `${replicationFactor} replicas in sync`,
      budgetMs: 30_000,
      intervalMs: 500,
    },
    async () => {
      const facts = await admin.topic(channel);
      if (facts.inSync.length >= facts.replicas.length) return facts;
      throw new Error(`in sync: ${facts.inSync.join(', ')} of ${facts.replicas.join(', ')}`);
    },
  ).catch(() => admin.topic(channel));
  const settings = await admin.settings(channel).catch(() => undefined);
  const numbers = (names: readonly string[]) => names.map((name) => ids.get(name) ?? -1);
  const facts: KafkaTopicFacts = {
    endOffset: topic.endOffset ?? -1,
    replicas: numbers(topic.replicas),
    inSync: numbers(topic.inSync),
    ...(topic.firstOffset !== undefined && { firstOffset: topic.firstOffset }),
    wanted: { replicas: replicationFactor, minInSync: minInsyncReplicas },
    ...(settings && {
      settings: {
        minInSync: Number(settings['min.insync.replicas']),
        uncleanElection: settings['unclean.leader.election.enable'] === 'true',
      },
    }),
  };
  return { type: 'kafka', topics: { [channel]: facts } };
}
