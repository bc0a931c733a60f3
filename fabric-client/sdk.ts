import { createRequire } from 'node:module';
import type FabricCaClient from 'fabric-ca-client';
import type * as FabricCommon from 'fabric-common';
import type * as FabricNetwork from 'fabric-network';

export interface Sdk {
  readonly common: typeof FabricCommon;
  readonly network: typeof FabricNetwork;
  readonly CaClient: typeof FabricCaClient;
}

let loaded: Sdk | undefined;

/**
 * The Fabric SDK for Node, 2.2.20. Loaded when first used, since it parses every `.proto` file of Fabric, which takes
 * most of a second. Its logger, winston on the console, is replaced by none: what it has to say is in its errors.
 */
export function loadSdk(): Sdk {
  if (loaded !== undefined) return loaded;
  const none = () => undefined;
  const logger = { debug: none, info: none, warn: none, error: none };
  // `fabric-common/lib/Utils.js getLogger` takes this one if it is there.
  Object.assign(globalThis, { hfc: { logger } });
  const require = createRequire(import.meta.url);
  loaded = {
    common: require('fabric-common') as typeof FabricCommon,
    network: require('fabric-network') as typeof FabricNetwork,
    CaClient: require('fabric-ca-client') as typeof FabricCaClient,
  };
  return loaded;
}
