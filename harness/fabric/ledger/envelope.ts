import { CONFIG, ENDORSER_TRANSACTION } from './codes.ts';
import { identityName } from './identity-name.ts';
import type {
  DecodingStage,
  EnvelopeParts,
  NamespaceReadWriteSet,
  Signature,
  Transaction,
} from './model.ts';
import { decodeReadWriteSet } from './read-write-set.ts';
import { FieldReader } from './wire.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What is filled in while an envelope is read, so that a broken one still yields what came before the break. */
interface Draft {
  id: string;
  type: number;
  channel: string;
  creator: string;
  endorsers: string[];
  chaincode: string;
  args: string[];
  readWriteSets: NamespaceReadWriteSet[];
  configSequence?: number;
  parts: Mutable<EnvelopeParts> & { endorsements: Signature[] };
}

const NOTHING = Buffer.alloc(0);

/** The parts of an envelope of which nothing could be read. */
export const NO_PARTS: EnvelopeParts = {
  stage: 'envelope',
  payload: NOTHING,
  signature: NOTHING,
  channelHeader: NOTHING,
  epoch: 0,
  creator: NOTHING,
  nonce: NOTHING,
  headerChaincode: null,
  actions: 0,
  actionHeader: NOTHING,
  proposal: NOTHING,
  response: NOTHING,
  proposalHash: NOTHING,
  result: '',
  endorsements: [],
  actionChaincode: null,
  event: null,
  config: null,
  channelGroup: null,
  lastUpdate: null,
};

/**
 * Reads one entry of a block's data (`common.Envelope`). Never throws: a transaction that cannot be read stays in its
 * place with `malformed` set, because peers keep such envelopes too and flag them (e.g. BAD_PAYLOAD).
 *
 * @param bytes - the serialized envelope
 * @param index - its position in the block
 * @param code - its validation code, or NOT_VALIDATED on an orderer
 */
export function decodeEnvelope(bytes: Buffer, index: number, code: number): Transaction {
  const draft: Draft = {
    id: '',
    type: -1,
    channel: '',
    creator: '',
    endorsers: [],
    chaincode: '',
    args: [],
    readWriteSets: [],
    parts: { ...NO_PARTS, endorsements: [] },
  };
  try {
    decodeParts(bytes, draft);
  } catch (error) {
    return { index, code, ...draft, malformed: (error as Error).message };
  }
  return draft.type === -1
    ? { index, code, ...draft, malformed: 'no channel header' }
    : { index, code, ...draft };
}

/** Message by message from the outside to the inside, as Fabric unpacks it, so that the stage says where it broke. */
function decodeParts(bytes: Buffer, draft: Draft): void {
  const { parts } = draft;
  const envelope = new FieldReader(bytes);
  while (envelope.next()) {
    if (envelope.field === 1) parts.payload = envelope.view();
    else if (envelope.field === 2) parts.signature = envelope.view();
    else envelope.skip();
  }
  parts.stage = 'payload';
  let header: FieldReader | undefined;
  let data: Buffer | undefined;
  const payload = new FieldReader(parts.payload);
  while (payload.next()) {
    if (payload.field === 1) header = payload.message();
    else if (payload.field === 2) data = payload.view();
    else payload.skip();
  }
  parts.stage = 'header';
  while (header?.next()) {
    if (header.field === 1) {
      parts.channelHeader = header.view();
      decodeChannelHeader(new FieldReader(parts.channelHeader), draft);
    } else if (header.field === 2) decodeSignatureHeader(header.message(), draft);
    else header.skip();
  }
  enter(draft, 'transaction');
  if (data && draft.type === ENDORSER_TRANSACTION) decodeTransaction(new FieldReader(data), draft);
  else if (data && draft.type === CONFIG) {
    parts.config = data;
    decodeConfig(new FieldReader(data), draft);
  }
  enter(draft, 'complete');
}

/** An envelope without a channel header is stuck there, however well the rest could be read. */
function enter({ parts, type }: Draft, stage: DecodingStage): void {
  if (type !== -1) parts.stage = stage;
}

function decodeChannelHeader(header: FieldReader, draft: Draft): void {
  draft.type = 0;
  while (header.next()) {
    if (header.field === 1) draft.type = header.varint();
    else if (header.field === 4) draft.channel = header.text();
    else if (header.field === 5) draft.id = header.text();
    else if (header.field === 6) draft.parts.epoch = header.varint();
    else if (header.field === 7) draft.parts.headerChaincode = chaincodeOf(header.message());
    else header.skip();
  }
}

/** `ChaincodeHeaderExtension.chaincode_id.name`; an extension of another kind has none. */
function chaincodeOf(extension: FieldReader): string | null {
  try {
    const id = descend(extension, 2);
    return id ? chaincodeId(id).name : null;
  } catch {
    return null;
  }
}

function chaincodeId(id: FieldReader): { name: string; version: string } {
  const found = { name: '', version: '' };
  while (id.next()) {
    if (id.field === 2) found.name = id.text();
    else if (id.field === 3) found.version = id.text();
    else id.skip();
  }
  return found;
}

