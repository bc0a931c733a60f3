import { chaincodeServiceName } from './components.ts';
import { checkOrdering } from './ordering-checks.ts';
import { type Finding, renderValue } from './problems.ts';
import { duplicates, isMapping, type Path, RawFile } from './raw-file.ts';
import { BUILT_IN_CHAINCODES, parseDuration, parseSize } from './schema.ts';

/**
 * How the values of a topology must fit each other. The checks read the file's plain data, not the parsed result,
 * so that they also run (on what is there) when another part of the file is malformed: a user sees all problems at
 * once. A value of a wrong type is none of their business; the schema reports it.
 */

/** Ports that Swarm itself uses on every machine: cluster management, gossip, overlay data. */
const SWARM_PORTS: ReadonlySet<number> = new Set([2377, 4789, 7946]);

/** Docker's advice; more make the Swarm slower, not safer (docs.docker.com, "Administer and maintain a swarm"). */
const MOST_MANAGERS = 7;

/** Longest name of a Swarm service, which is a DNS label. */
const SERVICE_NAME = 63;

/** Kafka refuses requests above this whatever a topology says (`socket.request.max.bytes`, its default). */
const KAFKA_REQUEST_LIMIT = 100 * 1024 * 1024;

/** ZooKeeper cuts session timeouts to 2 to 20 ticks without a word; its tick is a second here. */
const SESSION_TIMEOUT = { min: 2_000, max: 20_000 };

/** Every contradiction between values of the file. Pure; never throws. */
export function crossCheck(data: unknown): Finding[] {
  const file = new RawFile(data);
  return [
    ...checkMachines(file),
    ...checkComponents(file),
    ...checkServiceNames(file),
    ...checkOrdering(file),
    ...checkZooKeeper(file),
    ...checkKafka(file),
    ...checkSizes(file),
    ...checkOrganisations(file),
    ...checkChaincodes(file),
    ...checkChannels(file),
  ];
}

function checkMachines(file: RawFile): Finding[] {
  const machines = file.entries('machines');
  const numbers = machines.map((path) => [...path, 'number']);
  const roles = machines.map((path) => file.at(...path, 'role'));
  const findings = duplicates(file, numbers, 'machine number', () => 'another machine');
  const managers = roles.filter((role) => role === 'manager').length;
  if (managers > MOST_MANAGERS) {
    findings.push({
      path: ['machines'],
      expected: `at most ${MOST_MANAGERS} managers, each of which must hear of every change`,
      seen: String(managers),
    });
  }
  if (machines.length > 0 && !roles.includes('manager') && roles.every((r) => r === 'worker')) {
    findings.push({
      path: ['machines'],
      expected: 'at least one machine with role manager',
      seen: 'workers only',
    });
  }
  return findings;
}

function checkComponents(file: RawFile): Finding[] {
  const components = file.components();
  const machines = file.entries('machines').map((path) => file.at(...path, 'number'));
  const names = components.map(({ path }) => [...path, 'name']);
  const findings = duplicates(
    file,
    names,
    'component name',
    () => 'another component',
    // Swarm's service names have no dots, so peer0.org1 and peer0-org1 would be one.
    (name) => (typeof name === 'string' ? name.replaceAll('.', '-') : name),
  );
  const taken = new Map<string, string>();
  for (const { path, name, machine, ports } of components) {
    if (typeof machine !== 'number') {
      continue;
    }
    if (machines.length > 0 && !machines.includes(machine)) {
      findings.push({
        path: [...path, 'machine'],
        expected: `one of the machines ${machines.join(', ')}`,
        seen: renderValue(machine),
      });
    }
    for (const [key, port] of Object.entries(isMapping(ports) ? ports : {})) {
      if (typeof port !== 'number') {
        continue;
      }
      const place = `${machine}:${port}`;
      const owner = SWARM_PORTS.has(port) ? 'Swarm' : taken.get(place);
      if (owner !== undefined) {
        findings.push({
          path: [...path, 'ports', key],
          expected: `a port that is free on machine ${machine}`,
          seen: `${port}, which is ${owner}'s`,
        });
      }
      taken.set(place, String(name));
    }
  }
  return findings;
}

/** The chaincode server beside a peer has both names in its own, which Swarm limits. */
function checkServiceNames(file: RawFile): Finding[] {
  const peers = file.entries('organisations').flatMap((path) => file.entries(...path, 'peers'));
  const nameOf = (path: Path) => {
    const name = file.at(...path, 'name');
    return typeof name === 'string' ? name : '';
  };
  const longest = (paths: readonly Path[]) =>
    paths.toSorted((a, b) => nameOf(b).length - nameOf(a).length)[0];
  const peer = longest(peers);
  const chaincode = longest(file.entries('chaincodes'));
  if (!peer || !chaincode) return [];
  const name = chaincodeServiceName(nameOf(chaincode), nameOf(peer));
  if (name.length <= SERVICE_NAME) return [];
  return [
    {
      path: [...peer, 'name'],
      expected: `a name short enough for the chaincode server ${name}: at most ${SERVICE_NAME} characters with both names and a dot`,
      seen: `${name.length} characters`,
    },
  ];
}

