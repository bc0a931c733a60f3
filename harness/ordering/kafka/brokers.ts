import type { ServiceDefinition } from '../../swarm/service-definition.ts';
import { config, namedEarly, published, required, volume } from '../../swarm/service-parts.ts';
import type { MachineAddresses } from '../../topology/addresses.ts';
import { CONTAINER_PORTS, type Topology } from '../../topology/schema.ts';
import { type Broker, clusterOf } from './cluster.ts';
import { JVM_DNS_OPTIONS, properties } from './jvm.ts';

const CONFIGURATION = '/etc/kafka/server.properties';
const LOGS = '/var/lib/kafka';
/** Brokers and orderers meet here. */
const INTERNAL_PORT = 9092;

/**
 * The Kafka cluster, with one listener inside the overlay and one for the harness, at the machine's address.
 *
 * A broker opens its ports at the end of its start; its name is there before, so that the controller need not wait.
 *
 * @param addresses by which the harness reaches the machines
 * @throws Error if a broker's machine has no address
 */
export function kafkaServices(
  topology: Topology,
  addresses: MachineAddresses,
): ServiceDefinition[] {
  return clusterOf(topology).kafka.brokers.map((broker) => ({
    name: broker.name,
    image: 'kafka',
    machine: broker.machine,
    env: { JVM_HEAP: '256m', JVM_OPTS: JVM_DNS_OPTIONS },
    files: [config(CONFIGURATION, serverProperties(topology, broker, addresses))],
    volumes: [volume(broker.name, 'log', LOGS)],
    ports: published(CONTAINER_PORTS.kafka, broker.ports),
    health: namedEarly(INTERNAL_PORT),
    stopGracePeriodMs: 10_000,
  }));
}

function serverProperties(topology: Topology, broker: Broker, addresses: MachineAddresses): string {
  const { kafka, zookeeper } = clusterOf(topology);
  const address = required(addresses, String(broker.machine), `machine of ${broker.name}`);
  const replicas = Math.min(3, kafka.brokers.length);
  return properties({
    'broker.id': broker.id,
    ...(kafka.rackAwareness ? { 'broker.rack': `machine${broker.machine}` } : {}),
    listeners: `INTERNAL://0.0.0.0:${INTERNAL_PORT},EXTERNAL://0.0.0.0:${CONTAINER_PORTS.kafka.external}`,
    'advertised.listeners': `INTERNAL://${broker.name}:${INTERNAL_PORT},EXTERNAL://${address}:${broker.ports.external}`,
    'listener.security.protocol.map': 'INTERNAL:PLAINTEXT,EXTERNAL:PLAINTEXT',
    'inter.broker.listener.name': 'INTERNAL',
    'zookeeper.connect': zookeeper.ensemble
      .map(({ name }) => `${name}:${CONTAINER_PORTS.zookeeper.client}`)
      .join(','),
    'zookeeper.session.timeout.ms': kafka.zookeeperSessionTimeout,
    'zookeeper.connection.timeout.ms': 60_000,
    'log.dirs': LOGS,
    // One partition a channel: the orderers create topics themselves, or fall back to creation on first use.
    'num.partitions': 1,
    'auto.create.topics.enable': true,
    'default.replication.factor': kafka.replicationFactor,
    'min.insync.replicas': kafka.minInsyncReplicas,
    'unclean.leader.election.enable': kafka.uncleanLeaderElection,
    'replica.lag.time.max.ms': kafka.replicaLagTimeMax,
    'log.retention.ms': kafka.retentionMs,
    'log.retention.bytes': -1,
    'message.max.bytes': kafka.messageMaxBytes,
    'replica.fetch.max.bytes': kafka.replicaFetchMaxBytes,
    'socket.request.max.bytes': kafka.socketRequestMaxBytes,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': replicas,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': Math.min(2, replicas),
    'num.network.threads': 2,
    'num.io.threads': 4,
    // Half the heap by default.
    'log.cleaner.dedupe.buffer.size': 4 * 1024 * 1024,
  });
}
