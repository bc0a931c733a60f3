import type { Connections } from '../../../fabric-client/connections.ts';
import {
  type CommittedDefinition,
  committedDefinitions,
} from '../../../fabric-client/lifecycle.ts';
import { inquire } from '../../../fabric-client/proposing.ts';
import { createSigner } from '../../../fabric-client/signer.ts';
import type { Endpoint, SigningIdentity } from '../../../fabric-client/types.ts';

/** Milliseconds for a peer to answer. */
const QUERY_MS = 10_000;

/** A chaincode's definition on a channel as a peer has it, if it has one. @throws FabricError when it does not answer */
export async function committedOn(
  { connections, channel }: { readonly connections: Connections; readonly channel: string },
  peer: Endpoint,
  identity: SigningIdentity,
  name: string,
): Promise<CommittedDefinition | undefined> {
  const signer = createSigner(identity);
  const all = await inquire(connections, peer, signer, committedDefinitions(channel), QUERY_MS);
  return all.find((one) => one.name === name);
}
