import type { ServiceDefinition } from '../../swarm/service-definition.ts';
import { namedEarly, required } from '../../swarm/service-parts.ts';
import { chaincodeServiceName } from '../../topology/components.ts';
import type { Chaincode, Topology } from '../../topology/schema.ts';
import type { ChaincodeConnection } from '../artefacts/chaincode-package.ts';
import type { Identities } from '../identities/identities.ts';
import { tlsFiles } from './common.ts';

const HOME = '/etc/hyperledger/chaincode';
const PORT = 7052;

/** Label of a chaincode's package, e.g. `bank_1.0`. */
export function chaincodeLabel({ name, version }: Chaincode): string {
  return `${name}_${version}`;
}

/**
 * What a chaincode's package says of its servers. The peer's name is left to the peer, so all peers share one
 * package id; each trusts the TLS roots of every organisation of the network.
 */
export function chaincodeConnection(
  chaincode: Chaincode,
  identities: Identities,
): ChaincodeConnection {
  const roots = Object.values(identities.organisations).map(({ tlsCa }) => tlsCa.certificate);
  return {
    address: `${chaincodeServiceName(chaincode.name, '{{.peername}}')}:${PORT}`,
    dial_timeout: '3s',
    tls_required: true,
    root_cert: roots.join(''),
  };
}

/**
 * One chaincode server a peer and chaincode, on the peer's machine: whatever a peer survives, its chaincode does.
 *
 * @param packageIds by chaincode name
 * @param env further environment of every server, e.g. to plant a defect for a negative control
 * @throws Error if identities or package ids are missing
 */
export function chaincodeServices(
  topology: Topology,
  identities: Identities,
  packageIds: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): ServiceDefinition[] {
  return topology.chaincodes.flatMap((chaincode) =>
    topology.organisations.flatMap((organisation) => {
      const owned = required(identities.organisations, organisation.name, 'identities');
      return organisation.peers.map((peer) => {
        const name = chaincodeServiceName(chaincode.name, peer.name);
        return {
          name,
          image: chaincode.name,
          machine: peer.machine,
          env: {
            CHAINCODE_ID: required(packageIds, chaincode.name, 'package id of chaincode'),
            CHAINCODE_SERVER_ADDRESS: `0.0.0.0:${PORT}`,
            CHAINCODE_TLS_KEY_FILE: `${HOME}/server.key`,
            CHAINCODE_TLS_CERT_FILE: `${HOME}/server.crt`,
            ...env,
          },
          files: tlsFiles(HOME, owned, required(owned.servers, name, 'TLS certificate')),
          health: namedEarly(PORT),
          stopGracePeriodMs: 2_000,
        };
      });
    }),
  );
}
