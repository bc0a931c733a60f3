import { X509Certificate } from 'node:crypto';
import { CONFIG, ENDORSER_TRANSACTION } from './codes.ts';
import type { NamespaceReadWriteSet, Transaction } from './model.ts';
import { decodeReadWriteSet } from './read-write-set.ts';
import { FieldReader } from './wire.ts';

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
}

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
  };
  try {
    const envelope = new FieldReader(bytes);
    while (envelope.next()) {
      if (envelope.field === 1) decodePayload(envelope.message(), draft);
      else envelope.skip();
    }
  } catch (error) {
    return { index, code, ...draft, malformed: (error as Error).message };
  }
  return draft.type === -1
    ? { index, code, ...draft, malformed: 'no channel header' }
    : { index, code, ...draft };
}

function decodePayload(payload: FieldReader, draft: Draft): void {
  let data: FieldReader | undefined;
  while (payload.next()) {
    if (payload.field === 1) {
      const header = payload.message();
      while (header.next()) {
        if (header.field === 1) decodeChannelHeader(header.message(), draft);
        else if (header.field === 2) decodeCreator(header.message(), draft);
        else header.skip();
      }
    } else if (payload.field === 2) data = payload.message();
    else payload.skip();
  }
  if (!data) return;
  if (draft.type === ENDORSER_TRANSACTION) decodeTransaction(data, draft);
  else if (draft.type === CONFIG) decodeConfig(data, draft);
}

function decodeChannelHeader(header: FieldReader, draft: Draft): void {
  draft.type = 0;
  while (header.next()) {
    if (header.field === 1) draft.type = header.varint();
    else if (header.field === 4) draft.channel = header.text();
    else if (header.field === 5) draft.id = header.text();
    else header.skip();
  }
}

function decodeCreator(header: FieldReader, draft: Draft): void {
  while (header.next()) {
    if (header.field !== 1) {
      header.skip();
      continue;
    }
    const identity = header.message();
    while (identity.next()) {
      if (identity.field === 1) draft.creator = identity.text();
      else identity.skip();
    }
  }
}

/** `ConfigEnvelope.config.sequence`; an absent field is 0, the sequence of a genesis block. */
function decodeConfig(envelope: FieldReader, draft: Draft): void {
  draft.configSequence = 0;
  while (envelope.next()) {
    if (envelope.field !== 1) {
      envelope.skip();
      continue;
    }
    const config = envelope.message();
    while (config.next()) {
      if (config.field === 1) draft.configSequence = config.varint();
      else config.skip();
    }
  }
}

/** `peer.Transaction` → its first action; Fabric refuses transactions with another number of actions. */
function decodeTransaction(transaction: FieldReader, draft: Draft): void {
  while (transaction.next()) {
    if (transaction.field !== 1) {
      transaction.skip();
      continue;
    }
    const action = transaction.message();
    while (action.next()) {
      if (action.field === 2) decodeActionPayload(action.message(), draft);
      else action.skip();
    }
    return;
  }
}

function decodeActionPayload(payload: FieldReader, draft: Draft): void {
  while (payload.next()) {
    if (payload.field === 1) decodeProposal(payload.message(), draft);
    else if (payload.field === 2) {
      const endorsed = payload.message();
      while (endorsed.next()) {
        if (endorsed.field === 1) decodeResponse(endorsed.message(), draft);
        else if (endorsed.field === 2) decodeEndorser(endorsed.message(), draft);
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

/** `ProposalResponsePayload.extension` → `ChaincodeAction`. */
function decodeResponse(response: FieldReader, draft: Draft): void {
  const action = descend(response, 2);
  while (action?.next()) {
    if (action.field === 1) draft.readWriteSets = decodeReadWriteSet(action.message());
    else if (action.field === 4) {
      const id = action.message();
      while (id.next()) {
        if (id.field === 2) draft.chaincode = id.text();
        else id.skip();
      }
    } else action.skip();
  }
}

function decodeEndorser(endorsement: FieldReader, draft: Draft): void {
  while (endorsement.next()) {
    if (endorsement.field === 1) draft.endorsers.push(commonName(endorsement.view()));
    else endorsement.skip();
  }
}

const knownIdentities: { readonly bytes: Buffer; readonly name: string }[] = [];
const MAX_KNOWN = 64;

/**
 * Common name in an endorser's certificate, or its MSP id where there is no readable certificate. A network has a
 * handful of endorsers, so each certificate is parsed once and then found by its bytes.
 */
function commonName(identity: Buffer): string {
  for (const known of knownIdentities) {
    if (known.bytes.equals(identity)) return known.name;
  }
  let name = '';
  let certificate: Buffer | undefined;
  const reader = new FieldReader(identity);
  while (reader.next()) {
    if (reader.field === 1) name = reader.text();
    else if (reader.field === 2) certificate = reader.view();
    else reader.skip();
  }
  if (certificate) {
    try {
      const subject = new X509Certificate(certificate).subject;
      name = /^CN=(.*)$/m.exec(subject)?.[1] ?? name;
    } catch {
      // Not X.509 (an Idemix identity, or a test's stand-in): the MSP id is the best name there is.
    }
  }
  if (knownIdentities.length === MAX_KNOWN) knownIdentities.shift();
  knownIdentities.push({ bytes: Buffer.from(identity), name });
  return name;
}
