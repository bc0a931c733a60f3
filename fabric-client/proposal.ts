/**
 * Building what goes over the wire: proposals, transactions, signed envelopes. Pure but for the nonce and the clock.
 * Layouts: fabric-protos `common/common.proto`, `peer/proposal.proto`, `peer/transaction.proto`.
 */
import { FabricError } from './errors.ts';
import { common, type FabricProtos, protos } from './protos.ts';
import type { Signer } from './signer.ts';
import { newTransactionId } from './signer.ts';

export interface ProposalRequest {
  /** Empty for calls that belong to the peer rather than to a channel (`cscc`, install). */
  readonly channel: string;
  readonly chaincode: string;
  /** Function name first. */
  readonly args: readonly (string | Uint8Array)[];
  /** The explicit initialisation call of a chaincode that requires one. */
  readonly isInit?: boolean;
  /** From which the transaction's id follows; drawn if absent. */
  readonly nonce?: Uint8Array;
  /** For the endorsers' eyes only: it is in no transaction. */
  readonly transient?: Readonly<Record<string, Uint8Array>>;
}

export interface SignedProposal {
  readonly request: ProposalRequest;
  readonly transactionId: string;
  /** Serialized `protos.SignedProposal`, ready for a peer. */
  readonly bytes: Uint8Array;
  /** Kept for assembling the transaction. */
  readonly header: FabricProtos.common.IHeader;
  /** Without transient data. */
  readonly payload: Uint8Array;
}

/** Serialized `common.ChannelHeader`. */
export function channelHeader(
  type: number,
  channel: string,
  transactionId = '',
  extension?: Uint8Array,
): Uint8Array {
  const now = Date.now();
  return common.ChannelHeader.encode({
    type,
    version: 0,
    channel_id: channel,
    tx_id: transactionId,
    // Orderers and peers refuse a timestamp more than 15 minutes off (common/deliver/deliver.go).
    timestamp: { seconds: Math.floor(now / 1000), nanos: (now % 1000) * 1_000_000 },
    ...(extension === undefined ? {} : { extension }),
  }).finish();
}

/** Builds and signs a proposal; its transaction id is fixed here, before anything is sent. */
export function createProposal(request: ProposalRequest, signer: Signer): SignedProposal {
  const { nonce, transactionId } = newTransactionId(signer, request.nonce);
  const extension = protos.ChaincodeHeaderExtension.encode({
    chaincode_id: { name: request.chaincode },
  }).finish();
  const header = {
    channel_header: channelHeader(
      common.HeaderType.ENDORSER_TRANSACTION,
      request.channel,
      transactionId,
      extension,
    ),
    signature_header: common.SignatureHeader.encode({ creator: signer.creator, nonce }).finish(),
  };
  const invocation = protos.ChaincodeInvocationSpec.encode({
    chaincode_spec: {
      type: protos.ChaincodeSpec.Type.GOLANG,
      chaincode_id: { name: request.chaincode },
      input: {
        args: request.args.map((arg) => Buffer.from(arg)),
        is_init: request.isInit ?? false,
      },
    },
  }).finish();
  const payload = protos.ChaincodeProposalPayload.encode({ input: invocation }).finish();
  const sent =
    request.transient === undefined
      ? payload
      : protos.ChaincodeProposalPayload.encode({
          input: invocation,
          TransientMap: request.transient,
        }).finish();
  const proposal = protos.Proposal.encode({
    header: common.Header.encode(header).finish(),
    payload: sent,
  }).finish();
  const bytes = protos.SignedProposal.encode({
    proposal_bytes: proposal,
    signature: signer.sign(proposal),
  }).finish();
  return { request, transactionId, bytes, header, payload };
}

/**
 * Puts endorsements together to a signed transaction envelope.
 * @throws FabricError when the endorsers disagree about the result; such a transaction could only be invalidated
 */
export function assembleTransaction(
  proposal: SignedProposal,
  responses: readonly FabricProtos.protos.IProposalResponse[],
  signer: Signer,
): Uint8Array {
  const first = responses[0];
  const result = first?.payload;
  if (result === undefined || result === null) {
    throw new FabricError({
      subject: `transaction ${proposal.transactionId}`,
      expected: 'at least one endorsement',
      seen: 'none',
    });
  }
  if (responses.some((other) => !Buffer.from(other.payload ?? []).equals(Buffer.from(result)))) {
    throw new FabricError({
      subject: `transaction ${proposal.transactionId}`,
      expected: 'the same read-write set from all endorsers',
      seen: 'proposal responses that differ (peers at different heights, or chaincode not deterministic)',
    });
  }
  const action = protos.ChaincodeActionPayload.encode({
    chaincode_proposal_payload: proposal.payload,
    action: {
      proposal_response_payload: result,
      endorsements: responses.flatMap((response) => response.endorsement ?? []),
    },
  }).finish();
  const transaction = protos.Transaction.encode({
    actions: [{ header: proposal.header.signature_header ?? null, payload: action }],
  }).finish();
  return signedEnvelope(proposal.header, transaction, signer);
}

/** Serialized, signed `common.Envelope` around a payload. */
export function signedEnvelope(
  header: FabricProtos.common.IHeader,
  data: Uint8Array,
  signer: Signer,
): Uint8Array {
  const payload = common.Payload.encode({ header, data }).finish();
  return common.Envelope.encode({ payload, signature: signer.sign(payload) }).finish();
}

/** A fresh header of a type that carries no transaction id that matters (config updates, seeks). */
export function plainHeader(
  type: number,
  channel: string,
  signer: Signer,
): FabricProtos.common.IHeader {
  const { nonce } = newTransactionId(signer);
  return {
    channel_header: channelHeader(type, channel),
    signature_header: common.SignatureHeader.encode({ creator: signer.creator, nonce }).finish(),
  };
}
