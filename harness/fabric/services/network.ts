import type { Topology } from '../../settings/topology/schema.ts';
import type { ServiceDefinition } from '../../swarm/service-definition.ts';
import type { Credentials } from '../identities/credentials.ts';
import type { Identities, MachineAddresses } from '../identities/identities.ts';
import { apiService } from './api.ts';
import { caServices } from './ca.ts';
import { chaincodeServices } from './chaincode.ts';
import { couchdbServices } from './couchdb.ts';
import { kafkaServices } from './kafka.ts';
import { mongoService } from './mongo.ts';
import { mongoExpressService } from './mongo-express.ts';
import { ordererServices } from './orderer.ts';
import { peerServices } from './peer.ts';
import { zookeeperServices } from './zookeeper.ts';

export interface NetworkRequest {
  readonly topology: Topology;
  readonly identities: Identities;
  readonly credentials: Credentials;
  /** By which the harness reaches the machines. */
  readonly addresses: MachineAddresses;
  /** Package id by chaincode name. */
  readonly packageIds: Readonly<Record<string, string>>;
  /** Whether the `couchdb` image is the official one rather than the compatible stand-in. */
  readonly officialCouchdb: boolean;
  /** Further environment of the chaincode servers. */
  readonly chaincodeEnv?: Readonly<Record<string, string>>;
}

/** What `configtxgen` made. */
export interface ChannelArtefacts {
  readonly genesis: Uint8Array;
  /** Creation transaction by channel name. */
  readonly channels: Readonly<Record<string, Uint8Array>>;
}

/** Services that need no channel artefacts and can start while these are being made. */
export function foundationServices(request: NetworkRequest): ServiceDefinition[] {
  const { topology, identities, credentials, addresses, packageIds } = request;
  return [
    ...zookeeperServices(topology),
    ...kafkaServices(topology, addresses),
    ...couchdbServices(topology, credentials, request.officialCouchdb),
    ...caServices(topology, identities, credentials),
    ...peerServices(topology, identities, credentials),
    ...chaincodeServices(topology, identities, packageIds, request.chaincodeEnv),
    mongoService(topology, credentials),
    mongoExpressService(topology, credentials),
  ];
}

/** Services that start from channel artefacts: orderers and the REST API. */
export function artefactServices(
  { topology, identities, credentials }: NetworkRequest,
  { genesis, channels }: ChannelArtefacts,
): ServiceDefinition[] {
  return [
    ...ordererServices(topology, identities, genesis),
    apiService(topology, identities, credentials, channels),
  ];
}

/** Every service of a network; the same components as `componentsOf` lists. */
export function networkServices(
  request: NetworkRequest,
  artefacts: ChannelArtefacts,
): ServiceDefinition[] {
  return [...foundationServices(request), ...artefactServices(request, artefacts)];
}
