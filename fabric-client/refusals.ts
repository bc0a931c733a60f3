/**
 * What a peer's refusal of a proposal means. Fabric 2.5 tells a chaincode's refusal from a peer's own trouble only by
 * text, so the texts stand here, with their places in Fabric's source.
 */
import { FabricError } from './errors.ts';
import type { Endpoint } from './types.ts';

export type RefusalReason =
  /** The chaincode said no, as it would on any other peer at the same height. */
  | 'chaincode'
  /** The ledger has no such block or transaction. */
  | 'no-entry'
  /** The ledger holds a transaction with this id. */
  | 'duplicate'
  /** The peer has not joined the channel; another may have. */
  | 'no-channel'
  /** No definition of the chaincode that this peer knows of; another may be ahead. */
  | 'no-chaincode'
  /** The channel does not let this identity do this. */
  | 'access'
  /** The answer has more bytes than this client takes (`grpc.max_receive_message_length`). */
  | 'too-large'
  /** The peer or its state database could not do it; another might. */
  | 'peer'
  /** In words that nobody here knows. */
  | 'other';

const NO_CHANNEL = /channel '[^']*' not found|could not find channel|Invalid chain ID/i;
/** core/endorser/endorser.go */
const DUPLICATE = /duplicate transaction found/;
/** core/chaincode/lifecycle/cache.go */
const NO_CHAINCODE =
  /chaincode (\S+) (not found|.*does not exist)|make sure the chaincode \S+ has been/i;
/** core/endorser/endorser.go, common/policies */
const NO_ACCESS =
  /access denied|creator (is malformed|certificate is not valid|.* not valid)|identity .*(expired|revoked)|failed evaluating policy|implicit policy evaluation failed|signature set did not satisfy policy/i;
/** core/scc/qscc, common/ledger/blkstorage */
const NO_ENTRY =
  /no such (transaction ID|block (hash|number))|Entry not found in index|not found in index/i;
/** How a chaincode that answers ERROR (fabric-shim for Node does) arrives: core/chaincode/chaincode_support.go. */
const CHAINCODE_ERROR = /transaction returned with failure: (.*)$/s;
/** A chaincode passes on what its state calls answered. */
const STATE_TROUBLE =
  /_(STATE|QUERY_RESULT|BY_RANGE)\w* failed|couchdb|state database|connection refused|retry limit|i\/o timeout|context deadline exceeded/i;
/** core/endorser, core/chaincode: everything around a chaincode that can fail. */
const PEER_TROUBLE =
  /^error in simulation|could not launch chaincode|failed to execute transaction|timeout expired|too many requests|failed to (get|create|obtain) .*(simulator|query executor)/i;

/** System chaincodes speak for the peer. */
const SYSTEM: ReadonlySet<string> = new Set(['qscc', 'cscc', 'lscc', '_lifecycle']);

/** A peer's refusal. The proposal had no effect. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** HTTP-like status of the chaincode or peer, e.g. 500. */
  readonly code: number;
  /** The refusal in the words of chaincode or peer, without what the peer puts before a chaincode's. */
  readonly text: string;
}

/**
 * @param code status of the response
 * @param message of the response, or a gRPC error's details
 * @param simulated whether the answer carries a simulation's result, which a peer returns along with a chaincode's own
 *   refusal, but not where it could not run the chaincode at all (`core/endorser/endorser.go`)
 */
export function refusalOf(
  chaincode: string,
  code: number,
  message: string,
  simulated: boolean,
): Refusal {
  const failure = CHAINCODE_ERROR.exec(message)?.[1];
  const text = failure ?? message;
  return {
    reason: reasonOf(chaincode, code, message, simulated || failure !== undefined),
    code,
    text,
  };
}

function reasonOf(
  chaincode: string,
  code: number,
  message: string,
  simulated: boolean,
): RefusalReason {
  const system = SYSTEM.has(chaincode);
  if (!system && STATE_TROUBLE.test(message)) return 'peer';
  if (!system && simulated) return 'chaincode';
  if (DUPLICATE.test(message)) return 'duplicate';
  if (NO_ENTRY.test(message)) return 'no-entry';
  if (NO_CHANNEL.test(message)) return 'no-channel';
  if (NO_CHAINCODE.test(message)) return 'no-chaincode';
  if (NO_ACCESS.test(message)) return 'access';
  if (simulated) return 'chaincode';
  if (STATE_TROUBLE.test(message) || PEER_TROUBLE.test(message)) return 'peer';
  return code > 0 && code < 500 ? 'chaincode' : 'other';
}

const REPEATED: ReadonlySet<RefusalReason> = new Set([
  'chaincode',
  'no-entry',
  'duplicate',
  'access',
  'too-large',
]);

/** A peer's answer that is a refusal: the peer or the chaincode said no. */
export class RefusedError extends FabricError {
  readonly refusal: Refusal;

  constructor(peer: Endpoint, what: string, refusal: Refusal) {
    super({
      subject: `${what} on ${peer.name}`,
      expected: 'status 200',
      seen: `status ${refusal.code}: ${refusal.text}`,
      look: `log of ${peer.name}`,
    });
    this.name = 'RefusedError';
    this.refusal = refusal;
  }

  get text(): string {
    return this.refusal.text;
  }

  /** Whether the chaincode itself refused, so that any other peer at the same height would too. */
  get byChaincode(): boolean {
    return this.refusal.reason === 'chaincode';
  }

  /** Whether another peer would say the same. */
  get repeats(): boolean {
    return REPEATED.has(this.refusal.reason);
  }
}
