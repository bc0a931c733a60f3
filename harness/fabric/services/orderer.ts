import { orderingOf } from '../../ordering/registry.ts';
import type { ServiceDefinition } from '../../swarm/service-definition.ts';
import { config, namedEarly, published, required, volume } from '../../swarm/service-parts.ts';
import { fabricImage } from '../../topology/releases.ts';
import { CONTAINER_PORTS, type Topology } from '../../topology/schema.ts';
import type { Identities } from '../identities/identities.ts';
import { FABRIC_LOG_FORMAT, mspFiles, tlsFiles } from './common.ts';

const HOME = '/etc/hyperledger/orderer';
/** Where an orderer reads its TLS certificate and key, of its server and as a client of other orderers. */
export const ORDERER_TLS = {
  certificate: `${HOME}/tls/server.crt`,
  privateKey: `${HOME}/tls/server.key`,
} as const;
const LEDGER = '/var/hyperledger/production/orderer';
const WAL = `${LEDGER}/etcdraft/wal`;
const SNAPSHOTS = `${LEDGER}/etcdraft/snapshot`;

/** Where an orderer's process keeps what consensus on a channel needs, besides the ledger. */
export const consensusFolders = (channel: string): readonly string[] =>
  [WAL, SNAPSHOTS].map((folder) => `${folder}/${channel}`);

/**
 * The orderers. Healthy means that the operations port is open, which it is from early on. `/healthz` behind that
 * port must never be asked: before a channel has started it crashes the process, and later it writes to the log.
 *
 * @param genesis block of the system channel, where there is one
 * @throws Error if identities lack an orderer
 */
export function ordererServices(
  topology: Topology,
  identities: Identities,
  genesis: Uint8Array | undefined,
): ServiceDefinition[] {
  const { ordering } = topology;
  const owned = identities.orderer;
  return ordering.orderers.map(({ name, machine, ports }) => {
    const identity = required(owned.nodes, name, 'identity of orderer');
    return {
      name,
      image: fabricImage(topology),
      machine,
      command: ['orderer'],
      env: {
        ...commonEnvironment(owned.mspId),
        ...(genesis ? FROM_GENESIS : {}),
        ...(ports.admin === undefined ? {} : PARTICIPATION),
        ...orderingOf(topology).ordererEnvironment(topology),
      },
      files: [
        ...(genesis ? [config(`${HOME}/genesis.block`, genesis)] : []),
        ...mspFiles(`${HOME}/msp`, owned, identity.msp),
        ...tlsFiles(`${HOME}/tls`, owned, identity.tls),
      ],
      volumes: [volume(name, 'ledger', LEDGER)],
      ports: published(CONTAINER_PORTS.orderer, ports),
      health: namedEarly(CONTAINER_PORTS.orderer.operations),
      stopGracePeriodMs: 5_000,
    };
  });
}

const FROM_GENESIS = {
  ORDERER_GENERAL_BOOTSTRAPMETHOD: 'file',
  ORDERER_GENERAL_BOOTSTRAPFILE: `${HOME}/genesis.block`,
};

/**
 * Orderers are told of channels by whoever has a certificate of their TLS root, and talk to each other with their
 * servers' certificates.
 */
const PARTICIPATION = {
  ORDERER_CHANNELPARTICIPATION_ENABLED: 'true',
  ORDERER_ADMIN_LISTENADDRESS: `0.0.0.0:${CONTAINER_PORTS.orderer.admin}`,
  ORDERER_ADMIN_TLS_ENABLED: 'true',
  ORDERER_ADMIN_TLS_CERTIFICATE: `${HOME}/tls/server.crt`,
  ORDERER_ADMIN_TLS_PRIVATEKEY: `${HOME}/tls/server.key`,
  ORDERER_ADMIN_TLS_CLIENTAUTHREQUIRED: 'true',
  ORDERER_ADMIN_TLS_CLIENTROOTCAS: `[${HOME}/tls/ca.crt]`,
  ORDERER_GENERAL_CLUSTER_CLIENTCERTIFICATE: `${HOME}/tls/server.crt`,
  ORDERER_GENERAL_CLUSTER_CLIENTPRIVATEKEY: `${HOME}/tls/server.key`,
  ORDERER_GENERAL_CLUSTER_ROOTCAS: `[${HOME}/tls/ca.crt]`,
};

function commonEnvironment(mspId: string): Record<string, string> {
  return {
    FABRIC_LOGGING_SPEC: 'info',
    FABRIC_LOGGING_FORMAT: FABRIC_LOG_FORMAT,
    ORDERER_GENERAL_LISTENADDRESS: '0.0.0.0',
    ORDERER_GENERAL_LISTENPORT: String(CONTAINER_PORTS.orderer.general),
    ORDERER_GENERAL_BOOTSTRAPMETHOD: 'none',
    ORDERER_GENERAL_LOCALMSPID: mspId,
    ORDERER_GENERAL_LOCALMSPDIR: `${HOME}/msp`,
    ORDERER_GENERAL_TLS_ENABLED: 'true',
    ORDERER_GENERAL_TLS_CERTIFICATE: `${HOME}/tls/server.crt`,
    ORDERER_GENERAL_TLS_PRIVATEKEY: `${HOME}/tls/server.key`,
    ORDERER_GENERAL_TLS_ROOTCAS: `[${HOME}/tls/ca.crt]`,
    // Peers ping every 10 s, to notice an orderer behind a cut link; the default tolerates a ping a minute.
    ORDERER_GENERAL_KEEPALIVE_SERVERMININTERVAL: '5s',
    ORDERER_FILELEDGER_LOCATION: LEDGER,
    ORDERER_CONSENSUS_WALDIR: WAL,
    ORDERER_CONSENSUS_SNAPDIR: SNAPSHOTS,
    ORDERER_OPERATIONS_LISTENADDRESS: `0.0.0.0:${CONTAINER_PORTS.orderer.operations}`,
    ORDERER_METRICS_PROVIDER: 'prometheus',
  };
}
