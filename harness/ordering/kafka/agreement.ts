import type { Agreement, Finds, MarkedBlock } from '../agreement.ts';
import type { KafkaTopicFacts } from './model.ts';

export const kafkaAgreement: Agreement = {
  recorded: true,
  definition: {
    id: 'F20',
    name: 'Kafka agrees with the chain',
    guarantee:
      'The Kafka offset that a block was cut at is the same in every copy, never decreases, leaves room for the transactions of the block and is below the end of the topic; the topic is whole from its first record, has the replicas and settings that the topology wants, and all are in sync at the end.',
  },
  create({ channel, ordering }, findings) {
    let last = -1;
    return {
      height({ number, copies, reference }) {
        const [first, ...others] = copies;
        const offset = first && offsetOf(first);
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
        // Each transaction has an offset; connect and time-to-cut messages, and what was discarded, have the others.
        const room = offset - last;
        const { length } = reference.transactions;
        if (last >= 0 && offset > last && room < length) {
          findings.violation({
            block: number,
            message: `block ${number} has ${length} transactions, but only ${room} records between its Kafka offset ${offset} and that of the block before`,
          });
        }
        if (last >= 0) findings.count('records without a transaction', Math.max(0, room - length));
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
        const topic = ordering?.type === 'kafka' ? ordering.topics[channel] : undefined;
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
