import type { ServiceDefinition } from '../../swarm/service-definition.ts';
import { config, namedEarly, published, volume } from '../../swarm/service-parts.ts';
import { CONTAINER_PORTS, type Topology } from '../../topology/schema.ts';
import { clusterOf } from './cluster.ts';
import { JVM_DNS_OPTIONS, properties } from './jvm.ts';

const CONFIGURATION = '/etc/zookeeper/zoo.cfg';
const DATA = '/var/lib/zookeeper';

/** `ruok` is asked, and any answer taken, because a connection closed without a word is logged with a stack trace. */
const HEALTH = namedEarly(
  CONTAINER_PORTS.zookeeper.client,
  `exec 3<>/dev/tcp/127.0.0.1/${CONTAINER_PORTS.zookeeper.client}; printf ruok >&3; read -r -t 2 -n 4 <&3 || true`,
);

/** The ZooKeeper ensemble. */
export function zookeeperServices(topology: Topology): ServiceDefinition[] {
  const { ensemble } = clusterOf(topology).zookeeper;
  const configuration = zooCfg(topology);
  return ensemble.map(({ name, id, machine, ports }) => ({
    name,
    image: 'zookeeper',
    machine,
    env: {
      ZOOKEEPER_MYID: String(id),
      JVM_HEAP: '96m',
      // Notifications are repeated at most a second apart (default: up to 60 s), so a late member joins at once.
      JVM_OPTS: `${JVM_DNS_OPTIONS} -Dzookeeper.fastleader.maxNotificationInterval=1000`,
    },
    files: [config(CONFIGURATION, configuration)],
    volumes: [volume(name, 'data', DATA)],
    ports: published(CONTAINER_PORTS.zookeeper, ports),
    health: HEALTH,
    stopGracePeriodMs: 5_000,
  }));
}

function zooCfg(topology: Topology): string {
  const { zookeeper } = clusterOf(topology);
  const settings: Record<string, string | number | boolean> = {
    // A leader without a quorum gives up after syncLimit ticks, a session after 2 to 20 of them.
    tickTime: 1000,
    initLimit: 20,
    syncLimit: 5,
    dataDir: DATA,
    clientPort: CONTAINER_PORTS.zookeeper.client,
    maxClientCnxns: 0,
    // Seconds for which an election waits for a member that does not answer, as one on a lost machine.
    cnxTimeout: 2,
    // A member's own name need not resolve to an address of its own for it to listen.
    quorumListenOnAllIPs: true,
    'admin.enableServer': false,
    '4lw.commands.whitelist': 'srvr,mntr,ruok,stat',
    'autopurge.snapRetainCount': 3,
    'autopurge.purgeInterval': 1,
  };
  for (const { id, name } of zookeeper.ensemble) {
    settings[`server.${id}`] = `${name}:2888:3888`;
  }
  return properties(settings);
}
