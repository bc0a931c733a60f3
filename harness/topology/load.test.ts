import { readFileSync } from 'node:fs';
import { componentsOf } from './components.ts';
import { loadTopology, parseTopology } from './load.ts';
import { TopologyError, type TopologyProblem } from './problems.ts';
import { parseDuration, parseSize } from './values.ts';

const ARTICLE = 'fixtures/network/article.yaml';
const text = readFileSync(ARTICLE, 'utf8');

/** Problems of the article's topology after textual edits, each of which must match something. */
function problemsAfter(...edits: readonly (readonly [string | RegExp, string])[]) {
  const changed = edits.reduce((document, [pattern, replacement]) => {
    const result = document.replace(pattern, replacement);
    if (result === document) {
      throw new Error(`edit ${String(pattern)} matches nothing in ${ARTICLE}`);
    }
    return result;
  }, text);
  try {
    parseTopology(changed, 'network.yaml');
  } catch (error) {
    if (error instanceof TopologyError) {
      return { error, problems: error.problems, document: changed };
    }
    throw error;
  }
  return { error: undefined, problems: [], document: changed };
}

function lineOf(document: string, fragment: string): number {
  return document.split('\n').findIndex((line) => line.includes(fragment)) + 1;
}

function only(problems: readonly TopologyProblem[]): TopologyProblem {
  expect(problems).toHaveLength(1);
  return problems[0] as TopologyProblem;
}

describe('the topologies that come with the harness', () => {
  it('places the article network as the article does', () => {
    const components = componentsOf(loadTopology(ARTICLE));
    const on = (machine: number) =>
      components
        .filter((c) => c.machine === machine && c.kind !== 'chaincode')
        .map((c) => c.name)
        .sort();
    expect(on(1)).toEqual(
      [
        'orderer0 peer0.org1 peer1.org1 ca.org1 couchdb0.org1 couchdb1.org1',
        'mongo mongo-express api',
      ]
        .join(' ')
        .split(' ')
        .sort(),
    );
    expect(on(2)).toEqual(
      'zookeeper2 kafka2 kafka3 peer0.org2 peer1.org2 ca.org2 couchdb0.org2 couchdb1.org2'
        .split(' ')
        .sort(),
    );
    expect(on(3)).toEqual('zookeeper0 zookeeper1 kafka0 kafka1 orderer1'.split(' ').sort());
  });

  it('publishes the ports of the article', () => {
    const ports = Object.fromEntries(
      componentsOf(loadTopology(ARTICLE)).map((c) => [c.name, c.ports[0]]),
    );
    expect(ports.orderer1).toEqual({ name: 'general', host: 7049, container: 7050 });
    expect(ports['peer1.org2']).toEqual({ name: 'peer', host: 8056, container: 7051 });
    expect(ports['ca.org2']).toEqual({ name: 'server', host: 8054, container: 7054 });
    expect(ports['bank.peer0.org1']).toBeUndefined();
  });

  it('spreads ZooKeeper over all machines in the spread network, brokers knowing their machine', () => {
    const spread = loadTopology('fixtures/network/spread.yaml');
    expect(spread.zookeeper?.ensemble.map((node) => node.machine).sort()).toEqual([1, 2, 3]);
    expect(new Set(spread.kafka?.brokers.map((broker) => broker.machine)).size).toBe(3);
    expect(spread.kafka?.rackAwareness).toBe(true);
  });

  it('reads sizes as bytes and durations as milliseconds', () => {
    const { ordering } = loadTopology(ARTICLE);
    expect(ordering.batch).toEqual({
      timeout: 300,
      maxMessageCount: 50,
      absoluteMaxBytes: 98 * 1024 * 1024,
      preferredMaxBytes: 512 * 1024,
    });
    expect([parseDuration('1.5s'), parseDuration('2'), parseDuration(2)]).toEqual([
      1500,
      undefined,
      undefined,
    ]);
    expect([parseSize('1 KiB'), parseSize(7), parseSize(0), parseSize('1 TB')]).toEqual([
      1024,
      7,
      undefined,
      undefined,
    ]);
  });

  it.each([
    ['98 MB', 98 * 1024 ** 2],
    ['512 KB', 512 * 1024],
    ['512kb', 512 * 1024],
    ['10m', 10 * 1024 ** 2],
    ['1 GiB', 1024 ** 3],
    ['512 B', 512],
    ['1048576', 1024 ** 2],
    ['1.5 MB', undefined],
    ['KB', undefined],
    ['9999999 GB', undefined],
  ])('reads the size %s as Fabric does', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });
});

