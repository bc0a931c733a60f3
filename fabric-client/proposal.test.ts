import { createPublicKey, verify } from 'node:crypto';
import { assembleTransaction, createProposal } from './proposal.ts';
import { common, type FabricProtos, protos } from './protos.ts';
import { createSigner } from './signer.ts';
import { createTestCrypto } from './testing/fake-node.ts';

const crypto = await createTestCrypto();
const identity = crypto.identity('Org1MSP');
const signer = createSigner(identity);
const request = {
  channel: 'mychannel',
  chaincode: 'bank',
  args: ['transfer', 'a', Buffer.from([0, 255])],
};

function response(payload: string): FabricProtos.protos.IProposalResponse {
  return {
    payload: Buffer.from(payload),
    endorsement: { endorser: Buffer.from('peer'), signature: Buffer.from('s') },
  };
}

describe('createProposal', () => {
  it('carries function, binary arguments and its own transaction id, signed', () => {
    const proposal = createProposal(request, signer);
    const signed = protos.SignedProposal.decode(proposal.bytes);
    const key = createPublicKey(identity.certificatePem);
    expect(verify('sha256', signed.proposal_bytes, key, signed.signature)).toBe(true);

    const header = common.Header.decode(protos.Proposal.decode(signed.proposal_bytes).header);
    const channelHeader = common.ChannelHeader.decode(header.channel_header);
    expect(channelHeader.channel_id).toBe('mychannel');
    expect(channelHeader.tx_id).toBe(proposal.transactionId);
    const spec = protos.ChaincodeInvocationSpec.decode(
      protos.ChaincodeProposalPayload.decode(proposal.payload).input,
    ).chaincode_spec;
    expect(spec?.input?.args?.map((arg) => Buffer.from(arg).toString('hex'))).toEqual([
      Buffer.from('transfer').toString('hex'),
      '61',
      '00ff',
    ]);
  });
});

describe('assembleTransaction', () => {
  it('signs an envelope with every endorsement under the proposal’s own header', () => {
    const proposal = createProposal(request, signer);
    const bytes = assembleTransaction(proposal, [response('rw'), response('rw')], signer);
    const envelope = common.Envelope.decode(bytes);
    const key = createPublicKey(identity.certificatePem);
    expect(verify('sha256', envelope.payload, key, envelope.signature)).toBe(true);
    const payload = common.Payload.decode(envelope.payload);
    const channelHeader = payload.header?.channel_header ?? new Uint8Array();
    expect(common.ChannelHeader.decode(channelHeader).tx_id).toBe(proposal.transactionId);
    const action = protos.Transaction.decode(payload.data).actions[0]?.payload;
    const decoded = protos.ChaincodeActionPayload.decode(action ?? new Uint8Array());
    expect(decoded.action?.endorsements).toHaveLength(2);
    expect(Buffer.from(decoded.chaincode_proposal_payload)).toEqual(Buffer.from(proposal.payload));
  });

  it.each([
    ['no endorsement', []],
    ['endorsers that disagree', [response('one'), response('two')]],
  ])('refuses %s', (_, responses) => {
    expect(() => assembleTransaction(createProposal(request, signer), responses, signer)).toThrow(
      /expected/,
    );
  });
});
