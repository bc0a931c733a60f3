import { loadTopology } from '../../topology/load.ts';
import { engineFindings, insideFindings, overlayFinding, tell } from './findings.ts';
import type { Place } from './places.ts';
import { parseLook } from './probe.ts';

const topology = loadTopology('fixtures/network/article.yaml');
const place: Place = {
  number: 3,
  engine: 'ssh://root@10.0.0.3',
  address: '10.0.0.3',
  node: {
    id: 'c',
    hostname: 'cloud-c',
    address: '10.0.0.3',
    labels: {},
    state: 'ready',
    availability: 'active',
    manager: false,
  },
};
const GIB = 1024 ** 3;
const sound = {
  freeDiskBytes: 20 * GIB,
  availableMemoryBytes: 8 * GIB,
  listening: new Set([22, 2376]),
  mtu: 1500,
  clockMs: 20,
  unreached: [],
};
const options = {
  minFreeDiskGb: 6,
  published: new Map([[9092, 'service other_kafka']]),
  names: new Map([['10.0.0.1', 'cloud-a']]),
};
const wrong = (findings: readonly { ok: boolean; check: string }[]) =>
  findings.filter(({ ok }) => !ok).map(({ check }) => check);

describe('engineFindings', () => {
  const engine = { version: '26.1.5+dfsg1', architecture: 'amd64', system: 'linux' };
  const images = { architecture: 'amd64' };

  it('finds nothing wrong with a node that runs a recent engine', () => {
    expect(wrong(engineFindings(place, engine, images))).toEqual([]);
  });

  it('refuses an engine too old, of another architecture, or a node that takes no tasks', () => {
    expect(wrong(engineFindings(place, { ...engine, version: '20.10.24' }, images))).toEqual([
      'engine',
    ]);
    expect(wrong(engineFindings(place, { ...engine, architecture: 'arm64' }, images))).toEqual([
      'engine',
    ]);
    const drained = { ...place, node: { ...place.node, availability: 'drain' } };
    expect(wrong(engineFindings(drained, engine, images))).toEqual(['node']);
  });
});

describe('insideFindings', () => {
  it('finds nothing wrong with a host that has room', () => {
    expect(wrong(insideFindings(place, sound, topology, options))).toEqual([]);
  });

  it.each([
    ['disk', { freeDiskBytes: 5 * GIB }],
    ['memory', { availableMemoryBytes: GIB / 2 }],
    ['clock', { clockMs: -2_500 }],
    ['swarm ports', { unreached: ['10.0.0.1:7946'] }],
  ])('refuses one that is wrong in %s', (check, facts) => {
    expect(wrong(insideFindings(place, { ...sound, ...facts }, topology, options))).toEqual([
      check,
    ]);
  });

  it('says which port is in use, by whom, and for which component it is wanted', () => {
    const [kafka] = topology.ordering.type === 'kafka' ? (topology.kafka?.brokers ?? []) : [];
    const port = kafka?.ports.external ?? 0;
    const facts = { ...sound, listening: new Set([port]) };
    const published = new Map([[port, 'service other_kafka']]);
    const on = { ...place, number: kafka?.machine ?? 0 };
    const [ports] = insideFindings(on, facts, topology, { ...options, published });
    expect(ports).toMatchObject({ check: 'ports', ok: false });
    expect(ports?.found).toContain(`${port} in use by service other_kafka (${kafka?.name})`);
  });
});

describe('overlayFinding', () => {
  const name = (machine: number) => `cloud-${machine}`;

  it('tells a closed port from packets that are too big', () => {
    const closed = [{ from: 3, to: 1, failure: 'no answer' }];
    expect(overlayFinding(place, closed, 1500, name).fix).toContain('UDP 4789');
    const big = [{ from: 3, to: 1, failure: 'big packets are lost (no answer)' }];
    expect(overlayFinding(place, big, 1500, name).fix).toContain('packets of 1500 bytes');
    expect(overlayFinding(place, [{ from: 3, to: 1 }], 1500, name).ok).toBe(true);
  });
});

describe('tell', () => {
  it('is a table of everything, with what to do below it', () => {
    const findings = insideFindings(place, { ...sound, clockMs: 9_000 }, topology, options);
    const lines = tell(findings);
    expect(lines).toHaveLength(1 + findings.length + 1);
    expect(lines.find((line) => line.includes('clock'))).toMatch(/^✗ 3 +cloud-c +clock +9\.0 s/);
    expect(lines.at(-1)).toContain('fix for clock of machine 3 (cloud-c): NTP');
  });
});

describe('parseLook', () => {
  it('reads what a host has printed', () => {
    const text = [
      'disk 59592310784',
      'memory 16320000000',
      'port 22',
      'port 7946',
      'mtu eth0 1400',
      'mtu lo 65536',
      'route Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT',
      'route eth0\t00000000\t0153D40A\t0003\t0\t0\t0\t00000000\t0\t0\t0',
      'unreached 10.0.0.1:2377',
    ].join('\n');
    expect(parseLook(text)).toEqual({
      freeDiskBytes: 59_592_310_784,
      availableMemoryBytes: 16_320_000_000,
      listening: new Set([22, 7946]),
      mtu: 1400,
      unreached: ['10.0.0.1:2377'],
    });
  });
});