describe('a wrong topology is refused with line, key, expectation and what was seen', () => {
  it('unknown key', () => {
    const { problems, document } = problemsAfter([
      /^ {2}minInsync/m,
      '  minInSync: 2\n  minInsync',
    ]);
    const problem = only(problems);
    expect(problem.keyPath).toBe('kafka.minInSync');
    expect(problem.line).toBe(lineOf(document, 'minInSync'));
    expect(problem.seen).toBe('unknown key "minInSync"');
    expect(problem.expected).toMatch(/^one of the keys replicationFactor, minInsyncReplicas, /);
  });

  it('missing key, at the object that lacks it', () => {
    const { problems, document } = problemsAfter([/ {2}replicationFactor: 3\n/, '']);
    const problem = only(problems);
    expect(problem).toMatchObject({ keyPath: 'kafka.replicationFactor', seen: 'nothing' });
    expect(problem.line).toBe(lineOf(document, 'kafka:'));
  });

  const cases: readonly {
    name: string;
    edits: readonly (readonly [string | RegExp, string])[];
    keyPath: string;
    at: string;
    expected: RegExp;
    seen: RegExp;
  }[] = [
    {
      name: 'duplicate broker id',
      edits: [['kafka1, id: 1', 'kafka1, id: 0']],
      keyPath: 'kafka.brokers[1].id',
      at: 'name: kafka1',
      expected: /broker id of its own/,
      seen: /0, which is kafka0's/,
    },
    {
      name: 'duplicate component name across kinds',
      edits: [['name: mongo-express', 'name: orderer1']],
      keyPath: 'application.mongoExpress.name',
      at: 'mongoExpress:',
      expected: /component name of its own/,
      seen: /"orderer1"/,
    },
    {
      name: 'component names that Swarm cannot tell apart',
      edits: [['name: mongo-express', 'name: peer0-org1']],
      keyPath: 'application.mongoExpress.name',
      at: 'mongoExpress:',
      expected: /component name of its own/,
      seen: /"peer0-org1"/,
    },
    {
      name: 'session timeout that ZooKeeper would not grant',
      edits: [['zookeeperSessionTimeout: 6s', 'zookeeperSessionTimeout: 1m']],
      keyPath: 'kafka.zookeeperSessionTimeout',
      at: 'zookeeperSessionTimeout',
      expected: /from 2000 to 20000 ms/,
      seen: /60000 ms/,
    },
    {
      name: 'a batch timeout of zero',
      edits: [['timeout: 300ms', 'timeout: 0s']],
      keyPath: 'ordering.batch.timeout',
      at: 'timeout: 0s',
      expected: /a duration such as/,
      seen: /"0s"/,
    },
    {
      name: 'organisation without an anchor peer',
      edits: [[/(peer0\.org2\n.*\n) {8}anchor: true\n/, '$1']],
      keyPath: 'organisations[1].peers',
      at: 'peers:',
      expected: /anchor: true/,
      seen: /none/,
    },
    {
      name: 'duplicate host port on one machine',
      edits: [['operations: 17056', 'operations: 7051']],
      keyPath: 'organisations[0].peers[1].ports.operations',
      at: 'operations: 7051',
      expected: /free on machine 1/,
      seen: /7051, which is peer0\.org1's/,
    },
    {
      name: 'a replica of the API at a port of its machine that is taken',
      edits: [
        [
          'ports: { http: 4000 } }',
          'ports: { http: 4000 }, replicas: [{ name: api1, machine: 1, ports: { http: 4000 } }] }',
        ],
      ],
      keyPath: 'application.api.replicas[0].ports.http',
      at: 'replicas:',
      expected: /free on machine 1/,
      seen: /4000, which is api's/,
    },
    {
      name: 'a port that Swarm uses',
      edits: [['http: 4000', 'http: 7946']],
      keyPath: 'application.api.ports.http',
      at: '7946',
      expected: /free on machine 1/,
      seen: /Swarm's/,
    },
    {
      name: 'component on a machine that does not exist',
      edits: [['orderer1, machine: 3', 'orderer1, machine: 4']],
      keyPath: 'ordering.orderers[1].machine',
      at: 'name: orderer1',
      expected: /one of the machines 1, 2, 3/,
      seen: /^4$/,
    },
    {
      name: 'replication factor above the number of brokers',
      edits: [['replicationFactor: 3', 'replicationFactor: 5']],
      keyPath: 'kafka.replicationFactor',
      at: 'replicationFactor',
      expected: /at most the number of brokers, 4/,
      seen: /^5$/,
    },
    {
      name: 'min ISR above the replication factor',
      edits: [['minInsyncReplicas: 2', 'minInsyncReplicas: 4']],
      keyPath: 'kafka.minInsyncReplicas',
      at: 'minInsyncReplicas',
      expected: /at most the replication factor, 3/,
      seen: /^4$/,
    },
    {
      name: 'AbsoluteMaxBytes at the Kafka limit',
      edits: [['absoluteMaxBytes: 98 MiB', 'absoluteMaxBytes: 99 MiB']],
      keyPath: 'ordering.batch.absoluteMaxBytes',
      at: 'absoluteMaxBytes: ',
      expected: /less than replicaFetchMaxBytes \(103809024 bytes\)/,
      seen: /103809024 bytes/,
    },
    {
      name: 'replica fetch above the message limit',
      edits: [['messageMaxBytes: 99 MiB', 'messageMaxBytes: 98 MiB']],
      keyPath: 'kafka.replicaFetchMaxBytes',
      at: 'replicaFetchMaxBytes: ',
      expected: /at most messageMaxBytes/,
      seen: /103809024/,
    },
    {
      name: 'message limit at the request limit',
      edits: [['socketRequestMaxBytes: 100 MiB', 'socketRequestMaxBytes: 99 MiB']],
      keyPath: 'kafka.messageMaxBytes',
      at: 'messageMaxBytes: ',
      expected: /less than socketRequestMaxBytes/,
      seen: /103809024/,
    },
    {
      name: 'even ZooKeeper ensemble',
      edits: [[/ {4}- \{ name: zookeeper2.*\n/, '']],
      keyPath: 'zookeeper.ensemble',
      at: 'ensemble:',
      expected: /odd number/,
      seen: /^2$/,
    },
    {
      name: 'empty ZooKeeper ensemble',
      edits: [[/ensemble:\n(?: {4}- .*\n)+/, 'ensemble: []\n']],
      keyPath: 'zookeeper.ensemble',
      at: 'ensemble:',
      expected: /odd number/,
      seen: /^0$/,
    },
    {
      name: 'peer without CouchDB',
      edits: [[/ {8}couchdb: \{ name: couchdb1.org2.*\n/, '']],
      keyPath: 'organisations[1].peers[1].couchdb',
      at: 'name: peer1.org2',
      expected: /a mapping/,
      seen: /nothing/,
    },
    {
      name: 'organisation without peers',
      edits: [[/(ca\.org2.*\n {4}peers:)\n(?: {6}.*\n)+/, '$1 []\n']],
      keyPath: 'organisations[1].peers',
      at: 'peers: []',
      expected: /at least 1 entry/,
      seen: /\[\]/,
    },
    {
      name: 'channel with an unknown chaincode',
      edits: [['chaincodes: [bank]', 'chaincodes: [bonk]']],
      keyPath: 'channels[0].chaincodes[0]',
      at: 'bonk',
      expected: /one of the file's chaincodes: bank/,
      seen: /"bonk"/,
    },
    {
      name: 'channel with an unknown organisation',
      edits: [['[Org1, Org2]', '[Org1, Org3]']],
      keyPath: 'channels[0].organisations[1]',
      at: 'Org3',
      expected: /one of the file's organisations: Org1, Org2/,
      seen: /"Org3"/,
    },
    {
      name: 'built-in chaincode with a source',
      edits: [['- { name: bank, ', '- { name: bank, source: ../bank, ']],
      keyPath: 'chaincodes[0].name',
      at: 'name: bank',
      expected: /other than bank/,
      seen: /"bank"/,
    },
    {
      name: 'chaincode without source',
      edits: [['- { name: bank', '- { name: shop']],
      keyPath: 'chaincodes[0].name',
      at: 'name: shop',
      expected: /"bank"/,
      seen: /"shop"/,
    },
    {
      name: 'application channel named as the system channel',
      edits: [['name: mychannel', 'name: system-channel']],
      keyPath: 'channels[0].name',
      at: 'name: system-channel',
      expected: /channel name of its own/,
      seen: /"system-channel"/,
    },
    {
      name: 'no manager',
      edits: [['role: manager', 'role: worker']],
      keyPath: 'machines',
      at: 'machines:',
      expected: /role manager/,
      seen: /workers only/,
    },
    {
      name: 'a size without a unit that is known',
      edits: [['512 KiB', '512 kilobytes']],
      keyPath: 'ordering.batch.preferredMaxBytes',
      at: 'kilobytes',
      expected: /a size such as/,
      seen: /512 kilobytes/,
    },
    {
      name: 'a port out of range',
      edits: [['http: 4000', 'http: 70000']],
      keyPath: 'application.api.ports.http',
      at: '70000',
      expected: /at most 65535/,
      seen: /70000/,
    },
  ];

  it.each(cases)('$name', ({ edits, keyPath, at, expected, seen }) => {
    const { problems, document } = problemsAfter(...edits);
    const matching = problems.filter((problem) => problem.keyPath === keyPath);
    const problem = matching.find((candidate) => expected.test(candidate.expected));
    expect(problem).toBeDefined();
    expect(problem?.seen).toMatch(seen);
    expect(problem?.file).toBe('network.yaml');
    const lines = document.split('\n').map((line, index) => (line.includes(at) ? index + 1 : 0));
    expect(lines).toContain(problem?.line);
  });

  it('reports all problems at once, in the order of the file, and asks for exit code 2', () => {
    const { error, problems } = problemsAfter(
      ['kafka1, id: 1', 'kafka1, id: 0'],
      ['replicationFactor: 3', 'replicationFactor: nine'],
      ['name: mychannel', 'title: mychannel'],
      ['orderer1, machine: 3', 'orderer1, machine: 4'],
    );
    expect(problems.map((problem) => problem.keyPath)).toEqual([
      'kafka.replicationFactor',
      'kafka.brokers[1].id',
      'ordering.orderers[1].machine',
      'channels[0].name',
      'channels[0].title',
    ]);
    expect(error?.exitCode).toBe(2);
    expect(error?.message).toMatch(/^Topology network\.yaml: 5 problems, nothing was started\n/);
    expect(error?.message).toContain('expected an integer, saw "nine"');
  });

  it('text that is no YAML, or YAML of another shape', () => {
    expect(() => parseTopology('a: [1', 'x.yaml')).toThrow(/x\.yaml:1: \(document\): .*YAML/);
    expect(() => parseTopology('', 'x.yaml')).toThrow(
      /x\.yaml:1: \(document\): expected a mapping/,
    );
    expect(() => parseTopology('kafka:\nkafka:\n', 'x.yaml')).toThrow(/unique/);
    expect(() => parseTopology('machines: 3\nkafka: [1]\n', 'x.yaml')).toThrow(TopologyError);
  });

  it('a file that is not there', () => {
    expect(() => loadTopology('/nonexistent.yaml')).toThrow(/expected a readable topology file/);
  });
});
