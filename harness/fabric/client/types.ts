/**
 * Plain data that the client side of Fabric takes: where a node is, and who asks.
 */

/** A peer's or orderer's gRPC listener as the harness process reaches it. */
export interface Endpoint {
  /** Component name, e.g. `orderer0`, `peer0.org1`; used in histories and in every error. */
  readonly name: string;
  /** `ip:port`. */
  readonly address: string;
  /** Name in the node's TLS certificate, e.g. `orderer0.example.com`. */
  readonly tlsServerName: string;
  /** PEM of the CA that issued that certificate. */
  readonly tlsCaPem: string;
}

/** A peer and the organisation it endorses for. */
export interface PeerEndpoint extends Endpoint {
  readonly mspId: string;
}

/** An enrolled X.509 identity with its P-256 private key. */
export interface SigningIdentity {
  readonly mspId: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}
