/**
 * Fabric's messages. Loaded from the package's static bundle: its index also parses every `.proto` file to build
 * gRPC services (half a second at start) and brings a second, older grpc-js; the harness needs neither, it sends
 * and receives bytes over its own connections.
 */
import { createRequire } from 'node:module';
import type * as FabricProtos from 'fabric-protos';

type Messages = Pick<
  typeof FabricProtos,
  'common' | 'google' | 'lifecycle' | 'msp' | 'orderer' | 'protos'
>;

const bundle = createRequire(import.meta.url)('fabric-protos/bundle.js') as Messages;

export const { common, google, lifecycle, msp, orderer, protos } = bundle;
export type { FabricProtos };

/** A protobuf 64-bit integer as a number; protobufjs hands out a number or a Long. */
export function toNumber(value: unknown): number {
  return Number(value ?? 0);
}