function checkZooKeeper(file: RawFile): Finding[] {
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

function checkKafka(file: RawFile): Finding[] {
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
function checkSizes(file: RawFile): Finding[] {
  const size = (path: Path) => ({ path, value: parseSize(file.at(...path)) });
  const preferred = size(['ordering', 'batch', 'preferredMaxBytes']);
  const absolute = size(['ordering', 'batch', 'absoluteMaxBytes']);
  const fetch = size(['kafka', 'replicaFetchMaxBytes']);
  const message = size(['kafka', 'messageMaxBytes']);
  const request = size(['kafka', 'socketRequestMaxBytes']);
  const limit = { path: ['Kafka’s limit'], value: KAFKA_REQUEST_LIMIT };
  const rules = [
    [preferred, 'at most', absolute],
    [absolute, 'less than', fetch],
    [fetch, 'at most', message],
    [message, 'less than', request],
    [request, 'at most', limit],
  ] as const;
  return rules.flatMap(([smaller, relation, greater]) => {
    if (smaller.value === undefined || greater.value === undefined) {
      return [];
    }
    const holds =
      relation === 'less than' ? smaller.value < greater.value : smaller.value <= greater.value;
    return holds
      ? []
      : [
          {
            path: smaller.path,
            expected: `${relation} ${greater.path.at(-1)} (${greater.value} bytes)`,
            seen: `${smaller.value} bytes`,
          },
        ];
  });
}

function checkOrganisations(file: RawFile): Finding[] {
  const organisations: Path[] = [['ordering', 'organisation'], ...file.entries('organisations')];
  const label = (path: Path) => String(file.at(...path.slice(0, -1), 'name'));
  const all = (key: string) => organisations.map((path) => [...path, key]);
  const unanchored = file.entries('organisations').flatMap((path): Finding[] => {
    const peers = file.entries(...path, 'peers');
    const anchors = peers.filter((peer) => file.at(...peer, 'anchor') === true);
    return peers.length === 0 || anchors.length > 0
      ? []
      : [
          {
            path: [...path, 'peers'],
            expected: 'at least one peer with anchor: true, by which other organisations find it',
            seen: 'none',
          },
        ];
  });
  return [
    ...unanchored,
    ...duplicates(file, all('name'), 'organisation name', () => 'another organisation'),
    ...duplicates(file, all('mspId'), 'MSP id', label),
    ...duplicates(file, all('domain'), 'domain', label),
  ];
}

function checkChaincodes(file: RawFile): Finding[] {
  return file.entries('chaincodes').flatMap((path): Finding[] => {
    const name = file.at(...path, 'name');
    if (typeof name !== 'string') return [];
    const builtIn = BUILT_IN_CHAINCODES.includes(name);
    const given = file.at(...path, 'source') !== undefined;
    if (builtIn !== given) return [];
    return [
      {
        path: [...path, 'name'],
        expected: given
          ? `a name other than ${BUILT_IN_CHAINCODES.join(', ')}, which the harness builds`
          : `${BUILT_IN_CHAINCODES.map((known) => `"${known}"`).join(', ')}, or a source: a folder or an image`,
        seen: renderValue(name),
      },
    ];
  });
}

function checkChannels(file: RawFile): Finding[] {
  const channels = file.entries('channels');
  const names: Path[] = [
    ['ordering', 'systemChannel'],
    ...channels.map((path) => [...path, 'name']),
  ];
  const chaincodes = file.entries('chaincodes').map((path) => [...path, 'name']);
  const findings = [
    ...duplicates(file, names, 'channel name', () => 'another channel'),
    ...duplicates(file, chaincodes, 'chaincode name', () => 'another chaincode'),
  ];
  const uses = channels.flatMap((channel) => file.entries(...channel, 'chaincodes'));
  if (channels.length > 0 && uses.length === 0) {
    findings.push({
      path: ['channels'],
      expected: 'a channel with a chaincode, for the first transfer',
      seen: 'none',
    });
  }
  for (const channel of channels) {
    for (const kind of ['organisations', 'chaincodes'] as const) {
      const known = file.entries(kind).map((path) => file.at(...path, 'name'));
      for (const path of file.entries(...channel, kind)) {
        const value = file.at(...path);
        if (known.length > 0 && typeof value === 'string' && !known.includes(value)) {
          findings.push({
            path,
            expected: `one of the file's ${kind}: ${known.join(', ')}`,
            seen: renderValue(value),
          });
        }
      }
    }
  }
  return findings;
}
