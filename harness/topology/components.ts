import { valueAt } from './problems.ts';
import { CONTAINER_PORTS, type PublishedKind, type Topology } from './schema.ts';
import { LISTS } from './services/index.ts';

/** `chaincode` components are derived: one a peer and chaincode, beside the peer, without a published port. */
export type ComponentKind = PublishedKind | 'chaincode';

export interface ComponentPort {
  /** E.g. `operations`. */
  readonly name: string;
  /** Port on the machine. */
  readonly host: number;
  readonly container: number;
}

/** One container of the network, as users name it. */
export interface Component {
  /** Also its DNS name on the overlay, e.g. `peer0.org1`. */
  readonly name: string;
  readonly kind: ComponentKind;
  readonly machine: number;
  readonly ports: readonly ComponentPort[];
}

interface Placed {
  readonly name: string;
  readonly machine: number;
  readonly ports: Readonly<Record<string, number | undefined>>;
}

/** Every component in the order in which it should start: what the orderers need, databases, CAs, orderers, peers, rest. */
export function componentsOf(topology: Topology): Component[] {
  const peers = topology.organisations.flatMap((organisation) => organisation.peers);
  const { mongo, mongoExpress } = topology.application;
  const published = (kind: PublishedKind, placed: readonly Placed[]): Component[] =>
    placed.map(({ name, machine, ports }) => ({
      name,
      kind,
      machine,
      ports: Object.entries(ports).flatMap(([port, host]) =>
        host === undefined
          ? []
          : {
              name: port,
              host,
              container: (CONTAINER_PORTS[kind] as Readonly<Record<string, number>>)[port] ?? host,
            },
      ),
    }));
  return [
    ...LISTS.flatMap(({ kind, path }) =>
      published(kind, (valueAt(topology, path) ?? []) as readonly Placed[]),
    ),
    ...published(
      'couchdb',
      peers.map((peer) => peer.couchdb),
    ),
    ...published(
      'ca',
      topology.organisations.map((organisation) => organisation.ca),
    ),
    ...published('orderer', topology.ordering.orderers),
    ...published('peer', peers),
    ...topology.chaincodes.flatMap((chaincode) =>
      peers.map((peer) => ({
        name: chaincodeServiceName(chaincode.name, peer.name),
        kind: 'chaincode' as const,
        machine: peer.machine,
        ports: [],
      })),
    ),
    ...published('mongo', [mongo]),
    ...published('mongo-express', [mongoExpress]),
    ...published('api', apisOf(topology)),
  ];
}

/** Every process of the REST API, the one whose name they share first. */
export function apisOf({ application: { api } }: Pick<Topology, 'application'>) {
  return [api, ...api.replicas];
}

/** Name of the chaincode server that serves one peer, e.g. `bank.peer0.org1`. */
export function chaincodeServiceName(chaincode: string, peer: string): string {
  return `${chaincode}.${peer}`;
}
