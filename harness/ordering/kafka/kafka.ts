import type { OrderedChannel, Ordering } from '../ordering.ts';
import { kafkaAgreement } from './agreement.ts';
import { KAFKA_BAD_LINES } from './bad-lines.ts';
import { kafkaServices } from './brokers.ts';
import { clusterOf } from './cluster.ts';
import { zookeeperServices } from './zookeeper.ts';

/** Loaded when asked: the client of Kafka takes longer to load than a start can spare. */
const word = () => import('./facts.ts');
const topicOf = async (place: OrderedChannel) => (await import('./topic.ts')).topicOf(place);

/** Orderers that agree by the log of a Kafka cluster, as Fabric has it up to 2.5. */
export const kafka: Ordering = {
  services: {
    title: 'ZooKeeper and Kafka',
    kinds: ['zookeeper', 'kafka'],
    definitions: (topology, addresses) => [
      ...zookeeperServices(topology),
      ...kafkaServices(topology, addresses),
    ],
  },
  channelCapability: 'V2_0',
  ordererEnvironment: (topology) => ({
    ORDERER_KAFKA_VERSION: '0.10.2.0',
    ORDERER_KAFKA_VERBOSE: 'false',
    ORDERER_KAFKA_TOPIC_REPLICATIONFACTOR: String(clusterOf(topology).kafka.replicationFactor),
    // Defaults are 5 s for 10 min, then 5 min: an outage of Kafka would be followed by minutes of waiting.
    ORDERER_KAFKA_RETRY_SHORTINTERVAL: '1s',
    ORDERER_KAFKA_RETRY_SHORTTOTAL: '2m',
    ORDERER_KAFKA_RETRY_LONGINTERVAL: '5s',
    ORDERER_KAFKA_RETRY_LONGTOTAL: '12h',
  }),
  ordererSection: (topology) => ({
    OrdererType: 'kafka',
    Kafka: { Brokers: clusterOf(topology).kafka.brokers.map(({ name }) => `${name}:9092`) },
  }),
  needs: 'Fabric 2.5; memory for a JVM for each broker and ZooKeeper',
  clientsSendTo: 'one',
  badLines: KAFKA_BAD_LINES,
  // What was acknowledged is in Kafka: it may be behind a consumer that waits for an answer on a connection that is
  // dead (`Kafka.Retry.NetworkTimeouts.ReadTimeout`, 10 s), and to call it lost is the gravest verdict there is.
  calmMs: () => ({ unacknowledged: 3_000, acknowledged: 15_000 }),
  // Whatever is under way is in the log, and each orderer consumes it to the end.
  settled: async () => {},
  sleeps: false,
  roles: {
    leader: async (place) => {
      const { leader } = await topicOf(place);
      return leader ? [leader] : [];
    },
    followers: async (place) => {
      const { leader, inSync } = await topicOf(place);
      return inSync.filter((name) => name !== leader);
    },
    consenters: async (place) => (await topicOf(place)).replicas,
    blocking: async (place) => {
      const { leader, inSync } = await topicOf(place);
      const { minInsyncReplicas } = clusterOf(place.topology).kafka;
      const leaderFirst = [...inSync].sort((a, b) => Number(b === leader) - Number(a === leader));
      return leaderFirst.slice(0, inSync.length - minInsyncReplicas + 1);
    },
    cluster: async ({ topology }) => {
      const {
        kafka: { brokers },
        zookeeper,
      } = clusterOf(topology);
      return [...brokers, ...zookeeper.ensemble].map(({ name }) => name);
    },
  },
  agreement: kafkaAgreement,
  forgetting: null,
  facts: async (place) => (await word()).kafkaFacts(place),
  async *log(place) {
    yield* (await import('./log.ts')).kafkaLog(place);
  },
};
