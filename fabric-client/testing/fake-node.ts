/**
 * Fabric nodes for unit tests: gRPC servers on the loopback with TLS and the real messages, but with a chain that is
 * a list in memory. What a node answers is a function that the test gives.
 */
import {
  type handleBidiStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  status,
} from '@grpc/grpc-js';
import {
  type Authority,
  createAuthority,
  type KeyPair,
} from '../../harness/fabric/identities/certificates.ts';
import { common, type FabricProtos, orderer, protos, toNumber } from '../protos.ts';
import type { PeerEndpoint, SigningIdentity } from '../types.ts';

type Code = 'VALID' | 'MVCC_READ_CONFLICT' | 'DUPLICATE_TXID';

/** Certificates for a test file: one authority, one TLS certificate for all nodes, one user of each organisation. */
export interface TestCrypto {
  readonly authority: Authority;
  readonly node: KeyPair;
  identity(mspId: string): SigningIdentity;
}

export async function createTestCrypto(): Promise<TestCrypto> {
  const authority = await createAuthority('ca.test', 'test', Date.now());
  const node = await authority.issue({
    commonName: 'node.test',
    organisation: 'test',
    hosts: ['node.test'],
  });
  const user = await authority.issue({ commonName: 'user', organisation: 'test', role: 'admin' });
  const { certificate: certificatePem, privateKey: privateKeyPem } = user;
  return { authority, node, identity: (mspId) => ({ mspId, certificatePem, privateKeyPem }) };
}

/** A channel's blocks and who waits for more. */
export class FakeChain {
  readonly blocks: Buffer[] = [];
  readonly filtered: Buffer[] = [];
  readonly #waiting = new Set<() => void>();

  /** Appends a block with the given transactions. @returns its number */
  append(...transactions: { id: string; code: Code }[]): number {
    const number = this.blocks.length;
    this.push(number, block(number, 0), transactions);
    return number;
  }

