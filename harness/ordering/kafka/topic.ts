import type { OrderedChannel } from '../ordering.ts';
import { openKafkaAdmin, type TopicFacts } from './admin.ts';

/** Where the brokers stand for a channel. @throws Error when no broker answers or there is no such topic */
export async function topicOf({
  topology,
  addresses,
  channel,
}: OrderedChannel): Promise<TopicFacts> {
  await using admin = await openKafkaAdmin(topology, addresses);
  return await admin.topic(channel);
}
