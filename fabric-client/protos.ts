/**
 * Fabric's messages. Loaded from the package's static bundle: its index also parses every `.proto` file to build
 * gRPC services (half a second at start) and brings a second, older grpc-js; neither is needed, since everything here is
 * sent as bytes over own connections.
 */
import { createRequire } from 'node:module';
import type * as FabricProtos from 'fabric-protos';

type Messages = Pick<
  typeof FabricProtos,
  | 'common'
  | 'etcdraft'
  | 'google'
  | 'kvrwset'
  | 'lifecycle'
  | 'msp'
  | 'orderer'
  | 'protos'
  | 'rwset'
>;

const bundle = createRequire(import.meta.url)('fabric-protos/bundle.js') as Messages;

export const { common, etcdraft, google, kvrwset, lifecycle, msp, orderer, protos, rwset } = bundle;
export type { FabricProtos };

/** A protobuf 64-bit integer as a number; protobufjs hands out a number or a Long. */
export function toNumber(value: unknown): number {
  return Number(value ?? 0);
}
