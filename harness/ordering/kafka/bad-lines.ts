import type { BadLine } from '../bad-line.ts';

/** Sources: orderer/consensus/kafka/chain.go (Fabric 2.5), and what brokers and ZooKeeper print when they die. */
export const KAFKA_BAD_LINES: readonly BadLine[] = [
  { pattern: /Kafka consumer closed/, meaning: 'an orderer stopped consuming' },
  { pattern: /Consenter for channel exiting/, meaning: 'an orderer stopped ordering' },
  { pattern: /this might indicate a bug/, meaning: 'time-to-cut out of order' },
  { pattern: /outside the range of offsets/, meaning: 'Kafka lost records' },
  { pattern: /Unable to unmarshal consumed message/, meaning: 'unreadable record' },
  { pattern: /Unrecoverable error during consumption/, meaning: 'consumption given up' },
  { pattern: /Unable to decode a Kafka packet/, meaning: 'Kafka version mismatch' },
  { pattern: /InconsistentClusterIdException/, meaning: 'ZooKeeper lost its data' },
];
