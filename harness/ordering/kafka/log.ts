import { common, orderer, toNumber } from '../../../fabric-client/protos.ts';
import type { OrderedChannel } from '../ordering.ts';
import { openKafkaAdmin } from './admin.ts';
import { clusterOf } from './cluster.ts';
import { fetchRecords } from './fetch.ts';
import { envelopeMark, type KafkaRecord } from './model.ts';
import type { TopicRecord } from './record-batch.ts';

/**
 * Every record of a channel's topic, as the leader of its one partition has it now.
 *
 * @throws Error when no broker answers, or the leader does not give all
 */
export async function* kafkaLog(place: OrderedChannel): AsyncGenerator<KafkaRecord> {
  const { topology, addresses, channel } = place;
  await using admin = await openKafkaAdmin(topology, addresses);
  const { leader, firstOffset = 0, endOffset = 0 } = await admin.topic(channel);
  const broker = clusterOf(topology).kafka.brokers.find(({ name }) => name === leader);
  if (!broker) throw new Error(`topic ${channel}: expected a leader, seen none`);
  const address = `${addresses[broker.machine]}:${broker.ports.external}`;
  const wanted = { address, topic: channel, partition: 0, from: firstOffset, to: endOffset };
  for await (const record of fetchRecords(wanted)) yield recordOf(record);
}

/** What an orderer makes of a record (orderer/consensus/kafka/chain.go, `processMessagesToBlocks`). */
export function recordOf({ offset, value }: TopicRecord): KafkaRecord {
  const message = decoded(orderer.KafkaMessage, value);
  if (message?.connect) return { offset, kind: 'connect' };
  if (message?.time_to_cut) {
    return { offset, kind: 'time to cut', block: toNumber(message.time_to_cut.block_number) };
  }
  const { regular } = message ?? {};
  if (!regular) return { offset, kind: 'unreadable' };
  const original = toNumber(regular.original_offset);
  const { CONFIG } = orderer.KafkaMessageRegular.Class;
  const envelope = decoded(common.Envelope, Buffer.from(regular.payload ?? []));
  if (!envelope) return { offset, kind: 'unreadable' };
  return {
    offset,
    kind: regular.class === CONFIG ? 'configuration' : 'message',
    mark: envelopeMark(envelope),
    configSequence: toNumber(regular.config_seq),
    ...(original > 0 && { original }),
  };
}

function decoded<T>(type: { decode(bytes: Buffer): T }, bytes: Buffer): T | undefined {
  try {
    return type.decode(bytes);
  } catch {
    return undefined;
  }
}
