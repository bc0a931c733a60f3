import { createPrivateKey } from 'node:crypto';
import { Client, credentials } from '@grpc/grpc-js';
import type * as FabricGateway from '@hyperledger/fabric-gateway';
import { describe, FabricError } from '../../../fabric-client/errors.ts';
import { codeName } from '../../../fabric-client/ledger.ts';
import { refusalOf } from '../../../fabric-client/refusals.ts';
import type { PeerEndpoint, SigningIdentity } from '../../../fabric-client/types.ts';
import type { LoadClient, SubmitResult } from '../client.ts';
import {
  noReads,
  outcomeOfCode,
  type StockClients,
  type StockOptions,
  stockPatience,
} from './stock.ts';

type Stage = NonNullable<SubmitResult['stage']>;

/** What `GatewayError` and those made of it carry: gRPC's status, and who said what behind the peer that was asked. */
interface Failed {
  readonly message: string;
  readonly details?: readonly { readonly address: string; readonly message: string }[];
}

/** How the peer's gateway passes on what a chaincode said (`internal/pkg/gateway/endorse.go`). */
const CHAINCODE_RESPONSE = /chaincode response (\d+), (.*)$/s;

/**
 * Clients on @hyperledger/fabric-gateway 1.11: each talks to one peer of its organisation, which does the endorsing and
 * the ordering for it, and stays with that peer whatever happens, as the library has no other idea.
 */
export function fabricGatewayClients(options: StockOptions): StockClients {
  const { profile, channel, chaincode, now } = options;
  const connections = new Map<string, Client>();
  const gateways: FabricGateway.Gateway[] = [];
  return {
    async client(name, identity, turn): Promise<LoadClient> {
      const own = profile.peers.filter(({ mspId }) => mspId === identity.mspId);
      const peer = own[Math.floor(turn / 2) % own.length];
      if (peer === undefined) {
        const subject = `client ${name}`;
        throw new FabricError({ subject, expected: `a peer of ${identity.mspId}`, seen: 'none' });
      }
      const connection = connections.get(peer.name) ?? connectionTo(peer);
      connections.set(peer.name, connection);
      const library = await import('@hyperledger/fabric-gateway');
      const gateway = library.connect(gatewayOptions(library, connection, identity));
      gateways.push(gateway);
      const contract = gateway.getNetwork(channel).getContract(chaincode);
      return {
        name,
        ...{ msp: identity.mspId, channel, chaincode },
        async submit({ function: called, args, transient, endorsers, prepared }) {
          const proposal = contract.newProposal(called, {
            arguments: [...args],
            ...(transient && { transientData: transient }),
            ...(endorsers && { endorsingOrganizations: [...endorsers] }),
          });
          prepared({ transactionId: proposal.getTransactionId(), peers: [peer.name] });
          let stage: Stage = 'endorse';
          const acknowledged: { acknowledgedAt?: number } = {};
          try {
            const transaction = await proposal.endorse();
            stage = 'broadcast';
            const commit = await transaction.submit();
            stage = 'commit';
            acknowledged.acknowledgedAt = now();
            const { code, successful, blockNumber } = await commit.getStatus();
            const told = {
              stage,
              code: codeName(code),
              block: Number(blockNumber),
              ...acknowledged,
            };
            return successful
              ? { outcome: 'ok', ...told }
              : {
                  outcome: outcomeOfCode(told.code),
                  error: `${told.code} in block ${told.block}`,
                  ...told,
                };
          } catch (error) {
            return { ...outcomeOf(error as Failed, stage, chaincode), ...acknowledged };
          }
        },
        evaluate: noReads('fabric-gateway'),
      };
    },
    async [Symbol.asyncDispose]() {
      for (const gateway of gateways) gateway.close();
      for (const connection of connections.values()) connection.close();
    },
  };
}

function connectionTo({ address, tlsCaPem = '', tlsServerName }: PeerEndpoint): Client {
  const tls = credentials.createSsl(Buffer.from(tlsCaPem));
  return new Client(
    address,
    tls,
    tlsServerName === undefined ? {} : { 'grpc.ssl_target_name_override': tlsServerName },
  );
}

function gatewayOptions(
  { signers, hash }: typeof FabricGateway,
  client: Client,
  { mspId, certificatePem, privateKeyPem }: SigningIdentity,
): FabricGateway.ConnectOptions {
  const within = (ms: number) => () => ({ deadline: Date.now() + ms });
  return {
    client,
    identity: { mspId, credentials: Buffer.from(certificatePem) },
    signer: signers.newPrivateKeySigner(createPrivateKey(privateKeyPem)),
    hash: hash.sha256,
    endorseOptions: within(stockPatience().endorse),
    submitOptions: within(stockPatience().submit),
    commitStatusOptions: within(stockPatience().commit),
  };
}

/** What a user knows who got this error at this stage. */
export function outcomeOf(error: Failed, stage: Stage, chaincode: string): SubmitResult {
  const details = error.details ?? [];
  const text = describe(
    [error.message, ...details.map(({ address, message }) => `${address}: ${message}`)].join('; '),
  );
  if (stage !== 'endorse') return { outcome: 'unknown', stage, error: text };
  const refused = [error.message, ...details.map(({ message }) => message)].some((message) => {
    const [, code, said = ''] = CHAINCODE_RESPONSE.exec(message) ?? [];
    const refusal = refusalOf(chaincode, Number(code ?? 500), said || message, code !== undefined);
    return refusal.reason === 'chaincode';
  });
  return { outcome: 'fail', stage, ...(refused ? { refused } : {}), error: text };
}