function decodeSignatureHeader(header: FieldReader, draft: Draft): void {
  const { parts } = draft;
  while (header.next()) {
    if (header.field === 1) parts.creator = header.view();
    else if (header.field === 2) parts.nonce = header.view();
    else header.skip();
  }
  const identity = new FieldReader(parts.creator);
  while (identity.next()) {
    if (identity.field === 1) draft.creator = identity.text();
    else identity.skip();
  }
}

/** `ConfigEnvelope`; an absent sequence is 0, that of a genesis block. */
function decodeConfig(envelope: FieldReader, draft: Draft): void {
  draft.configSequence = 0;
  while (envelope.next()) {
    if (envelope.field === 1) {
      const config = envelope.message();
      while (config.next()) {
        if (config.field === 1) draft.configSequence = config.varint();
        else if (config.field === 2) draft.parts.channelGroup = config.view();
        else config.skip();
      }
    } else if (envelope.field === 2) draft.parts.lastUpdate = envelope.view();
    else envelope.skip();
  }
}

/** `peer.Transaction` → its first action; Fabric refuses transactions with another number of actions. */
function decodeTransaction(transaction: FieldReader, draft: Draft): void {
  let payload: FieldReader | undefined;
  while (transaction.next()) {
    if (transaction.field !== 1) {
      transaction.skip();
      continue;
    }
    draft.parts.actions += 1;
    const action = transaction.message();
    while (draft.parts.actions === 1 && action.next()) {
      if (action.field === 1) draft.parts.actionHeader = action.view();
      else if (action.field === 2) payload = action.message();
      else action.skip();
    }
  }
  if (payload) decodeActionPayload(payload, draft);
}

function decodeActionPayload(payload: FieldReader, draft: Draft): void {
  const { parts } = draft;
  while (payload.next()) {
    if (payload.field === 1) {
      parts.proposal = payload.view();
      decodeProposal(new FieldReader(parts.proposal), draft);
    } else if (payload.field === 2) {
      const endorsed = payload.message();
      while (endorsed.next()) {
        if (endorsed.field === 1) {
          parts.response = endorsed.view();
          decodeResponse(new FieldReader(parts.response), draft);
        } else if (endorsed.field === 2) decodeEndorser(endorsed.message(), draft);
        else endorsed.skip();
      }
    } else payload.skip();
  }
}

/** `ChaincodeProposalPayload.input` → `ChaincodeInvocationSpec.chaincode_spec.input.args`. */
function decodeProposal(proposal: FieldReader, draft: Draft): void {
  const input = descend(descend(descend(proposal, 1), 1), 3);
  if (!input) return;
  while (input.next()) {
    if (input.field === 1) draft.args.push(input.text());
    else input.skip();
  }
}

function descend(reader: FieldReader | undefined, field: number): FieldReader | undefined {
  let found: FieldReader | undefined;
  while (reader?.next()) {
    if (reader.field === field) found = reader.message();
    else reader.skip();
  }
  return found;
}

/** `ProposalResponsePayload`: the proposal's hash and, as extension, `ChaincodeAction`. */
function decodeResponse(response: FieldReader, draft: Draft): void {
  const { parts } = draft;
  let action: FieldReader | undefined;
  while (response.next()) {
    if (response.field === 1) parts.proposalHash = response.view();
    else if (response.field === 2) action = response.message();
    else response.skip();
  }
  while (action?.next()) {
    if (action.field === 1) draft.readWriteSets = decodeReadWriteSet(action.message());
    else if (action.field === 2) parts.event = action.view();
    else if (action.field === 3) parts.result = descend(action.message(), 3)?.rest() ?? '';
    else if (action.field === 4) {
      parts.actionChaincode = chaincodeId(action.message());
      draft.chaincode = parts.actionChaincode.name;
    } else action.skip();
  }
}

/** A decoded `ChaincodeEvent`. */
export interface SetEvent {
  readonly chaincode: string;
  readonly transactionId: string;
  readonly name: string;
  readonly payload: Buffer;
}

/**
 * Reads the event that a transaction carries (`parts.event`).
 *
 * @throws {MalformedMessage} when the bytes are no event
 */
export function decodeEvent(bytes: Buffer): SetEvent {
  const event: Mutable<SetEvent> = { chaincode: '', transactionId: '', name: '', payload: NOTHING };
  const reader = new FieldReader(bytes);
  while (reader.next()) {
    if (reader.field === 1) event.chaincode = reader.text();
    else if (reader.field === 2) event.transactionId = reader.text();
    else if (reader.field === 3) event.name = reader.text();
    else if (reader.field === 4) event.payload = reader.view();
    else reader.skip();
  }
  return event;
}

function decodeEndorser(endorsement: FieldReader, draft: Draft): void {
  let identity: Buffer = NOTHING;
  let signature: Buffer = NOTHING;
  while (endorsement.next()) {
    if (endorsement.field === 1) identity = endorsement.view();
    else if (endorsement.field === 2) signature = endorsement.view();
    else endorsement.skip();
  }
  draft.parts.endorsements.push({ identity, signature });
  draft.endorsers.push(identityName(identity));
}
