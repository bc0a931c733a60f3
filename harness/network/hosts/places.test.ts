import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UsageError } from '../../base/errors.ts';
import { placesOf, readHostsFile, type SwarmNode } from './places.ts';

function node(letter: string, given: Partial<SwarmNode> = {}): SwarmNode {
  const at = letter.charCodeAt(0) - 96;
  return {
    id: `id-${letter}`,
    hostname: `cloud-${letter}`,
    address: `10.0.0.${at}`,
    labels: { machine: String(at) },
    state: 'ready',
    availability: 'active',
    manager: letter === 'a',
    ...given,
  };
}

const nodes = ['a', 'b', 'c'].map((letter) => node(letter));
const ssh = { host: 'ssh://root@203.0.113.1:2222', node: 'id-a' };

describe('placesOf', () => {
  it("finds nodes by their label, and their engines in the manager's way", () => {
    const { places, unplaced } = placesOf([1, 3], nodes, undefined, ssh);
    expect(unplaced).toEqual([]);
    expect(
      places.map(({ number, node, engine, address }) => [number, node.hostname, engine, address]),
    ).toEqual([
      [1, 'cloud-a', 'ssh://root@203.0.113.1:2222', '10.0.0.1'],
      [3, 'cloud-c', 'ssh://root@10.0.0.3:2222', '10.0.0.3'],
    ]);
  });

  it('takes nodes, engines and addresses from a file, whatever the labels say', () => {
    const file = new Map([
      [1, { node: 'cloud-c' }],
      [2, { node: 'id-b', engine: 'tcp://198.51.100.2:2376', address: '198.51.100.2' }],
    ]);
    const { places, unplaced } = placesOf([1, 2], nodes, file, ssh);
    expect(unplaced).toEqual([]);
    expect(places.map(({ node, engine, address }) => [node.id, engine, address])).toEqual([
      ['id-c', 'ssh://root@10.0.0.3:2222', '10.0.0.3'],
      ['id-b', 'tcp://198.51.100.2:2376', '198.51.100.2'],
    ]);
  });

  it('says which label is missing, and how it is set', () => {
    const { unplaced } = placesOf([1, 4], nodes, undefined, ssh);
    expect(unplaced).toEqual([
      {
        number: 4,
        found: 'no node with the label machine=4 among cloud-a, cloud-b, cloud-c',
        needed: 'a node of the swarm',
        fix: 'docker node update --label-add machine=4 HOSTNAME',
      },
    ]);
  });

  it('takes no label that two nodes have, and no node twice', () => {
    const twice = [...nodes, node('d', { labels: { machine: '2' } })];
    const { places, unplaced } = placesOf([1, 2], twice, undefined, ssh);
    expect(places.map(({ number }) => number)).toEqual([1]);
    expect(unplaced[0]?.found).toBe('cloud-b, cloud-d');
    const file = new Map([
      [1, { node: 'cloud-a' }],
      [2, { node: 'id-a' }],
    ]);
    expect(placesOf([1, 2], nodes, file, ssh).unplaced[0]?.found).toBe(
      'cloud-a, which is machine 1 too',
    );
  });

  it('asks for a way to other hosts where the manager is reached by a socket', () => {
    const socket = { host: 'unix:///var/run/docker.sock', node: 'id-a' };
    const { places, unplaced } = placesOf([1, 2], nodes, undefined, socket);
    expect(places.map(({ number }) => number)).toEqual([1]);
    expect(unplaced[0]?.needed).toBe('a way to the engine of cloud-b');
  });
});

describe('readHostsFile', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'hosts-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const written = (text: string) => {
    const file = path.join(folder, 'hosts.yaml');
    writeFileSync(file, text);
    return readHostsFile(file);
  };

  it('has an entry for each machine', () => {
    const file = written('1: { node: cloud-a }\n2: { node: cloud-b, engine: ssh://me@there }\n');
    expect([...file]).toEqual([
      [1, { node: 'cloud-a' }],
      [2, { node: 'cloud-b', engine: 'ssh://me@there' }],
    ]);
  });

  it('is refused with the key that is wrong', () => {
    expect(() => written('one: { node: a }\n')).toThrow(/one: .*number of a machine|one/);
    expect(() => written('1: { node: a, engine: http://there }\n')).toThrow(
      '1.engine: ssh://, tcp:// or unix://',
    );
    expect(() => written('1: { nod: a }\n')).toThrow(UsageError);
    expect(() => written('1: {\n')).toThrow('expected YAML');
    expect(() => readHostsFile(path.join(folder, 'none.yaml'))).toThrow('expected a file');
  });
});
