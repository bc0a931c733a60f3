import { orderingOf } from '../../ordering/registry.ts';
import type { ServiceDefinition } from '../../swarm/service-definition.ts';
import type { MachineAddresses } from '../../topology/addresses.ts';
import type { Topology } from '../../topology/schema.ts';
import type { Credentials } from '../identities/credentials.ts';
import type { Identities } from '../identities/identities.ts';
import { apiServices } from './api.ts';
import { caServices } from './ca.ts';
import { type ChaincodeServing, chaincodeServices } from './chaincode.ts';
import { couchdbServices } from './couchdb.ts';
import { mongoService } from './mongo.ts';
import { mongoExpressService } from './mongo-express.ts';
import { ordererServices } from './orderer.ts';
import { peerServices } from './peer.ts';

export interface NetworkRequest {
  readonly topology: Topology;
  readonly identities: Identities;
  readonly credentials: Credentials;
  /** By which the harness reaches the machines. */
  readonly addresses: MachineAddresses;
  /** Whether the `couchdb` image is the official one rather than the compatible stand-in. */
  readonly officialCouchdb: boolean;
  /** Whether the REST API takes the article's own script. */
  readonly apiArticle?: boolean;
}

/** What orderers and the REST API start from. */
export interface ChannelArtefacts {
  /** Of the system channel, where there is one. */
  readonly genesis: Uint8Array | undefined;
  /** What the REST API may use, by file name: channel transactions and chaincode packages. */
  readonly forApi: Readonly<Record<string, Uint8Array>>;
}

/**
 * The services of a network in the order in which a start needs them. Two cores start some components quicker than all
 * at once: what ordering waits for comes first, what nobody waits for last.
 */
export interface ServiceWaves {
  /** What the ordering service needs besides the orderers. */
  readonly ordering: readonly ServiceDefinition[];
  /** State databases. */
  readonly databases: readonly ServiceDefinition[];
  readonly peers: readonly ServiceDefinition[];
  /** CAs, MongoDB and mongo-express. */
  readonly application: readonly ServiceDefinition[];
}

/** Services that need no channel artefacts and can start while these are being made. */
export function foundationServices(request: NetworkRequest): ServiceWaves {
  const { topology, identities, credentials, addresses } = request;
  return {
    ordering: orderingOf(topology).services.definitions(topology, addresses),
    databases: couchdbServices(topology, credentials, request.officialCouchdb),
    peers: peerServices(topology, identities, credentials),
    application: [
      ...caServices(topology, identities, credentials),
      mongoService(topology, credentials),
      mongoExpressService(topology, credentials),
    ],
  };
}

/** Services that start from channel artefacts. */
export function artefactServices(
  { topology, identities, credentials, apiArticle = false }: NetworkRequest,
  { genesis, forApi }: ChannelArtefacts,
): { readonly orderers: readonly ServiceDefinition[]; readonly api: readonly ServiceDefinition[] } {
  return {
    orderers: ordererServices(topology, identities, genesis),
    api: apiServices(topology, identities, credentials, forApi, apiArticle),
  };
}

/** Every service of a network; the same components as `componentsOf` lists. */
export function networkServices(
  request: NetworkRequest,
  artefacts: ChannelArtefacts,
  serving: Readonly<Record<string, ChaincodeServing>>,
): ServiceDefinition[] {
  const { topology, identities } = request;
  const { orderers, api } = artefactServices(request, artefacts);
  return [
    ...Object.values(foundationServices(request)).flat(),
    ...chaincodeServices(topology, identities, serving),
    ...orderers,
    ...api,
  ];
}
