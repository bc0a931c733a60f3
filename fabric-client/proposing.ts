import { createHash } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import type { Transport } from './connections.ts';
import { describe, FabricError, RpcError } from './errors.ts';
import { createProposal, type ProposalRequest, type SignedProposal } from './proposal.ts';
import { type FabricProtos, kvrwset, protos, rwset } from './protos.ts';
import { type Refusal, RefusedError, refusalOf } from './refusals.ts';
import type { Signer } from './signer.ts';
import type { Endpoint } from './types.ts';

/** grpc-js, `subchannel-call.ts`: other exhausted resources are the peer's, and another may have more. */
const TOO_LARGE = /^Received message larger than max \((\d+) vs/;

const PROCESS_PROPOSAL = '/protos.Endorser/ProcessProposal';

export type ProposalResponse = FabricProtos.protos.ProposalResponse;

/**
 * What one peer answered to a proposal. A client that asks several peers, or asks them again, keeps all answers, those
 * that it set aside too: that endorsers disagreed is never hidden by the transaction that came of it.
 */
export interface ProposalRecord {
  /** Name of the peer. */
  readonly peer: string;
  /** From 1; a client whose endorsers disagreed asks again. */
  readonly round: number;
  /**
   * Chain heights of the peer as its block events told, just before and just after. Equal heights mean that it simulated
   * on that state, or on one whose event was still on its way. Absent before the first.
   */
  readonly heightBefore?: number;
  readonly heightAfter?: number;
  /** Status of the response, e.g. 200, 500. Absent when there was no answer. */
  readonly status?: number;
  /** What the peer or its chaincode said, or why there was no answer; one line. */
  readonly message?: string;
  /** SHA-256 of the response's payload, hexadecimal: the same for all who computed the same. */
  readonly result?: string;
  /** SHA-256 of what was read; see {@link readsOf}. */
  readonly reads?: string;
}

/** What a request is called in errors, e.g. `bank.transfer`. */
export function nameOf({ chaincode, args: [name] }: ProposalRequest): string {
  return `${chaincode}.${typeof name === 'string' ? name : '?'}`;
}

/**
 * Sends a signed proposal to one peer.
 * @param timeoutMs including connecting
 * @returns the response, a refusal included
 * @throws RpcError when there was no answer, RefusedError for a refusal before simulation, which a peer answers as a
 *   gRPC error without a code of its own, and for an answer that is larger than this client takes
 */
async function ask(
  transport: Transport,
  peer: Endpoint,
  proposal: SignedProposal,
  timeoutMs: number,
): Promise<ProposalResponse> {
  try {
    const bytes = await transport.unary(peer, PROCESS_PROPOSAL, proposal.bytes, timeoutMs);
    return protos.ProposalResponse.decode(bytes);
  } catch (error) {
    if (!(error instanceof RpcError) || !error.sent) throw error;
    const details = (error.cause as { details?: unknown } | undefined)?.details;
    const message = typeof details === 'string' ? details : describe(error);
    const tooLarge = error.status === status.RESOURCE_EXHAUSTED && TOO_LARGE.test(message);
    if (!tooLarge && error.status !== status.UNKNOWN) throw error;
    const refusal: Refusal = tooLarge
      ? { reason: 'too-large', code: 413, text: message }
      : refusalOf(proposal.request.chaincode, 500, message, false);
    throw new RefusedError(peer, nameOf(proposal.request), refusal);
  }
}

/**
 * Sends a signed proposal to one peer.
 * @param timeoutMs including connecting
 * @param keep told of the answer, whatever it is
 * @throws RpcError when there was no answer, RefusedError when the answer is a refusal
 */
export async function propose(
  transport: Transport,
  peer: Endpoint,
  proposal: SignedProposal,
  timeoutMs: number,
  keep?: (answer: Pick<ProposalRecord, 'status' | 'message' | 'result'>) => void,
): Promise<ProposalResponse> {
  const { request } = proposal;
  try {
    const response = await ask(transport, peer, proposal, timeoutMs);
    const code = response.response?.status ?? 0;
    const message = response.response?.message ?? '';
    const simulated = (response.payload?.length ?? 0) > 0;
    keep?.({
      status: code,
      ...(message === '' ? {} : { message: describe(message) }),
      ...(simulated ? { result: sha256(response.payload) } : {}),
    });
    if (code >= 200 && code < 400) return response;
    const refusal = refusalOf(request.chaincode, code, message || 'no message', simulated);
    throw new RefusedError(peer, nameOf(request), refusal);
  } catch (error) {
    if (error instanceof RpcError) keep?.({ message: describe(error) });
    throw error;
  }
}

/** None of several peers could answer; `causes` says what each did instead. */
export class NoAnswerError extends FabricError {
  readonly causes: readonly unknown[];

  constructor(what: string, peers: readonly Endpoint[], causes: readonly unknown[]) {
    const names = peers.map((peer) => peer.name).join(', ');
    super({
      subject: what,
      expected: `an answer from one of ${names}`,
      seen: causes.map(describe).join('; ') || 'no peers',
      cause: causes.at(-1),
    });
    this.name = 'NoAnswerError';
    this.causes = causes;
  }
}

/**
 * The same to the first of several peers that can answer, sound ones first.
 * @param what for the error when none can
 * @param timeoutMs for each
 * @throws RefusedError for a refusal that another peer would repeat, else NoAnswerError
 */
export async function proposeToFirst<T extends Endpoint>(
  transport: Transport,
  peers: readonly T[],
  proposal: SignedProposal,
  timeoutMs: number,
  what: string,
  one: typeof propose = propose,
): Promise<{ readonly peer: T; readonly response: ProposalResponse }> {
  const causes: unknown[] = [];
  for (const peer of transport.health.choose(peers)) {
    try {
      const response = await one(transport, peer, proposal, timeoutMs);
      transport.health.worked(peer);
      return { peer, response };
    } catch (error) {
      if (error instanceof RefusedError && error.repeats) {
        transport.health.worked(peer);
        throw error;
      }
      transport.health.failed(peer);
      causes.push(error);
    }
  }
  throw new NoAnswerError(what, peers, causes);
}

/**
 * Asks one peer and returns the payload of its answer.
 * @throws RpcError when there was no answer, RefusedError when the answer is a refusal
 */
export async function query(
  transport: Transport,
  peer: Endpoint,
  signer: Signer,
  request: ProposalRequest,
  timeoutMs: number,
): Promise<Uint8Array> {
  const response = await propose(transport, peer, createProposal(request, signer), timeoutMs);
  return response.response?.payload ?? new Uint8Array();
}

/** A call of a system chaincode, and what its answer says. */
export interface Question<T> extends ProposalRequest {
  readonly read: (answer: Uint8Array) => T;
}

/** Puts a question to one peer. @throws as {@link query} */
export async function inquire<T>(
  transport: Transport,
  peer: Endpoint,
  signer: Signer,
  question: Question<T>,
  timeoutMs: number,
): Promise<T> {
  return question.read(await query(transport, peer, signer, question, timeoutMs));
}

/** Whether trouble with a peer may go away by itself. */
export function mayPass(error: unknown): boolean {
  return (
    error instanceof RpcError || (error instanceof RefusedError && error.refusal.reason === 'peer')
  );
}

/**
 * SHA-256 of what a simulation read: keys and versions, ranges too, of all namespaces, without its writes. Two peers
 * that read the same must have computed the same.
 * @param payload serialized `protos.ProposalResponsePayload`
 * @returns hexadecimal, or undefined for what is none
 */
export function readsOf(payload: Uint8Array): string | undefined {
  try {
    const { extension } = protos.ProposalResponsePayload.decode(payload);
    const { results } = protos.ChaincodeAction.decode(extension);
    const hash = createHash('sha256');
    for (const set of rwset.TxReadWriteSet.decode(results).ns_rwset) {
      const { reads, range_queries_info } = kvrwset.KVRWSet.decode(set.rwset ?? new Uint8Array());
      hash.update(set.namespace ?? '');
      hash.update(kvrwset.KVRWSet.encode({ reads, range_queries_info }).finish());
      for (const collection of set.collection_hashed_rwset ?? []) {
        const { hashed_reads } = kvrwset.HashedRWSet.decode(
          collection.hashed_rwset ?? new Uint8Array(),
        );
        hash.update(collection.collection_name ?? '');
        hash.update(kvrwset.HashedRWSet.encode({ hashed_reads }).finish());
      }
    }
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
