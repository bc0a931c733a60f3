/** Plain data that a client of Fabric takes: where a node is, and who asks. */

/** A peer's or orderer's gRPC listener as this process reaches it. */
export interface Endpoint {
  /** Component name, e.g. `orderer0`, `peer0.org1`; used in histories and in every error. */
  readonly name: string;
  /** `host:port`. */
  readonly address: string;
  /** PEM of the CA that issued its TLS certificate; without one there is no TLS. */
  readonly tlsCaPem?: string;
  /** Name in that certificate where it is not the host, e.g. `orderer0.example.com`. */
  readonly tlsServerName?: string;
  /** Options of grpc-js for this node alone, e.g. `grpc.keepalive_time_ms`. */
  readonly grpcOptions?: Readonly<Record<string, string | number>>;
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
