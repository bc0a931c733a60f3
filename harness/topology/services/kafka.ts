import { z } from 'zod';
import type { Problem } from '../problems.ts';
import { duplicates, type Path, type RawFile } from '../raw-file.ts';
import { inOrder, sizeAt } from '../sizes.ts';
import { component, count, duration, parseDuration, size } from '../values.ts';
import type { OrderingNeeds } from './needs.ts';

/** What of a topology file is Kafka's own. */

/** The TCP ports that its components listen on. */
export const KAFKA_PORTS = {
  zookeeper: { client: 2181 },
  kafka: { external: 19_092 },
} as const;

const zookeeper = z.strictObject({
  ensemble: z.array(
    z.strictObject({ ...component(KAFKA_PORTS.zookeeper), id: z.int().min(1).max(255) }),
  ),
});

const kafka = z.strictObject({
  replicationFactor: count,
  minInsyncReplicas: count,
  uncleanLeaderElection: z.boolean(),
  /** Tells brokers their machine, so that Kafka puts a partition's replicas on different machines where it can. */
  rackAwareness: z.boolean(),
  /** Milliseconds; -1 keeps every record, which a Kafka-ordered channel needs. */
  retentionMs: z.int().min(-1),
  messageMaxBytes: size,
  replicaFetchMaxBytes: size,
  socketRequestMaxBytes: size,
  zookeeperSessionTimeout: duration,
  replicaLagTimeMax: duration,
  brokers: z.array(z.strictObject({ ...component(KAFKA_PORTS.kafka), id: z.int().min(0) })).min(1),
});

/** Optional: only a network that Kafka orders has them. */
export const kafkaSections = { zookeeper: zookeeper.optional(), kafka: kafka.optional() };

/** Where its components stand in a file, in the order in which they start. */
export const KAFKA_LISTS = [
  { kind: 'zookeeper', path: ['zookeeper', 'ensemble'] },
  { kind: 'kafka', path: ['kafka', 'brokers'] },
] as const;

/** Kafka refuses requests above this whatever a topology says (`socket.request.max.bytes`, its default). */
const KAFKA_REQUEST_LIMIT = 100 * 1024 * 1024;

/** ZooKeeper cuts session timeouts to 2 to 20 ticks without a word; its tick is a second here. */
const SESSION_TIMEOUT = { min: 2_000, max: 20_000 };

export const kafkaNeeds: OrderingNeeds = {
  releases: ['2.5.9'],
  because: 'Fabric 3 removed ordering by Kafka',
  sections: [
    { path: ['kafka'], none: 'no brokers' },
    { path: ['zookeeper'], none: 'no ZooKeeper' },
    { path: ['ordering', 'systemChannel'], none: 'no system channel' },
  ],
  leastOrderers: 1,
  atLeast: '',
  adminPort: false,
  check: (file) => [...checkZooKeeper(file), ...checkKafka(file), ...checkSizes(file)],
};

function checkZooKeeper(file: RawFile): Problem[] {
  const ensemble = file.entries('zookeeper', 'ensemble');
  const ids = ensemble.map((path) => [...path, 'id']);
  const findings = duplicates(file, ids, 'ZooKeeper id', (path) =>
    String(file.at(...path.slice(0, -1), 'name')),
  );
  if (Array.isArray(file.at('zookeeper', 'ensemble')) && ensemble.length % 2 === 0) {
    findings.push({
      path: ['zookeeper', 'ensemble'],
      expected: 'an odd number of nodes, so that a majority is worth its cost',
      seen: `${ensemble.length}`,
    });
  }
  return findings;
}

function checkKafka(file: RawFile): Problem[] {
  const brokers = file.entries('kafka', 'brokers');
  const ids = brokers.map((path) => [...path, 'id']);
  const findings = duplicates(file, ids, 'broker id', (path) =>
    String(file.at(...path.slice(0, -1), 'name')),
  );
  const session = parseDuration(file.at('kafka', 'zookeeperSessionTimeout'));
  if (session !== undefined && (session < SESSION_TIMEOUT.min || session > SESSION_TIMEOUT.max)) {
    findings.push({
      path: ['kafka', 'zookeeperSessionTimeout'],
      expected: `from ${SESSION_TIMEOUT.min} to ${SESSION_TIMEOUT.max} ms, which ZooKeeper grants`,
      seen: `${session} ms`,
    });
  }
  const replicationFactor = file.at('kafka', 'replicationFactor');
  const minInsyncReplicas = file.at('kafka', 'minInsyncReplicas');
  if (typeof replicationFactor !== 'number') {
    return findings;
  }
  if (brokers.length > 0 && replicationFactor > brokers.length) {
    findings.push({
      path: ['kafka', 'replicationFactor'],
      expected: `at most the number of brokers, ${brokers.length}`,
      seen: String(replicationFactor),
    });
  }
  if (typeof minInsyncReplicas === 'number' && minInsyncReplicas > replicationFactor) {
    findings.push({
      path: ['kafka', 'minInsyncReplicas'],
      expected: `at most the replication factor, ${replicationFactor}`,
      seen: String(minInsyncReplicas),
    });
  }
  return findings;
}

/**
 * AbsoluteMaxBytes < replica.fetch.max.bytes <= message.max.bytes < socket.request.max.bytes <= 100 MiB, or an
 * envelope that the orderer accepts is refused by Kafka or never replicated (Fabric's docs/source/kafka.rst).
 */
function checkSizes(file: RawFile): Problem[] {
  const size = (...path: Path) => sizeAt(file, path);
  const absolute = size('ordering', 'batch', 'absoluteMaxBytes');
  const fetch = size('kafka', 'replicaFetchMaxBytes');
  const message = size('kafka', 'messageMaxBytes');
  const request = size('kafka', 'socketRequestMaxBytes');
  const limit = { path: ['Kafka’s limit'], value: KAFKA_REQUEST_LIMIT };
  const rules = [
    [absolute, 'less than', fetch],
    [fetch, 'at most', message],
    [message, 'less than', request],
    [request, 'at most', limit],
  ] as const;
  return inOrder(rules);
}
