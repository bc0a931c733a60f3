import type { ServiceFile } from '../../swarm/service-definition.ts';
import { config, secret } from '../../swarm/service-parts.ts';
import type { KeyPair } from '../identities/certificates.ts';

/** Port on which every chaincode server listens, in its own container. */
export const CHAINCODE_PORT = 7052;

const HOME = '/etc/hyperledger/chaincode';
const KEY = `${HOME}/server.key`;
const CERTIFICATE = `${HOME}/server.crt`;
/** Where official samples look, whatever their environment says. */
const SAMPLES = '/hyperledger';

export interface ChaincodeServer {
  readonly packageId: string;
  /** MSP id of the peer's organisation. */
  readonly mspId: string;
  /** Whether it is asked to serve TLS. */
  readonly tls: boolean;
  /**
   * Whether `CORE_PEER_TLS_ROOTCERT_FILE` names a file. The Java shim reads it before it serves TLS; Go's contract API
   * takes what is in it for the authority of callers, and demands a certificate of every peer. No unless told.
   */
  readonly namesRoots?: boolean;
}

/**
 * Variables of a chaincode server: all the names under which Go, Java and Node shims, their command lines
 * and the official samples look for the same few values. `docs/chaincode.md` explains it to authors.
 */
export function chaincodeEnvironment(server: ChaincodeServer): Record<string, string> {
  const address = `0.0.0.0:${CHAINCODE_PORT}`;
  return {
    // Go samples and the bank; fabric-chaincode-java (server mode); `fabric-chaincode-node server`
    CHAINCODE_SERVER_ADDRESS: address,
    CORE_CHAINCODE_ADDRESS: address,
    CHAINCODE_ID: server.packageId,
    CORE_CHAINCODE_ID_NAME: server.packageId,
    CORE_CHAINCODE_ID: server.packageId,
    CORE_PEER_LOCALMSPID: server.mspId,
    CHAINCODE_TLS_DISABLED: String(!server.tls),
    CORE_PEER_TLS_ENABLED: String(server.tls),
    ...(server.tls ? TLS : {}),
    ...(server.tls ? { CORE_PEER_TLS_ROOTCERT_FILE: server.namesRoots ? CERTIFICATE : '' } : {}),
  };
}

/**
 * No server is told the authority of its callers (`CHAINCODE_TLS_CLIENT_CA_CERT` and the like): it would then demand a
 * certificate of the peer, whose private key would have to stand in the chaincode's package.
 */
const TLS = {
  CHAINCODE_TLS_KEY: KEY,
  CHAINCODE_TLS_KEY_FILE: KEY,
  CORE_CHAINCODE_TLS_KEY_FILE: KEY,
  CORE_TLS_CLIENT_KEY_FILE: KEY,
  CORE_TLS_CLIENT_KEY_PATH: `${KEY}.base64`,
  CHAINCODE_TLS_CERT: CERTIFICATE,
  CHAINCODE_TLS_CERT_FILE: CERTIFICATE,
  CORE_CHAINCODE_TLS_CERT_FILE: CERTIFICATE,
  CORE_TLS_CLIENT_CERT_FILE: CERTIFICATE,
  CORE_TLS_CLIENT_CERT_PATH: `${CERTIFICATE}.base64`,
} as const;

/**
 * Files that the variables name. An image may run as any user, and nobody else is in its container, so whoever runs
 * may read them.
 */
export function chaincodeFiles({ certificate, privateKey }: KeyPair): ServiceFile[] {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const key = (path: string, content = privateKey) => secret(path, content, 0o444);
  return [
    key(KEY),
    key(`${KEY}.base64`, base64(privateKey)),
    key(`${SAMPLES}/privatekey.pem`),
    config(CERTIFICATE, certificate),
    config(`${CERTIFICATE}.base64`, base64(certificate)),
    config(`${SAMPLES}/cert.pem`, certificate),
  ];
}
