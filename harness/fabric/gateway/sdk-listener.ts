import type * as FabricNetwork from 'fabric-network';
import { loadSdk } from '../client/sdk.ts';
import type { SigningIdentity } from '../client/types.ts';
import type { GatewayProfile } from './hub.ts';

/** A block as an application on fabric-network is told of it. */
export interface SdkBlock {
  readonly number: number;
  /** Name of the transaction's code in `protos.TxValidationCode` by transaction id, in block order. */
  readonly transactions: readonly { readonly id: string; readonly code: string }[];
}

export interface SdkListenerOptions {
  readonly profile: GatewayProfile;
  readonly identity: SigningIdentity;
  readonly channel: string;
  /** First block wanted, unless the checkpoint is further. */
  readonly startBlock: number;
  /** File in which fabric-network keeps its place, so that another process can go on from it. */
  readonly checkpointFile?: string;
  /** Called for one block at a time. */
  readonly onBlock: (block: SdkBlock) => void | Promise<void>;
}

export interface SdkListener extends AsyncDisposable {
  close(): Promise<void>;
}

/**
 * Listens to a channel's blocks the way an application does: a fabric-network 2.2.20 Gateway with a static profile and
 * discovery off, its block listener and its file checkpointer. The harness's own streams take no part in it, so that
 * what the SDK hides or repeats under faults can be compared with them.
 * @throws what fabric-network throws when no peer of the identity's organisation can be listened to
 */
export async function listenWithSdk(options: SdkListenerOptions): Promise<SdkListener> {
  const { identity, channel, startBlock, checkpointFile } = options;
  const sdk = loadSdk().network;
  const wallet = await sdk.Wallets.newInMemoryWallet();
  const credentials = { certificate: identity.certificatePem, privateKey: identity.privateKeyPem };
  await wallet.put('user', { type: 'X.509', mspId: identity.mspId, credentials } as never);
  const gateway = new sdk.Gateway();
  try {
    await gateway.connect(commonProfile(options.profile, channel), {
      wallet,
      identity: 'user',
      discovery: { enabled: false, asLocalhost: false },
      // Without it the SDK makes a TLS certificate of its own, which takes longer than all the rest.
      tlsInfo: { certificate: identity.certificatePem, key: identity.privateKeyPem },
    });
    const network = await gateway.getNetwork(channel);
    const place =
      checkpointFile === undefined
        ? { startBlock }
        : await checkpointed(sdk, checkpointFile, startBlock);
    await network.addBlockListener(async (event) => await options.onBlock(sdkBlock(event)), {
      type: 'filtered',
      ...place,
    });
  } catch (error) {
    gateway.disconnect();
    throw error;
  }
  const close = async () => gateway.disconnect();
  return { close, [Symbol.asyncDispose]: close };
}

/** With a fresh checkpointer the start block has to be given too; with a used one it must not be. */
async function checkpointed(sdk: typeof FabricNetwork, file: string, startBlock: number) {
  const checkpointer = await sdk.DefaultCheckpointers.file(file);
  const known = await checkpointer.getBlockNumber();
  return known === undefined ? { checkpointer, startBlock } : { checkpointer };
}

function sdkBlock(event: FabricNetwork.BlockEvent): SdkBlock {
  return {
    number: event.blockNumber.toNumber(),
    transactions: event.getTransactionEvents().map(({ transactionId, status }) => ({
      id: transactionId,
      code: status,
    })),
  };
}

/** The common connection profile of the given nodes, as fabric-network reads it. */
export function commonProfile(profile: GatewayProfile, channel: string) {
  const names = (nodes: readonly { readonly name: string }[]) => nodes.map(({ name }) => name);
  const nodes = (list: GatewayProfile['orderers']) =>
    Object.fromEntries(
      list.map(({ name, address, tlsServerName, tlsCaPem }) => [
        name,
        {
          url: `grpcs://${address}`,
          tlsCACerts: { pem: tlsCaPem },
          grpcOptions: { 'ssl-target-name-override': tlsServerName },
        },
      ]),
    );
  const mspIds = [...new Set(profile.peers.map(({ mspId }) => mspId))];
  const organizations = Object.fromEntries(
    mspIds.map((mspid) => [
      mspid,
      { mspid, peers: names(profile.peers.filter((peer) => peer.mspId === mspid)) },
    ]),
  );
  const peers = Object.fromEntries(names(profile.peers).map((name) => [name, {}]));
  return {
    name: 'harness',
    version: '1.0.0',
    channels: { [channel]: { orderers: names(profile.orderers), peers } },
    organizations,
    orderers: nodes(profile.orderers),
    peers: nodes(profile.peers),
  };
}
