import type { Connections } from './connections.ts';
import { FabricError } from './errors.ts';
import { createProposal, type ProposalRequest, type SignedProposal } from './proposal.ts';
import { type FabricProtos, protos } from './protos.ts';
import type { Signer } from './signer.ts';
import type { Endpoint } from './types.ts';

const PROCESS_PROPOSAL = '/protos.Endorser/ProcessProposal';

/** A peer's answer that is a refusal: the peer or the chaincode said no. The proposal had no effect. */
export class RefusedError extends FabricError {
  /** HTTP-like status of the chaincode or peer, e.g. 500. */
  readonly code: number;
  /** The refusal in the words of chaincode or peer. */
  readonly text: string;
  /** Whether the chaincode itself refused, so that any other peer at the same height would too. */
  readonly byChaincode: boolean;

  constructor(peer: Endpoint, what: string, code: number, text: string, byChaincode: boolean) {
    super({
      subject: `${what} on ${peer.name}`,
      expected: 'status 200',
      seen: `status ${code}: ${text}`,
      look: `log of ${peer.name}`,
    });
    this.name = 'RefusedError';
    this.code = code;
    this.text = text;
    this.byChaincode = byChaincode;
  }
}

/**
 * Sends a signed proposal to one peer.
 * @param timeoutMs including connecting
 * @throws RpcError when there was no answer, RefusedError when the answer is a refusal
 */
export async function endorse(
  connections: Connections,
  peer: Endpoint,
  proposal: SignedProposal,
  what: string,
  timeoutMs: number,
): Promise<FabricProtos.protos.ProposalResponse> {
  const bytes = await connections.unary(peer, PROCESS_PROPOSAL, proposal.bytes, timeoutMs);
  const response = protos.ProposalResponse.decode(bytes);
  const refusal = refusalIn(response, peer, what);
  if (refusal !== undefined) throw refusal;
  return response;
}

/** A peer's answer, by whichever decoder. */
export type ProposalAnswer = Pick<
  FabricProtos.protos.IProposalResponse,
  'response' | 'payload' | 'endorsement'
>;

/** The refusal that a peer's answer is, if it is one. */
export function refusalIn(
  answer: ProposalAnswer,
  peer: Endpoint,
  what: string,
): RefusedError | undefined {
  const code = answer.response?.status ?? 0;
  if (code >= 200 && code < 400) return undefined;
  const text = answer.response?.message ?? 'no message';
  return new RefusedError(peer, what, code, text, refusedByChaincode(answer, code, text));
}

/**
 * A peer returns the simulation's result along with the chaincode's refusal (`core/endorser/endorser.go`), but only a
 * status where it could not run the chaincode at all. A chaincode that passes on a failure of the state database is
 * taken for the peer's fault.
 */
function refusedByChaincode(response: ProposalAnswer, code: number, text: string): boolean {
  if (/_(STATE|QUERY_RESULT|BY_RANGE)\w* failed|CouchDB|state database/i.test(text)) return false;
  return code < 500 || (response.payload?.length ?? 0) > 0;
}

/**
 * Asks one peer and returns the payload of its answer.
 * @throws as {@link endorse}
 */
export async function query(
  connections: Connections,
  peer: Endpoint,
  signer: Signer,
  request: ProposalRequest,
  timeoutMs: number,
): Promise<Uint8Array> {
  const name = request.args[0];
  const what = `${request.chaincode}.${typeof name === 'string' ? name : '?'}`;
  const response = await endorse(
    connections,
    peer,
    createProposal(request, signer),
    what,
    timeoutMs,
  );
  return response.response?.payload ?? new Uint8Array();
}
