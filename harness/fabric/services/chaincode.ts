import type { HealthCheck, ServiceDefinition } from '../../swarm/service-definition.ts';
import { required } from '../../swarm/service-parts.ts';
import { chaincodeServiceName } from '../../topology/components.ts';
import type { Chaincode, Topology } from '../../topology/schema.ts';
import type { ChaincodeConnection } from '../artefacts/chaincode-package.ts';
import type { Identities } from '../identities/identities.ts';
import {
  CHAINCODE_PORT,
  type ChaincodeServer,
  chaincodeEnvironment,
  chaincodeFiles,
} from './chaincode-environment.ts';

/**
 * A task without a health check has its DNS name as soon as it runs, whatever the image holds; with one, the image
 * would need a shell. An image's own check must not decide it either.
 */
const NO_HEALTH_CHECK: HealthCheck = {
  test: ['NONE'],
  intervalMs: 0,
  timeoutMs: 0,
  retries: 0,
  startPeriodMs: 0,
  startIntervalMs: 0,
};

/** Label of a chaincode's package, e.g. `bank_1.0`. */
export function chaincodeLabel({ name, version }: Chaincode): string {
  return `${name}_${version}`;
}

/** PEM of the TLS roots of every organisation. */
export function chaincodeRoots(identities: Identities): string {
  return Object.values(identities.organisations)
    .map(({ tlsCa }) => tlsCa.certificate)
    .join('');
}

/**
 * What a chaincode's package says of its servers. The peer's name is left to the peer, so all peers share one
 * package id; each trusts the TLS roots of every organisation of the network.
 *
 * @param dialTimeout of a peer, as Go writes it
 */
export function chaincodeConnection(
  chaincode: Pick<Chaincode, 'name'>,
  identities: Identities,
  tls = true,
  dialTimeout = '3s',
): ChaincodeConnection {
  return {
    address: `${chaincodeServiceName(chaincode.name, '{{.peername}}')}:${CHAINCODE_PORT}`,
    dial_timeout: dialTimeout,
    tls_required: tls,
    ...(tls ? { root_cert: chaincodeRoots(identities) } : {}),
  };
}

/** What is known of a chaincode's servers by its name. */
export type ChaincodeServing = Omit<ChaincodeServer, 'mspId'>;

/**
 * One chaincode server a peer and chaincode, on the peer's machine: whatever a peer survives, its chaincode does.
 *
 * @param serving by chaincode name
 * @throws Error if identities or package ids are missing
 */
export function chaincodeServices(
  topology: Topology,
  identities: Identities,
  serving: Readonly<Record<string, ChaincodeServing>>,
): ServiceDefinition[] {
  return topology.chaincodes.flatMap((chaincode) =>
    topology.organisations.flatMap((organisation) => {
      const owned = required(identities.organisations, organisation.name, 'identities');
      const server = required(serving, chaincode.name, 'package id of chaincode');
      return organisation.peers.map((peer) => {
        const name = chaincodeServiceName(chaincode.name, peer.name);
        return {
          name,
          image: chaincode.name,
          machine: peer.machine,
          env: chaincodeEnvironment({ ...server, mspId: owned.mspId }),
          files: chaincodeFiles(required(owned.servers, name, 'TLS certificate')),
          health: NO_HEALTH_CHECK,
          stopGracePeriodMs: 2_000,
        };
      });
    }),
  );
}
