import { createRequire } from 'node:module';
import type FabricCaClient from 'fabric-ca-client';
import type * as FabricCommon from 'fabric-common';
import type * as FabricNetwork from 'fabric-network';

/** What talking to a Fabric CA takes. */
export interface CaSdk {
  readonly common: typeof FabricCommon;
  readonly CaClient: typeof FabricCaClient;
}

/**
 * A package of the Fabric SDK for Node, 2.2.20. Loaded when first used, since it parses every `.proto` file of Fabric,
 * which takes most of a second. Its logger, winston on the console, is replaced by none: what it has to say is in its
 * errors.
 */
function load<T>(name: string): T {
  const none = () => undefined;
  // `fabric-common/lib/Utils.js getLogger` takes this one if it is there.
  Object.assign(globalThis, {
    hfc: { logger: { debug: none, info: none, warn: none, error: none } },
  });
  return createRequire(import.meta.url)(name) as T;
}

export const loadCaSdk = (): CaSdk => ({
  common: load<typeof FabricCommon>('fabric-common'),
  CaClient: load<typeof FabricCaClient>('fabric-ca-client'),
});

export const loadFabricNetwork = (): typeof FabricNetwork => load('fabric-network');
