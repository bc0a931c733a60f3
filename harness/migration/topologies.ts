import type { Orderer, Topology } from '../topology/schema.ts';

/** Fabric's defaults (`sampleconfig/configtx.yaml`): a network that comes from Kafka has chosen none. */
export const RAFT_DEFAULTS = {
  tickInterval: 500,
  electionTick: 10,
  heartbeatTick: 1,
  maxInflightBlocks: 5,
  snapshotInterval: 16 * 1024 * 1024,
} as const;

/** As in the placement `bft`: with SmartBFT's defaults a silent leader is noticed after 20 s to a minute. */
export const BFT_OPTIONS = {
  batchInterval: 50,
  requestPoolSize: 400,
  requestForwardTimeout: 500,
  requestComplainTimeout: 5_000,
  requestAutoRemoveTimeout: 180_000,
  leaderHeartbeatTimeout: 5_000,
  viewChangeTimeout: 5_000,
  viewChangeResendInterval: 1_000,
} as const;

/** BFT wants four for one that may be faulty, and takes over Raft's consenters one to one: none can be added later. */
const LEAST_ORDERERS = 4;

/** First port tried of each kind on a machine. */
const FIRST_PORTS = { general: 7050, operations: 17_050, admin: 7150 } as const;

/** With as many orderers as BFT will need, each with a port where it is told of channels. */
export function withEnoughOrderers(topology: Topology): Topology {
  const taken = takenPorts(topology);
  const free = (machine: number, first: number) => {
    let port = first;
    while (taken.has(`${machine}:${port}`)) port += 1;
    taken.add(`${machine}:${port}`);
    return port;
  };
  const orderers: Orderer[] = topology.ordering.orderers.map((orderer) => ({
    ...orderer,
    ports: {
      ...orderer.ports,
      admin: orderer.ports.admin ?? free(orderer.machine, FIRST_PORTS.admin),
    },
  }));
  while (orderers.length < LEAST_ORDERERS) {
    const machine = roomiest(topology, orderers);
    const name = firstUnused(orderers.map((orderer) => orderer.name));
    orderers.push({
      name,
      machine,
      ports: {
        general: free(machine, FIRST_PORTS.general),
        operations: free(machine, FIRST_PORTS.operations),
        admin: free(machine, FIRST_PORTS.admin),
      },
    });
  }
  return { ...topology, ordering: { ...topology.ordering, orderers } };
}

/** The machine with the fewest orderers, and of those the one with the fewest peers. */
function roomiest({ machines, organisations }: Topology, orderers: readonly Orderer[]): number {
  const peers = organisations.flatMap((organisation) => organisation.peers);
  const load = (number: number) =>
    orderers.filter(({ machine }) => machine === number).length * 1000 +
    peers.filter(({ machine }) => machine === number).length;
  const [first] = machines.map(({ number }) => number).sort((a, b) => load(a) - load(b) || a - b);
  if (first === undefined) throw new Error('topology: expected a machine, seen none');
  return first;
}

function firstUnused(names: readonly string[]): string {
  let number = 0;
  while (names.includes(`orderer${number}`)) number += 1;
  return `orderer${number}`;
}

function takenPorts(topology: Topology): Set<string> {
  const { ordering, organisations, application, kafka, zookeeper } = topology;
  const placed = [
    ...ordering.orderers,
    ...organisations.flatMap(({ ca, peers }) => [
      ca,
      ...peers,
      ...peers.map(({ couchdb }) => couchdb),
    ]),
    ...Object.values(application),
    ...(kafka?.brokers ?? []),
    ...(zookeeper?.ensemble ?? []),
  ];
  return new Set(
    placed.flatMap(({ machine, ports }) =>
      Object.values(ports as Record<string, number | undefined>).map(
        (port) => `${machine}:${port}`,
      ),
    ),
  );
}

/** Once Raft orders it: its brokers and ZooKeepers are no part of it any more, its system channel is. */
export function orderedByRaft({ kafka: _, zookeeper: __, ...rest }: Topology): Topology {
  const ordering = { ...rest.ordering, type: 'raft' as const, raft: RAFT_DEFAULTS };
  return { ...rest, ordering };
}

export function withoutSystemChannel({ ordering, ...rest }: Topology): Topology {
  const { systemChannel: _, ...others } = ordering;
  return { ...rest, ordering: others };
}

export function onFabric3({ ordering, ...rest }: Topology): Topology {
  return { ...rest, ordering: { ...ordering, fabric: '3.1.1' } };
}

export function orderedByBft({ ordering, ...rest }: Topology): Topology {
  const { raft: _, ...others } = ordering;
  return { ...rest, ordering: { ...others, type: 'bft', bft: BFT_OPTIONS } };
}