  push(number: number, bytes: Uint8Array, transactions: { id: string; code: Code }[] = []): void {
    this.blocks.push(Buffer.from(bytes));
    this.filtered.push(
      Buffer.from(
        protos.FilteredBlock.encode({
          number,
          filtered_transactions: transactions.map(({ id, code }) => ({
            txid: id,
            tx_validation_code: protos.TxValidationCode[code],
          })),
        }).finish(),
      ),
    );
    for (const wake of this.#waiting) wake();
  }

  subscribe(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => this.#waiting.delete(wake);
  }
}

/** A serialized block with nothing in it but its number and where the last config block is. */
export function block(number: number, lastConfig: number, data: Uint8Array[] = []): Uint8Array {
  const value = common.OrdererBlockMetadata.encode({ last_config: { index: lastConfig } }).finish();
  return common.Block.encode({
    header: { number, previous_hash: new Uint8Array([1]), data_hash: new Uint8Array([2]) },
    data: { data },
    metadata: { metadata: [common.Metadata.encode({ value }).finish()] },
  }).finish();
}

/** A proposal as a fake peer sees it. */
export interface SeenProposal {
  readonly transactionId: string;
  readonly channel: string;
  readonly chaincode: string;
  /** Function first. */
  readonly args: readonly Buffer[];
}

/** A peer's answer: a refusal, an endorsement of a result, or `hang` for no answer at all. */
export type FakeAnswer =
  | { readonly refuse: string; readonly byChaincode?: boolean }
  | { readonly payload?: Uint8Array; readonly readWriteSet?: string | Uint8Array }
  | 'hang';

export interface FakeNodeOptions {
  readonly name: string;
  readonly crypto: TestCrypto;
  readonly mspId?: string;
  readonly channels?: ReadonlyMap<string, FakeChain>;
  readonly propose?: (proposal: SeenProposal) => FakeAnswer;
  /** `hang` for no answer at all, `break` for a stream that breaks instead of one. */
  readonly broadcast?: (
    envelope: FabricProtos.common.Envelope,
    channel: string,
    transactionId: string,
  ) => { status: keyof typeof common.Status; info?: string } | 'hang' | 'break';
  /** Status to refuse a seek with, if any. */
  readonly seek?: (seek: FabricProtos.orderer.SeekInfo, channel: string) => string | undefined;
}

export interface FakeNode {
  readonly endpoint: PeerEndpoint;
  /** Number of Deliver streams opened so far. */
  readonly seeks: () => number;
  readonly proposals: () => readonly SeenProposal[];
  /** Breaks every open Deliver stream. */
  breakStreams(): void;
  /** Stops the server at once, as if killed. */
  stop(): void;
}

const raw = {
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
};
const method = (path: string, stream: boolean) => ({
  path,
  requestStream: stream,
  responseStream: stream,
  ...raw,
});

type Stream = ServerDuplexStream<Buffer, Buffer>;

/** Starts a node that is peer and orderer in one, on a free port or the one given. */
export async function startFakeNode(options: FakeNodeOptions, port = 0): Promise<FakeNode> {
  const { crypto } = options;
  const streams = new Set<Stream>();
  const proposals: SeenProposal[] = [];
  let seeks = 0;
  const deliver =
    (filtered: boolean): handleBidiStreamingCall<Buffer, Buffer> =>
    (call) => {
      streams.add(call);
      seeks++;
      call.on('error', () => undefined);
      call.on('data', (bytes: Buffer) => serveSeek(call, bytes, filtered, options));
      call.on('end', () => call.end());
    };
  const propose: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
    const proposal = parseProposal(call.request);
    proposals.push(proposal);
    const answer = options.propose?.(proposal) ?? { refuse: 'no chaincode' };
    if (answer === 'hang') return;
    callback(null, Buffer.from(proposalResponse(answer)));
  };
  const broadcast: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
    let hanging = false;
    call.on('error', () => undefined);
    call.on('data', (bytes: Buffer) => {
      const envelope = common.Envelope.decode(bytes);
      const header = channelHeaderOf(envelope);
      const answer = options.broadcast?.(envelope, header.channel_id, header.tx_id) ?? {
        status: 'NOT_FOUND' as const,
      };
      hanging = answer === 'hang';
      if (answer === 'hang') return;
      if (answer === 'break') {
        call.emit('error', { code: status.UNAVAILABLE, details: 'broken by the test' });
        return;
      }
      const code = common.Status[answer.status];
      const message = orderer.BroadcastResponse.encode({ status: code, info: answer.info ?? '' });
      call.write(Buffer.from(message.finish()));
    });
    call.on('end', () => {
      if (!hanging) call.end();
    });
  };
  const server = new Server();
  server.addService(
    {
      ProcessProposal: method('/protos.Endorser/ProcessProposal', false),
      Deliver: method('/protos.Deliver/Deliver', true),
      DeliverFiltered: method('/protos.Deliver/DeliverFiltered', true),
      OrdererDeliver: method('/orderer.AtomicBroadcast/Deliver', true),
      Broadcast: method('/orderer.AtomicBroadcast/Broadcast', true),
    },
    {
      ProcessProposal: propose,
      Deliver: deliver(false),
      DeliverFiltered: deliver(true),
      OrdererDeliver: deliver(false),
      Broadcast: broadcast,
    },
  );
  const pair = {
    private_key: Buffer.from(crypto.node.privateKey),
    cert_chain: Buffer.from(crypto.node.certificate),
  };
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createSsl(null, [pair]), (error, at) =>
      error === null ? resolve(at) : reject(error),
    );
  });
  return {
    endpoint: {
      name: options.name,
      mspId: options.mspId ?? 'Org1MSP',
      address: `127.0.0.1:${bound}`,
      tlsServerName: 'node.test',
      tlsCaPem: crypto.authority.certificate,
    },
    seeks: () => seeks,
    proposals: () => proposals,
    breakStreams() {
      for (const stream of streams) {
        stream.emit('error', { code: status.UNAVAILABLE, details: 'broken by the test' });
      }
      streams.clear();
    },
    stop: () => server.forceShutdown(),
  };
}

