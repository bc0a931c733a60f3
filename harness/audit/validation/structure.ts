import { hash } from 'node:crypto';
import {
  BAD_COMMON_HEADER,
  BAD_PAYLOAD,
  BAD_PROPOSAL_TXID,
  CONFIG,
  CONFIG_UPDATE,
  ENDORSER_TRANSACTION,
  ILLEGAL_WRITESET,
  INVALID_CHAINCODE,
  INVALID_ENDORSER_TRANSACTION,
  INVALID_OTHER_REASON,
  UNSUPPORTED_TX_PAYLOAD,
  VALID,
} from '../../fabric/ledger/codes.ts';
import { decodeEvent } from '../../fabric/ledger/envelope.ts';
import type { EnvelopeParts, Transaction } from '../../fabric/ledger/model.ts';
import { FieldReader } from '../../fabric/ledger/wire.ts';

/** A code that follows from a transaction's own bytes, and why. */
export interface DerivedCode {
  /** `null`: Fabric refuses it, but with which code is not known here. */
  readonly code: number | null;
  readonly why: string;
}

/**
 * What Fabric finds before it looks at the creator (core/common/validation/msgvalidation.go); `undefined` if nothing.
 */
export function faultOfHeaders({ type, parts }: Transaction): DerivedCode | undefined {
  switch (parts.stage) {
    case 'envelope':
      return { code: INVALID_OTHER_REASON, why: 'the envelope cannot be read' };
    case 'payload':
      return { code: BAD_PAYLOAD, why: 'the payload cannot be read' };
    case 'header':
      return { code: BAD_COMMON_HEADER, why: 'the header cannot be read' };
  }
  if (![ENDORSER_TRANSACTION, CONFIG, CONFIG_UPDATE].includes(type)) {
    return { code: BAD_COMMON_HEADER, why: `header type ${type} has no place in a block` };
  }
  if (parts.epoch !== 0) return { code: BAD_COMMON_HEADER, why: `the epoch is ${parts.epoch}` };
  if (parts.nonce.length === 0) return { code: BAD_COMMON_HEADER, why: 'there is no nonce' };
  if (parts.creator.length === 0) return { code: BAD_COMMON_HEADER, why: 'there is no creator' };
  return undefined;
}

/** What Fabric finds once the creator is known; `undefined` if nothing. */
export function faultOfContent(transaction: Transaction): DerivedCode | undefined {
  const { id, type, parts } = transaction;
  if (type === CONFIG) return undefined;
  if (type === CONFIG_UPDATE) {
    return {
      code: UNSUPPORTED_TX_PAYLOAD,
      why: 'an update of the configuration is no block entry',
    };
  }
  const computed = transactionId(parts);
  if (computed !== id) {
    return { code: BAD_PROPOSAL_TXID, why: `nonce and creator make the id ${computed}` };
  }
  const invalid = (why: string): DerivedCode => ({ code: INVALID_ENDORSER_TRANSACTION, why });
  if (parts.stage === 'transaction' && parts.proposalHash.length === 0) {
    return invalid('the transaction cannot be read');
  }
  if (parts.actions !== 1) return invalid(`it has ${parts.actions} actions`);
  if (!isSignatureHeader(parts.actionHeader)) return invalid('its action has no nonce or creator');
  if (!proposalHash(parts).equals(parts.proposalHash)) {
    return invalid('what was asked is not what the endorsers answered');
  }
  return undefined;
}

/** What Fabric finds before it looks at endorsement policies (plugindispatcher/dispatcher.go). */
export function faultOfResult(transaction: Transaction): DerivedCode | undefined {
  const { malformed, parts, readWriteSets } = transaction;
  if (malformed !== undefined)
    return { code: null, why: `the result cannot be read: ${malformed}` };
  const { headerChaincode, actionChaincode, event } = parts;
  if (headerChaincode === null || actionChaincode === null) {
    return { code: INVALID_OTHER_REASON, why: 'no chaincode is named' };
  }
  const { name, version } = actionChaincode;
  const wrong = (why: string): DerivedCode => ({ code: INVALID_CHAINCODE, why });
  if (headerChaincode === '') return wrong('the chaincode has no name');
  if (headerChaincode !== name) return wrong(`${headerChaincode} was asked and ${name} answered`);
  if (version === '') return wrong('the chaincode has no version');
  if (event && chaincodeOfEvent(event) !== name) {
    return { code: INVALID_OTHER_REASON, why: 'its event is of another chaincode' };
  }
  const names = new Set<string>();
  for (const { namespace } of readWriteSets) {
    if (names.has(namespace)) {
      return { code: ILLEGAL_WRITESET, why: `namespace ${namespace} occurs twice` };
    }
    names.add(namespace);
  }
  return undefined;
}

/** Hexadecimal SHA-256 of nonce and creator (`protoutil.ComputeTxID`). */
export const transactionId = ({ nonce, creator }: EnvelopeParts): string =>
  hash('sha256', Buffer.concat([nonce, creator]), 'hex');

/** `protoutil.GetProposalHash2`: headers and what was asked, without transient values. */
export const proposalHash = ({ channelHeader, actionHeader, proposal }: EnvelopeParts): Buffer =>
  hash('sha256', Buffer.concat([channelHeader, actionHeader, proposal]), 'buffer');

function isSignatureHeader(bytes: Buffer): boolean {
  const seen = new Set<number>();
  const reader = new FieldReader(bytes);
  try {
    while (reader.next()) {
      if (reader.wireType === 2 && reader.view().length > 0) seen.add(reader.field);
      else if (reader.wireType !== 2) reader.skip();
    }
  } catch {
    return false;
  }
  return seen.has(1) && seen.has(2);
}

/** `undefined` when it cannot be read. */
function chaincodeOfEvent(event: Buffer): string | undefined {
  try {
    return decodeEvent(event).chaincode;
  } catch {
    return undefined;
  }
}

/** Keys and documents that CouchDB cannot hold; Fabric refuses to write them (statecouchdb, `ValidateKeyValue`). */
export function faultOfWrites({ readWriteSets }: Transaction): string | undefined {
  for (const { writes } of readWriteSets) {
    for (const { key, value } of writes) {
      if (key === '' || key.startsWith('_')) return `CouchDB cannot hold the key ${key || '""'}`;
      const bytes = value as Buffer;
      if (bytes[0] !== 0x7b || !(bytes.includes('"_') || bytes.includes('"~version"'))) continue;
      if (hasReservedField(bytes)) return `the document ${key} has a field that CouchDB reserves`;
    }
  }
  return undefined;
}

function hasReservedField(bytes: Buffer): boolean {
  try {
    const fields = Object.keys(JSON.parse(bytes.toString('utf8')) as object);
    return fields.some((field) => field.startsWith('_') || field === '~version');
  } catch {
    return false;
  }
}

/** For a transaction in which nothing was found. */
export const FAULTLESS: DerivedCode = { code: VALID, why: 'it is in order' };
