import type { Agreement, Finds, MarkedBlock } from '../agreement.ts';
import type { OrderingFacts } from '../facts.ts';
import type { KafkaTopicFacts } from './model.ts';
import { OffsetAccount } from './offsets.ts';

export const kafkaAgreement: Agreement = {
  recorded: true,
  definition: {
    id: 'F20',
    name: 'Kafka agrees with the chain',
    guarantee:
      'The Kafka offset that a block was cut at is the same in every copy, never decreases and is below the end of the topic; every record between the first and the last offset is a transaction of the block that it belongs to, or a connect, a time-to-cut, or discarded for a reason; the topic is whole from its first record, has the replicas and settings that the topology wants, and all are in sync at the end.',
  },
  create({ channel, ordering, log }, findings) {
    let last = -1;
    const { firstOffset = 0 } = topicOf(ordering, channel) ?? {};
    const account = log && new OffsetAccount(log, firstOffset, channel, findings);
    return {
      height(block) {
        const { number, copies, reference } = block;
        const [first, ...others] = copies;
        const offset = first && offsetOf(first);
        account?.block(block, offset);
        for (const { source, metadata } of others) {
          const here = offsetOf({ metadata });
          if (here === offset) continue;
          findings.violation({
            block: number,
            sources: [first?.source ?? '', source],
            message: `block ${number} was cut at Kafka offset ${offset ?? 'none'} on ${first?.source} and ${here ?? 'none'} on ${source}`,
          });
        }
        if (offset === undefined) {
          if (number > 0) findings.count('blocks without offset');
          return;
        }
        findings.count('offsets');
        if (offset < last) {
          findings.violation({
            block: number,
            message: `block ${number} was cut at Kafka offset ${offset}, the block before at ${last}`,
          });
        }
        judgeRoom(findings, number, reference.transactions.length, offset, last);
        last = offset;
      },
      finish() {
        if (findings.counted('offsets') === 0) {
          const ordered = ordering?.type ?? 'other';
          if (ordered !== 'kafka' && findings.counted('blocks without offset') > 0) {
            findings.notApplicable('the channel is not ordered by Kafka');
          } else findings.unknown('no block tells a Kafka offset');
          return;
        }
        const topic = topicOf(ordering, channel);
        if (!topic) {
          findings.unknown(`Kafka was not asked about topic ${channel}`);
          return;
        }
        if (last >= topic.endOffset) {
          findings.violation({
            message: `the last block was cut at Kafka offset ${last}, but the topic ends at ${topic.endOffset}: its records are gone`,
          });
        }
        judgeTopic(topic, findings, channel);
        if (account) {
          account.finish(topic.endOffset);
          findings.floor('records', 1);
        } else if (ordering?.logged !== undefined) {
          findings.unknown(`the log of topic ${channel} was recorded, and is not there`);
        }
        const lagging = topic.replicas.filter((broker) => !topic.inSync.includes(broker));
        findings.count('replicas', topic.replicas.length);
        findings.count('replicas in sync', topic.inSync.length);
        if (lagging.length > 0) {
          findings.violation({
            sources: lagging.map((broker) => `broker ${broker}`),
            message: `topic ${channel} has replicas ${topic.replicas.join(', ')}, in sync are only ${topic.inSync.join(', ') || 'none'}`,
          });
        }
        findings.floor('replicas', 1);
      },
    };
  },
};

const topicOf = (ordering: OrderingFacts | null, channel: string): KafkaTopicFacts | undefined =>
  ordering?.type === 'kafka' ? ordering.topics[channel] : undefined;

/** Each transaction has an offset; connect and time-to-cut messages, and what was discarded, have the others. */
function judgeRoom(
  findings: Finds,
  number: number,
  length: number,
  offset: number,
  last: number,
): void {
  if (last < 0) return;
  const room = offset - last;
  findings.count('records without a transaction', Math.max(0, room - length));
  if (offset <= last || room >= length) return;
  findings.violation({
    block: number,
    message: `block ${number} has ${length} transactions, but only ${room} records between its Kafka offset ${offset} and that of the block before`,
  });
}

function offsetOf({
  metadata,
}: Pick<MarkedBlock['copies'][number], 'metadata'>): number | undefined {
  const { consenter } = metadata;
  return consenter?.type === 'kafka' ? consenter.lastOffsetPersisted : undefined;
}

/** What the topic lacks of what the topology wants. */
function judgeTopic(topic: KafkaTopicFacts, findings: Finds, channel: string): void {
  const { firstOffset = 0, wanted, settings, replicas } = topic;
  const wrong = (message: string): void =>
    findings.violation({ message: `topic ${channel} ${message}` });
  if (firstOffset > 0) wrong(`begins at offset ${firstOffset}: its first records are gone`);
  if (wanted && replicas.length !== wanted.replicas) {
    wrong(
      `has ${replicas.length} replicas (brokers ${replicas.join(', ')}), ${wanted.replicas} are configured`,
    );
  }
  if (!settings) return;
  findings.count('settings', 2);
  if (wanted && settings.minInSync !== wanted.minInSync) {
    wrong(
      `takes ${settings.minInSync} replicas in sync for enough, ${wanted.minInSync} are configured`,
    );
  }
  if (settings.uncleanElection) wrong('lets a replica that lags become leader');
}
