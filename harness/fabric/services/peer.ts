import type { ServiceDefinition } from '../../swarm/service-definition.ts';
import { namedEarly, published, required, secret, volume } from '../../swarm/service-parts.ts';
import { fabricImage } from '../../topology/releases.ts';
import { CONTAINER_PORTS, type Peer, type Topology } from '../../topology/schema.ts';
import type { Credentials } from '../identities/credentials.ts';
import type { Identities } from '../identities/identities.ts';
import { FABRIC_LOG_FORMAT, mspFiles, tlsFiles, withSecretEnvironment } from './common.ts';

const HOME = '/etc/hyperledger/peer';
const LEDGER = '/var/hyperledger/production';
const COUCHDB_PASSWORD = '/run/secrets/couchdb-password';

/**
 * The peers, each with its own CouchDB and its own chaincode servers.
 *
 * @throws Error if identities lack an organisation or a peer
 */
export function peerServices(
  topology: Topology,
  identities: Identities,
  credentials: Credentials,
): ServiceDefinition[] {
  return topology.organisations.flatMap(({ name: organisation, peers }) => {
    const owned = required(identities.organisations, organisation, 'identities of organisation');
    return peers.map((peer) => {
      const identity = required(owned.nodes, peer.name, 'identity of peer');
      return {
        name: peer.name,
        image: fabricImage(topology),
        machine: peer.machine,
        command: withSecretEnvironment(
          { CORE_LEDGER_STATE_COUCHDBCONFIG_PASSWORD: COUCHDB_PASSWORD },
          ['peer', 'node', 'start'],
        ),
        env: peerEnvironment(peer, peers, owned.mspId, credentials.couchdb.user),
        files: [
          ...mspFiles(`${HOME}/msp`, owned, identity.msp),
          ...tlsFiles(`${HOME}/tls`, owned, identity.tls),
          secret(COUCHDB_PASSWORD, credentials.couchdb.password),
        ],
        volumes: [volume(peer.name, 'ledger', LEDGER)],
        ports: published(CONTAINER_PORTS.peer, peer.ports),
        health: namedEarly(CONTAINER_PORTS.peer.operations),
        stopGracePeriodMs: 5_000,
      };
    });
  });
}

function peerEnvironment(
  peer: Peer,
  siblings: readonly Peer[],
  mspId: string,
  couchdbUser: string,
): Record<string, string> {
  const address = ({ name }: Peer) => `${name}:${CONTAINER_PORTS.peer.peer}`;
  const others = siblings.filter(({ name }) => name !== peer.name);
  return {
    // At its start the peer logs its whole configuration, CouchDB's password in it, under this logger.
    FABRIC_LOGGING_SPEC: 'nodeCmd=warning:info',
    FABRIC_LOGGING_FORMAT: FABRIC_LOG_FORMAT,
    CORE_PEER_ID: peer.name,
    CORE_PEER_NETWORKID: 'fabric',
    CORE_PEER_ADDRESS: address(peer),
    CORE_PEER_LISTENADDRESS: `0.0.0.0:${CONTAINER_PORTS.peer.peer}`,
    // No chaincode calls the peer; the peer calls chaincode servers.
    CORE_PEER_CHAINCODELISTENADDRESS: '127.0.0.1:7052',
    CORE_PEER_LOCALMSPID: mspId,
    CORE_PEER_MSPCONFIGPATH: `${HOME}/msp`,
    CORE_PEER_FILESYSTEMPATH: LEDGER,
    CORE_LEDGER_SNAPSHOTS_ROOTDIR: `${LEDGER}/snapshots`,
    CORE_PEER_TLS_ENABLED: 'true',
    CORE_PEER_TLS_CERT_FILE: `${HOME}/tls/server.crt`,
    CORE_PEER_TLS_KEY_FILE: `${HOME}/tls/server.key`,
    CORE_PEER_TLS_ROOTCERT_FILE: `${HOME}/tls/ca.crt`,

    // Every peer pulls blocks itself, so none depends on another one's election.
    CORE_PEER_GOSSIP_USELEADERELECTION: 'false',
    CORE_PEER_GOSSIP_ORGLEADER: 'true',
    CORE_PEER_GOSSIP_STATE_ENABLED: 'false',
    CORE_PEER_GOSSIP_EXTERNALENDPOINT: address(peer),
    CORE_PEER_GOSSIP_BOOTSTRAP: (others.length > 0 ? others : [peer]).map(address).join(' '),
    // Default an hour: a peer would hardly come back after an outage of the orderers.
    CORE_PEER_DELIVERYCLIENT_RECONNECTBACKOFFTHRESHOLD: '5s',
    CORE_PEER_KEEPALIVE_DELIVERYCLIENT_INTERVAL: '10s',
    CORE_PEER_KEEPALIVE_DELIVERYCLIENT_TIMEOUT: '3s',
    CORE_PEER_KEEPALIVE_MININTERVAL: '5s',
    CORE_PEER_GATEWAY_ENDORSEMENTTIMEOUT: '10s',
    CORE_PEER_GATEWAY_BROADCASTTIMEOUT: '3s',
    CORE_PEER_GATEWAY_DIALTIMEOUT: '3s',

    CORE_CHAINCODE_EXTERNALBUILDERS: JSON.stringify([
      {
        name: 'ccaas_builder',
        path: '/opt/hyperledger/ccaas_builder',
        propagateEnvironment: ['CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG'],
      },
    ]),
    CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG: JSON.stringify({ peername: peer.name }),
    CORE_CHAINCODE_EXECUTETIMEOUT: '30s',

    CORE_LEDGER_STATE_STATEDATABASE: 'CouchDB',
    CORE_LEDGER_STATE_COUCHDBCONFIG_COUCHDBADDRESS: `${peer.couchdb.name}:${CONTAINER_PORTS.couchdb.http}`,
    CORE_LEDGER_STATE_COUCHDBCONFIG_USERNAME: couchdbUser,
    // Doubling from 125 ms: 16 s, longer than a CouchDB needs to restart; with 3 the peer would panic after 1 s.
    CORE_LEDGER_STATE_COUCHDBCONFIG_MAXRETRIES: '7',

    CORE_OPERATIONS_LISTENADDRESS: `0.0.0.0:${CONTAINER_PORTS.peer.operations}`,
    CORE_METRICS_PROVIDER: 'prometheus',
  };
}
