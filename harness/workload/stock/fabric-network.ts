import type * as FabricNetwork from 'fabric-network';
import { loadFabricNetwork } from '../../../fabric-client/ca.ts';
import { describe } from '../../../fabric-client/errors.ts';
import { sha256 } from '../../../fabric-client/proposing.ts';
import { type Refusal, refusalOf } from '../../../fabric-client/refusals.ts';
import type { SigningIdentity } from '../../../fabric-client/types.ts';
import type { LoadClient, SubmitResult } from '../client.ts';
import type { ProposalAnswer } from '../history.ts';
import { commonProfile } from './common-profile.ts';
import {
  noReads,
  outcomeOfCode,
  type StockClients,
  type StockOptions,
  stockPatience,
} from './stock.ts';

/** What `Transaction.submit` puts on the errors it throws. */
interface Failed {
  readonly message: string;
  readonly name: string;
  readonly transactionCode?: string;
  readonly responses?: readonly Endorsement[];
  readonly errors?: readonly (Error & { readonly connection?: { readonly name?: string } })[];
}

interface Endorsement {
  readonly connection?: { readonly name?: string };
  readonly response: { readonly status: number; readonly message: string };
  readonly payload?: Uint8Array;
}

/** Answers after which an orderer has certainly not taken the envelope; the SDK tells the status alone. */
const REFUSED = /response status: (BAD_REQUEST|FORBIDDEN|REQUEST_ENTITY_TOO_LARGE)/;

/**
 * Clients on fabric-network 2.2.20: a Gateway for each identity, a static profile, discovery off, for that version never
 * refreshes what it discovered; everything else as it comes.
 */
export function fabricNetworkClients(options: StockOptions): StockClients {
  const { profile, channel, chaincode } = options;
  const gateways = new Map<string, Promise<FabricNetwork.Gateway>>();
  const gatewayOf = (identity: SigningIdentity) => {
    const gateway =
      gateways.get(identity.mspId) ?? connect(identity, commonProfile(profile, channel));
    gateways.set(identity.mspId, gateway);
    return gateway;
  };
  return {
    async client(name, identity): Promise<LoadClient> {
      const network = await (await gatewayOf(identity)).getNetwork(channel);
      const contract = network.getContract(chaincode);
      const peers = profile.peers.map((peer) => peer.name);
      return {
        name,
        ...{ msp: identity.mspId, channel, chaincode },
        async submit({ function: called, args, transient, endorsers, prepared }) {
          const transaction = contract.createTransaction(called);
          if (transient) transaction.setTransient(buffersOf(transient));
          if (endorsers) transaction.setEndorsingOrganizations(...endorsers);
          prepared({ transactionId: transaction.getTransactionId(), peers });
          try {
            await transaction.submit(...args);
            return { outcome: 'ok', stage: 'commit', code: 'VALID' };
          } catch (error) {
            return outcomeOf(error as Failed, chaincode);
          }
        },
        evaluate: noReads('fabric-network'),
      };
    },
    async [Symbol.asyncDispose]() {
      for (const gateway of await Promise.allSettled(gateways.values())) {
        if (gateway.status === 'fulfilled') gateway.value.disconnect();
      }
    },
  };
}

const buffersOf = (data: Readonly<Record<string, Uint8Array>>): Record<string, Buffer> =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value)]));

async function connect(
  { mspId, certificatePem: certificate, privateKeyPem: key }: SigningIdentity,
  profile: ReturnType<typeof commonProfile>,
): Promise<FabricNetwork.Gateway> {
  const { Gateway, Wallets } = loadFabricNetwork();
  const wallet = await Wallets.newInMemoryWallet();
  const credentials = { certificate, privateKey: key };
  await wallet.put('user', { type: 'X.509', mspId, credentials } as FabricNetwork.X509Identity);
  const gateway = new Gateway();
  await gateway.connect(profile, {
    wallet,
    identity: 'user',
    discovery: { enabled: false, asLocalhost: false },
    eventHandlerOptions: {
      endorseTimeout: stockPatience().endorse / 1_000,
      commitTimeout: stockPatience().commit / 1_000,
    },
    // Without it the SDK makes a TLS certificate of its own, which takes longer than all the rest.
    tlsInfo: { certificate, key },
  });
  return gateway;
}

/**
 * What a user knows who got this error. The SDK does not tell whether an envelope was sent; whatever comes after
 * endorsement is therefore `unknown`, but for what an orderer or a peer said for certain.
 */
export function outcomeOf(error: Failed, chaincode: string): SubmitResult {
  const text = describe(error);
  const told = { error: text, responses: answersOf(error) };
  if (error.responses === undefined || text.startsWith('No valid responses')) {
    const refusals = refusalsOf(error, chaincode);
    const refused = refusals.some(({ reason }) => reason === 'chaincode');
    return { outcome: 'fail', stage: 'endorse', ...(refused ? { refused } : {}), ...told };
  }
  const code = error.transactionCode;
  if (error.name === 'TransactionError' && code !== undefined) {
    return { outcome: outcomeOfCode(code), stage: 'commit', code, ...told };
  }
  if (REFUSED.test(text)) return { outcome: 'fail', stage: 'broadcast', ...told };
  return {
    outcome: 'unknown',
    stage: error.name === 'TimeoutError' ? 'commit' : 'broadcast',
    ...told,
  };
}

function refusalsOf({ responses = [] }: Failed, chaincode: string): Refusal[] {
  return responses.flatMap(({ response: { status, message }, payload }) =>
    status >= 200 && status < 400
      ? []
      : refusalOf(chaincode, status, message, (payload?.length ?? 0) > 0),
  );
}

/** Answers as the SDK hands them out with an error; with a success it does not. */
function answersOf({ responses = [], errors = [] }: Failed): ProposalAnswer[] {
  const peerOf = (from: { readonly connection?: { readonly name?: string } }) =>
    from.connection?.name ?? 'unknown';
  return [
    ...responses.map((answer) => ({
      ...{ peer: peerOf(answer), round: 1, status: answer.response.status },
      ...(answer.response.message ? { message: describe(answer.response.message) } : {}),
      ...(answer.payload?.length ? { result: sha256(answer.payload) } : {}),
    })),
    ...errors.map((error) => ({ peer: peerOf(error), round: 1, message: describe(error) })),
  ];
}
