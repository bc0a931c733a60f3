/** Fabric CA 1.5 through fabric-ca-client 2.2.20, and the SDK that goes with it. */
import { createRequire } from 'node:module';
import type FabricCaClient from 'fabric-ca-client';
import type * as FabricCommon from 'fabric-common';
import type * as FabricNetwork from 'fabric-network';
import { createSigner } from './signer.ts';
import type { SigningIdentity } from './types.ts';

export type CaService = FabricCaClient;
export type CaUser = FabricCommon.User;

export interface CaEndpoint {
  readonly url: string;
  /** `ca.name` of the server; without it the SDK asks for a CA called 'undefined'. */
  readonly caName: string;
  /** The root, not the server's certificate: Go takes either, Node does not. PEM. */
  readonly tlsRoots: readonly string[];
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

const common = () => load<typeof FabricCommon>('fabric-common');

export const loadFabricNetwork = (): typeof FabricNetwork => load('fabric-network');

/** A client that connects when first used. */
export function openCa({ url, caName, tlsRoots }: CaEndpoint): CaService {
  const CaClient = load<typeof FabricCaClient>('fabric-ca-client');
  return new CaClient({
    url,
    caName,
    tlsOptions: { trustedRoots: [...tlsRoots], verify: true },
    // A suite of its own: the default one writes every private key to the home directory.
    cryptoSuite: common().Utils.newCryptoSuite(),
  });
}

/**
 * One in whose name a CA is asked. What fabric-ca-client uses of a user (`FabricCAClient.generateAuthToken`); the SDK's
 * own signs in JavaScript, for which a busy machine needs a second.
 * @throws FabricError when the key is not on P-256
 */
export function caUser(name: string, identity: SigningIdentity): CaUser {
  const signer = createSigner(identity);
  const signing = {
    _certificate: identity.certificatePem,
    sign: (text: string) => signer.sign(Buffer.from(text)),
  };
  return Object.assign(new (common().User)(name), { getSigningIdentity: () => signing }) as CaUser;
}
