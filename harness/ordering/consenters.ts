import { CONTAINER_PORTS, type Orderer, type Topology } from '../topology/schema.ts';

/** Where the channel configuration finds a consenter's certificates, relative to configtx.yaml. */
export const consenterFile = (orderer: string, what: 'identity' | 'tls'): string =>
  `consenters/${orderer}-${what}.pem`;

/** Consenters know each other by the port that clients use as well. */
const place = ({ name }: Orderer) => ({
  Host: name,
  Port: CONTAINER_PORTS.orderer.general,
  ClientTLSCert: consenterFile(name, 'tls'),
  ServerTLSCert: consenterFile(name, 'tls'),
});

/** Members of a Raft channel; their ids count from 1 in this order. */
export const raftConsenters = ({ ordering }: Topology) => ordering.orderers.map(place);

/** Members of a BFT channel; unlike Raft's they are known by their enrolment certificates too. */
export const bftConsenters = ({ ordering }: Topology) =>
  ordering.orderers.map((orderer, index) => ({
    ID: index + 1,
    ...place(orderer),
    MSPID: ordering.organisation.mspId,
    Identity: consenterFile(orderer.name, 'identity'),
  }));

/** The orderer with a consenter's id. */
export const ordererOf = ({ ordering }: Topology, id: number): string | undefined =>
  ordering.orderers[id - 1]?.name;
