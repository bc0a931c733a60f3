import fc from 'fast-check';
import { CONTAINER_PORTS, type PublishedKind } from '../schema.ts';

/** Letters of a random draw, in the order in which names and places are taken. */
interface Draw {
  readonly machines: number;
  readonly firstNumber: number;
  readonly managers: number;
  readonly zookeepers: 1 | 3 | 5;
  readonly brokers: number;
  readonly orderers: number;
  readonly peers: readonly number[];
  readonly channels: readonly (readonly boolean[])[];
  readonly places: readonly number[];
  readonly style: 'plain' | 'dotted' | 'long';
}

const draw: fc.Arbitrary<Draw> = fc.record({
  machines: fc.integer({ min: 1, max: 9 }),
  firstNumber: fc.integer({ min: 1, max: 190 }),
  managers: fc.integer({ min: 1, max: 7 }),
  zookeepers: fc.constantFrom(1, 3, 5),
  brokers: fc.integer({ min: 1, max: 6 }),
  orderers: fc.integer({ min: 1, max: 5 }),
  peers: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
  channels: fc.array(fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), {
    minLength: 1,
    maxLength: 3,
  }),
  places: fc.array(fc.nat({ max: 8 }), { minLength: 40, maxLength: 40 }),
  style: fc.constantFrom('plain', 'dotted', 'long'),
});

/**
 * Topology files of any shape that should load: one to nine machines, any of them managers, any number of everything
 * within reason, channels of some organisations, names as Fabric allows them.
 *
 * @returns plain data, to be written as YAML
 */
export const topologies: fc.Arbitrary<Record<string, unknown>> = draw.map(topologyOf);

function topologyOf(drawn: Draw): Record<string, unknown> {
  const numbers = Array.from({ length: drawn.machines }, (_, i) => drawn.firstNumber + i);
  let placed = 0;
  const nextPorts = new Map<number, number>();
  const component = (kind: PublishedKind, name: string) => {
    const place = drawn.places[placed++ % drawn.places.length] ?? 0;
    const machine = numbers[place % numbers.length] ?? drawn.firstNumber;
    const ports = Object.fromEntries(
      Object.keys(CONTAINER_PORTS[kind]).map((port) => {
        const next = nextPorts.get(machine) ?? 10_000;
        nextPorts.set(machine, next + 1);
        return [port, next];
      }),
    );
    return { name, machine, ports };
  };
  const many = <T>(count: number, make: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => make(index));
  const organisations = drawn.peers.map((peers, index) => {
    const name = {
      plain: `Org${index}`,
      dotted: `org-${index}.eu`,
      long: `o${index}${'x'.repeat(40)}`,
    };
    const of = { plain: `org${index}`, dotted: `org${index}`, long: `o${index}${'x'.repeat(20)}` }[
      drawn.style
    ];
    return {
      name: name[drawn.style],
      mspId: drawn.style === 'dotted' ? `Org-${index}.MSP` : `Org${index}MSP`,
      domain: `${of}.example.com`,
      ca: component('ca', `ca.${of}`),
      peers: many(peers, (peer) => ({
        ...component('peer', `peer${peer}.${of}`),
        anchor: peer === 0,
        couchdb: component('couchdb', `couchdb${peer}.${of}`),
      })),
    };
  });
  const names = organisations.map(({ name }) => name);
  return {
    name: 'random',
    network: 'fabric_net',
    machines: numbers.map((number, index) => ({
      number,
      // The last machines, so that the first is not always among them.
      role: numbers.length - index <= drawn.managers ? 'manager' : 'worker',
    })),
    zookeeper: {
      ensemble: many(drawn.zookeepers, (id) => ({
        ...component('zookeeper', `zookeeper${id}`),
        id: id + 1,
      })),
    },
    kafka: {
      replicationFactor: Math.min(3, drawn.brokers),
      minInsyncReplicas: Math.max(1, Math.min(3, drawn.brokers) - 1),
      uncleanLeaderElection: false,
      rackAwareness: drawn.places[0] === 0,
      retentionMs: -1,
      replicaFetchMaxBytes: '99 MB',
      messageMaxBytes: '99 MB',
      socketRequestMaxBytes: '100 MB',
      zookeeperSessionTimeout: '6s',
      replicaLagTimeMax: '10s',
      brokers: many(drawn.brokers, (id) => ({ ...component('kafka', `kafka${id}`), id })),
    },
    ordering: {
      organisation: { name: 'OrdererOrg', mspId: 'OrdererMSP', domain: 'example.com' },
      systemChannel: 'system-channel',
      batch: {
        timeout: '300ms',
        maxMessageCount: 50,
        absoluteMaxBytes: '98 MB',
        preferredMaxBytes: '512 KB',
      },
      orderers: many(drawn.orderers, (index) => component('orderer', `orderer${index}`)),
    },
    organisations,
    chaincodes: [{ name: 'bank', version: '1.0', sequence: 1 }],
    channels: drawn.channels.map((members, index) => {
      const chosen = names.filter((_, i) => members[i]);
      const channel = { plain: 'channel', dotted: 'my.channel-', long: `c${'h'.repeat(200)}` };
      return {
        name: `${channel[drawn.style]}${index}`,
        organisations: chosen.length > 0 ? chosen : names,
        chaincodes: ['bank'],
      };
    }),
    application: {
      mongo: component('mongo', 'mongo'),
      mongoExpress: component('mongo-express', 'mongo-express'),
      api: {
        ...component('api', 'api'),
        replicas: many((drawn.places[1] ?? 0) % 3, (index) => component('api', `api${index + 1}`)),
      },
    },
  };
}