function serveSeek(call: Stream, bytes: Buffer, filtered: boolean, options: FakeNodeOptions): void {
  const envelope = common.Envelope.decode(bytes);
  const seek = orderer.SeekInfo.decode(common.Payload.decode(envelope.payload).data);
  const channel = channelHeaderOf(envelope).channel_id;
  const answer = (name: string) => {
    const code = common.Status[name as keyof typeof common.Status];
    call.write(Buffer.from(orderer.DeliverResponse.encode({ status: code }).finish()));
  };
  const refusal = options.seek?.(seek, channel);
  const chain = options.channels?.get(channel);
  if (refusal !== undefined || chain === undefined) {
    answer(refusal ?? 'NOT_FOUND');
    return;
  }
  const newest = chain.blocks.length - 1;
  const start = seek.start?.newest ? newest : toNumber(seek.start?.specified?.number);
  const stop = seek.stop?.newest ? newest : toNumber(seek.stop?.specified?.number);
  if (start > newest && seek.behavior === orderer.SeekInfo.SeekBehavior.FAIL_IF_NOT_READY) {
    answer('NOT_FOUND');
    return;
  }
  let next = start;
  const pump = () => {
    for (; next <= stop && next < chain.blocks.length; next++) {
      const source = filtered ? chain.filtered : chain.blocks;
      call.write(field(filtered ? 3 : 2, source[next] ?? Buffer.alloc(0)));
      if (next === stop) answer('SUCCESS');
    }
  };
  const unsubscribe = chain.subscribe(pump);
  call.on('cancelled', unsubscribe);
  call.on('error', unsubscribe);
  pump();
}

/** One length-delimited protobuf field. */
function field(number: number, bytes: Buffer): Buffer {
  const head: number[] = [(number << 3) | 2];
  let length = bytes.length;
  for (; length > 0x7f; length = Math.floor(length / 128)) head.push((length & 0x7f) | 0x80);
  head.push(length);
  return Buffer.concat([Buffer.from(head), bytes]);
}

function channelHeaderOf(envelope: FabricProtos.common.Envelope) {
  const header = common.Payload.decode(envelope.payload).header;
  return common.ChannelHeader.decode(header?.channel_header ?? new Uint8Array());
}

function parseProposal(bytes: Buffer): SeenProposal {
  const proposal = protos.Proposal.decode(protos.SignedProposal.decode(bytes).proposal_bytes);
  const header = common.ChannelHeader.decode(common.Header.decode(proposal.header).channel_header);
  const input = protos.ChaincodeProposalPayload.decode(proposal.payload).input;
  const spec = protos.ChaincodeInvocationSpec.decode(input).chaincode_spec;
  return {
    transactionId: header.tx_id,
    channel: header.channel_id,
    chaincode: spec?.chaincode_id?.name ?? '',
    args: (spec?.input?.args ?? []).map((arg) => Buffer.from(arg)),
  };
}

function proposalResponse(answer: Exclude<FakeAnswer, 'hang'>): Uint8Array {
  if ('refuse' in answer) {
    return protos.ProposalResponse.encode({
      response: { status: 500, message: answer.refuse },
      payload: answer.byChaincode === true ? Buffer.from('simulated') : new Uint8Array(),
    }).finish();
  }
  return protos.ProposalResponse.encode({
    response: { status: 200, payload: answer.payload ?? new Uint8Array() },
    payload: Buffer.from(answer.readWriteSet ?? 'rwset'),
    endorsement: { endorser: Buffer.from('peer'), signature: Buffer.from('signature') },
  }).finish();
}
