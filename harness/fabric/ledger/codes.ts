/** `peer.TxValidationCode` (peer/transaction.proto), by number. */
const NAMES: Readonly<Record<number, string>> = {
  0: 'VALID',
  1: 'NIL_ENVELOPE',
  2: 'BAD_PAYLOAD',
  3: 'BAD_COMMON_HEADER',
  4: 'BAD_CREATOR_SIGNATURE',
  5: 'INVALID_ENDORSER_TRANSACTION',
  6: 'INVALID_CONFIG_TRANSACTION',
  7: 'UNSUPPORTED_TX_PAYLOAD',
  8: 'BAD_PROPOSAL_TXID',
  9: 'DUPLICATE_TXID',
  10: 'ENDORSEMENT_POLICY_FAILURE',
  11: 'MVCC_READ_CONFLICT',
  12: 'PHANTOM_READ_CONFLICT',
  13: 'UNKNOWN_TX_TYPE',
  14: 'TARGET_CHAIN_NOT_FOUND',
  15: 'MARSHAL_TX_ERROR',
  16: 'NIL_TXACTION',
  17: 'EXPIRED_CHAINCODE',
  18: 'CHAINCODE_VERSION_CONFLICT',
  19: 'BAD_HEADER_EXTENSION',
  20: 'BAD_CHANNEL_HEADER',
  21: 'BAD_RESPONSE_PAYLOAD',
  22: 'BAD_RWSET',
  23: 'ILLEGAL_WRITESET',
  24: 'INVALID_WRITESET',
  25: 'INVALID_CHAINCODE',
  254: 'NOT_VALIDATED',
  255: 'INVALID_OTHER_REASON',
};

/** The codes that the audit reasons about. */
export const VALID = 0;
export const BAD_PAYLOAD = 2;
export const BAD_COMMON_HEADER = 3;
export const BAD_CREATOR_SIGNATURE = 4;
export const INVALID_ENDORSER_TRANSACTION = 5;
export const UNSUPPORTED_TX_PAYLOAD = 7;
export const BAD_PROPOSAL_TXID = 8;
export const DUPLICATE_TXID = 9;
export const ENDORSEMENT_POLICY_FAILURE = 10;
export const MVCC_READ_CONFLICT = 11;
export const PHANTOM_READ_CONFLICT = 12;
export const ILLEGAL_WRITESET = 23;
export const INVALID_WRITESET = 24;
export const INVALID_CHAINCODE = 25;
/** What a block holds before a peer has judged it; an orderer's blocks have no codes at all. */
export const NOT_VALIDATED = 254;
export const INVALID_OTHER_REASON = 255;

/** `common.HeaderType`. */
export const CONFIG = 1;
export const CONFIG_UPDATE = 2;
export const ENDORSER_TRANSACTION = 3;

/** Name of a validation code, e.g. `MVCC_READ_CONFLICT`; `CODE_99` for a number that Fabric does not define. */
export function codeName(code: number): string {
  return NAMES[code] ?? `CODE_${code}`;
}
