import { createPrivateKey } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import type { Endpoint, SigningIdentity } from './types.ts';

/** An event that a chaincode set, as a peer tells those who listen for it. */
export interface ChaincodeEvent {
  readonly block: number;
  readonly transactionId: string;
  readonly chaincode: string;
  readonly name: string;
  readonly payload: Uint8Array;
}

export interface ChaincodeEventsOptions {
  readonly endpoint: Endpoint;
  readonly identity: SigningIdentity;
  readonly channel: string;
  readonly chaincode: string;
  /** First block whose events are wanted; 0 if absent. */
  readonly from?: number;
  /** Ends the listening without an error. */
  readonly signal: AbortSignal;
  /** Milliseconds after which a listener is closed and another one goes on where it was. Default 10 000. */
  readonly renewMs?: number;
}

/** Between two attempts to reach a peer, in milliseconds. */
const RETRY_MS = 300;

/**
 * A chaincode's events at one peer, through its gateway service and @hyperledger/fabric-gateway as an application would
 * listen, until the signal aborts.
 *
 * The listener is made anew now and then, and goes on behind the last event that was handed out: a stream from a peer
 * that has lost its machine stays open and silent for ever, and an application that restarts does the same. Events come
 * as they come: a repetition, a gap or another order is for the caller to see.
 */
export async function* chaincodeEvents(
  options: ChaincodeEventsOptions,
): AsyncGenerator<ChaincodeEvent, void> {
  const { signal, channel, chaincode, from = 0, renewMs = 10_000 } = options;
  const library = await import('@hyperledger/fabric-gateway');
  let last: ChaincodeEvent | undefined;
  const checkpoint = {
    getBlockNumber: () => (last === undefined ? undefined : BigInt(last.block)),
    getTransactionId: () => last?.transactionId,
  };
  while (!signal.aborted) {
    const client = clientOf(options.endpoint);
    const gateway = library.connect(identified(library, client, options.identity));
    const turn = AbortSignal.any([signal, AbortSignal.timeout(renewMs)]);
    try {
      const start = { startBlock: BigInt(from), checkpoint };
      const stream = await gateway.getNetwork(channel).getChaincodeEvents(chaincode, start);
      const close = () => stream.close();
      turn.addEventListener('abort', close);
      if (turn.aborted) close();
      for await (const event of stream) {
        const { blockNumber, transactionId, chaincodeName, eventName: name, payload } = event;
        const told = { transactionId, chaincode: chaincodeName, name, payload };
        last = { block: Number(blockNumber), ...told };
        yield last;
      }
    } catch {
      // Of a peer that is away, or of the turn's end.
      if (!turn.aborted) await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
    } finally {
      gateway.close();
      client.close();
    }
  }
}

function clientOf({ address, tlsCaPem, tlsServerName }: Endpoint): Client {
  const tls =
    tlsCaPem === undefined
      ? credentials.createInsecure()
      : credentials.createSsl(Buffer.from(tlsCaPem));
  return new Client(address, tls, {
    'grpc.max_receive_message_length': -1,
    'grpc.use_local_subchannel_pool': 1,
    ...(tlsServerName === undefined ? {} : { 'grpc.ssl_target_name_override': tlsServerName }),
  });
}

type Library = typeof import('@hyperledger/fabric-gateway');

function identified({ signers, hash }: Library, client: Client, identity: SigningIdentity) {
  const { mspId, certificatePem, privateKeyPem } = identity;
  return {
    client,
    identity: { mspId, credentials: Buffer.from(certificatePem) },
    signer: signers.newPrivateKeySigner(createPrivateKey(privateKeyPem)),
    hash: hash.sha256,
  };
}
