import { readFileSync } from 'node:fs';
import { componentsOf } from './components.ts';
import { loadTopology, parseTopology } from './load.ts';
import { TopologyError } from './problems.ts';
import { fabricImage, wantsFabric3 } from './releases.ts';

const file = (name: string) => `fixtures/network/${name}.yaml`;

/** What is wrong with a shipped topology after textual edits, each of which must match something. */
function problemsAfter(name: string, ...edits: readonly (readonly [string, string])[]): string[] {
  const text = edits.reduce(
    (document, [from, to]) => {
      if (!document.includes(from)) throw new Error(`edit ${from} matches nothing in ${name}`);
      return document.replaceAll(from, to);
    },
    readFileSync(file(name), 'utf8'),
  );
  try {
    parseTopology(text, 'network.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof TopologyError)) throw error;
    return error.problems.map(
      ({ line, keyPath, expected, seen }) =>
        `${text.split('\n')[line - 1]?.trim()} | ${keyPath}: expected ${expected}, saw ${seen}`,
    );
  }
}

describe('ordering services of a topology', () => {
  it.each([
    ['article', 'kafka', '2.5.9', 2, 3],
    ['spread', 'kafka', '2.5.9', 2, 3],
    ['raft', 'raft', '2.5.9', 3, 3],
    ['raft-defaults', 'raft', '2.5.9', 3, 3],
    ['raft3', 'raft', '3.1.1', 3, 3],
    ['bft', 'bft', '3.1.1', 4, 4],
  ])('%s is ordered by %s on Fabric %s', (name, type, fabric, orderers, machines) => {
    const topology = loadTopology(file(name));
    expect(topology.ordering).toMatchObject({ type, fabric });
    expect(topology.ordering.orderers).toHaveLength(orderers);
    expect(new Set(topology.ordering.orderers.map(({ machine }) => machine)).size).toBe(orderers);
    expect(topology.machines).toHaveLength(machines);
    expect(wantsFabric3(topology)).toBe(fabric === '3.1.1');
    expect(fabricImage(topology)).toBe(fabric === '3.1.1' ? 'fabric-3' : 'fabric');
  });

  it('has no brokers where Raft orders, and an admin port at each orderer', () => {
    const components = componentsOf(loadTopology(file('raft')));
    expect(components.filter(({ kind }) => kind === 'kafka' || kind === 'zookeeper')).toEqual([]);
    expect(components.find(({ name }) => name === 'orderer1')?.ports).toContainEqual({
      name: 'admin',
      host: 7150,
      container: 9444,
    });
  });

  it('takes Fabric’s defaults for what the file leaves out', () => {
    const text = readFileSync(file('raft'), 'utf8').replace(/raft: \{.*\}/, 'raft: {}');
    expect(parseTopology(text, 'network.yaml').ordering.raft).toEqual({
      tickInterval: 500,
      electionTick: 10,
      heartbeatTick: 1,
      maxInflightBlocks: 5,
      snapshotInterval: 16 * 1024 * 1024,
    });
  });

  it('refuses Kafka on Fabric 3, and BFT on Fabric 2, with the reason', () => {
    expect(
      problemsAfter('article', ['ordering:\n', 'ordering:\n  type: kafka\n  fabric: 3.1.1\n']),
    ).toEqual([
      'fabric: 3.1.1 | ordering.fabric: expected 2.5.9 with ordering type kafka: Fabric 3 removed ordering by Kafka, saw 3.1.1',
    ]);
    expect(problemsAfter('bft', ['fabric: 3.1.1', 'fabric: 2.5.9'])).toEqual([
      'fabric: 2.5.9 | ordering.fabric: expected 3.1.1 with ordering type bft: BFT came with Fabric 3, saw 2.5.9',
    ]);
    expect(problemsAfter('bft', ['  fabric: 3.1.1\n', ''])).toEqual([
      'type: bft | ordering.type: expected 3.1.1 with ordering type bft: BFT came with Fabric 3, saw 2.5.9',
    ]);
  });

  it('refuses a service or a release that there is none of', () => {
    expect(problemsAfter('raft', ['type: raft', 'type: solo'])).toEqual([
      'type: solo | ordering.type: expected "kafka" or "raft" or "bft", saw "solo"',
    ]);
    expect(problemsAfter('raft', ['fabric: 2.5.9', 'fabric: 3.0.0'])).toEqual([
      'fabric: 3.0.0 | ordering.fabric: expected "2.5.9" or "3.1.1", saw "3.0.0"',
    ]);
  });

  it('refuses what belongs to another service, and asks for what the service needs', () => {
    const problems = problemsAfter('article', ['ordering:\n', 'ordering:\n  type: raft\n']);
    expect(problems).toEqual([
      expect.stringMatching(/^zookeeper: .* expected to be absent: ordering type raft has no ZooK/),
      expect.stringMatching(/^kafka: .* expected to be absent: ordering type raft has no brokers/),
      expect.stringMatching(
        /^ordering: \| ordering.raft: expected a value, with ordering type raft/,
      ),
      expect.stringMatching(/^systemChannel: .* expected to be absent: .* has no system channel/),
      expect.stringMatching(/ordering.orderers\[0\].ports.admin: expected a port with ordering/),
      expect.stringMatching(/ordering.orderers\[1\].ports.admin: expected a port with ordering/),
    ]);
    expect(problemsAfter('raft', ['type: raft', 'type: kafka'])).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/kafka: expected a value, with ordering type kafka, saw nothing/),
        expect.stringMatching(/ordering.systemChannel: expected a value, with ordering type kafka/),
        expect.stringMatching(/ordering.raft: expected to be absent/),
      ]),
    );
  });

  it('refuses time-outs of BFT that SmartBFT refuses', () => {
    const edit = ['viewChangeResendInterval: 1s', 'viewChangeResendInterval: 6s'] as const;
    expect(problemsAfter('bft', edit)).toEqual([
      'viewChangeResendInterval: 6s | ordering.bft.viewChangeResendInterval: expected at most viewChangeTimeout (5000 ms), saw 6000 ms',
    ]);
  });

  it('refuses BFT with fewer orderers than one faulty one takes', () => {
    const last =
      '    - { name: orderer3, machine: 4, ports: { general: 7050, operations: 17050, admin: 7150 } }\n';
    expect(problemsAfter('bft', [last, ''])).toEqual([
      'orderers: | ordering.orderers: expected at least 4 with ordering type bft, so that one of them may be faulty (n = 3f + 1), saw 3',
    ]);
  });
});
