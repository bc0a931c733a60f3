import type { Client, IdentityContext, ServiceAction, ServiceHandler } from 'fabric-common';
import { loadSdk } from '../client/sdk.ts';
import { createSigner } from '../client/signer.ts';
import type { SigningIdentity } from '../client/types.ts';

/** An identity as fabric-common wants it. */
export interface User {
  /** Creator and nonces of what is built. */
  readonly context: IdentityContext;
  /** Signs what an action's `build` returned. */
  sign(action: ServiceAction, built: Buffer): void;
}

/**
 * Makes a fabric-common user of an identity. Signatures are Node's and not the SDK's, which takes those made elsewhere:
 * its elliptic-curve arithmetic in JavaScript costs 1.1 to 2.4 ms of CPU a signature, Node's 0.1 ms, and the load
 * shares its cores with the network that it measures.
 * @throws FabricError when the key is not on P-256
 */
export async function openUser(client: Client, identity: SigningIdentity): Promise<User> {
  const { network } = loadSdk();
  const { certificatePem: certificate, privateKeyPem: privateKey, mspId } = identity;
  const signer = createSigner(identity);
  const wallet = await network.Wallets.newInMemoryWallet();
  const provider = wallet.getProviderRegistry().getProvider('X.509');
  const x509 = { type: 'X.509', mspId, credentials: { certificate, privateKey } };
  const context = client.newIdentityContext(await provider.getUserContext(x509, mspId));
  return {
    context,
    sign(action, built) {
      action.sign(Buffer.from(signer.sign(built)));
    },
  };
}

/** A handler that does the sending for whichever of fabric-common's actions it is given to. */
export function handler(send: (signed: Buffer) => Promise<unknown>): ServiceHandler {
  return { endorse: send, commit: send, query: send };
}
