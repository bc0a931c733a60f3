import { codeName } from '../../fabric/ledger/codes.ts';
import {
  BY_A_PROGRAM,
  type Completion,
  FOUND,
  INTERRUPTED,
  type Invocation,
} from '../../workload/history.ts';
import { isMarked, type Operation } from '../../workload/history-index.ts';
import type { RunCheck } from '../checker.ts';
import { Findings } from '../findings.ts';
import type { Recording, ScenarioFacts } from '../recording.ts';

/** Its `submit()` says that a transaction is VALID, and not in which block (fabric-network 2.2, `transaction.ts`). */
const TELLS_NO_BLOCK = 'fabric-network';

const OUTCOMES = new Set(['ok', 'fail', 'unknown']);
const STAGES = new Set(['endorse', 'broadcast', 'commit', 'evaluate', undefined]);
const PHASES = new Set(['inject', 'verified', 'heal', 'healed', 'not-confirmed', 'inconclusive']);
const KINDS = new Set(['submit', 'evaluate']);
const CODES = new Set(Array.from({ length: 256 }, (_, code) => codeName(code)));

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isTime = (value: unknown): boolean => typeof value === 'number' && value >= 0;
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isOptional = (value: unknown, of: (value: unknown) => boolean): boolean =>
  value === undefined || of(value);

/** What names may occur in a history. */
class Names {
  readonly channels: ReadonlySet<string>;
  readonly chaincodes: ReadonlySet<string>;
  readonly peers: ReadonlySet<string>;
  readonly orderers: ReadonlySet<string>;
  readonly members: ReadonlySet<string> | undefined;
  /** Whether a client that was told VALID knows the block. */
  readonly blocksTold: boolean;

  constructor({ channels, chaincode, otherChaincodes = [], client }: ScenarioFacts) {
    this.chaincodes = new Set([chaincode, ...otherChaincodes]);
    this.blocksTold = client !== TELLS_NO_BLOCK;
    const facts = Object.values(channels);
    this.channels = new Set(Object.keys(channels));
    this.peers = new Set(facts.flatMap(({ peers }) => peers));
    this.orderers = new Set(facts.flatMap(({ orderers }) => orderers));
    const members = facts.flatMap(({ organisations }) => Object.values(organisations ?? {}));
    this.members = members.length > 0 ? new Set(members) : undefined;
  }
}

export const historySound: RunCheck = {
  scope: 'run',
  definition: {
    id: 'R2',
    name: 'history well-formed',
    guarantee:
      'Every record of the history is complete and possible: its fields are there, its names are those of the network, its times follow each other, and every operation came back.',
  },
  run({ scenario }: Recording, history) {
    const findings = new Findings(historySound.definition);
    const names = new Names(scenario);
    const interrupted = isMarked(history, INTERRUPTED);
    let number = 0;
    let at = 0;
    for (const operation of history.operations) {
      findings.count('operations');
      const { invoke, complete } = operation;
      const flaw =
        (invoke.operation !== number + 1 && `it follows operation ${number}`) ||
        (invoke.at < at && 'it began before the one before it') ||
        (!isKnown(names, invoke) && `it calls ${invoke.chaincode}`) ||
        flawOfInvocation(invoke, names) ||
        (complete ? flawOfCompletion(operation, complete, names) : undefined) ||
        (!complete && !interrupted && 'it never came back');
      number = invoke.operation;
      at = invoke.at;
      if (flaw) {
        findings.violation({
          operation: invoke.operation,
          message: `operation ${invoke.operation}: ${flaw}`,
        });
      }
    }
    const nodes = new Set([...names.peers, ...names.orderers]);
    for (const { source, channel, height, at: time } of history.heights) {
      if (nodes.has(source) && names.channels.has(channel) && isCount(height) && isTime(time)) {
        continue;
      }
      findings.violation({
        message: `height ${height} of ${source} in ${channel} at ${time} ms is no sample of this network`,
      });
    }
    for (const { phase, kind, role, targets, fault, at: time } of history.faults) {
      const sound = PHASES.has(phase) && isText(kind) && isText(role) && Array.isArray(targets);
      if (sound && isCount(fault) && isTime(time)) continue;
      findings.violation({ message: `fault ${fault} (${kind}) at ${time} ms cannot be read` });
    }
    for (const { type, label, at: time } of history.marks) {
      if (type === 'mark' && isText(label) && isTime(time)) continue;
      findings.violation({ message: `a record of type ${String(type)} at ${time} ms is unknown` });
    }
    for (const problem of history.problems) findings.violation({ message: problem });
    findings.floor('operations', scenario.floors?.operations === 0 ? 0 : 1);
    return findings.result();
  },
};

/** A load calls the scenario's chaincodes; a program of the author's calls what it likes. */
const isKnown = ({ chaincodes }: Names, { chaincode, intent }: Invocation): boolean =>
  chaincodes.has(chaincode) || ((intent === BY_A_PROGRAM || intent === FOUND) && isText(chaincode));

type Flaw = string | undefined;

function flawOfInvocation(record: Invocation, names: Names): Flaw {
  const { client, msp, channel, kind, args, peers, at, transactionId } = record;
  if (!isText(client)) return 'it has no client';
  if (names.members ? !names.members.has(msp) : !isText(msp)) return `${msp} is no organisation`;
  if (!names.channels.has(channel)) return `${channel} is no channel of the scenario`;
  if (!isText(record.function)) return 'it calls nothing';
  if (!KINDS.has(kind)) return `${kind} is no kind of operation`;
  if (!args.every((arg) => typeof arg === 'string')) return 'its arguments';
  const stranger = peers.find((peer) => !names.peers.has(peer));
  if (stranger !== undefined) return `it asks ${stranger}, which is no peer of the channel`;
  if (!isTime(at)) return 'it has no time';
  const isId = transactionId !== undefined && /^[0-9a-f]{64}$/.test(transactionId);
  return kind === 'submit' && !isId ? `${transactionId} is no transaction id` : undefined;
}

function flawOfCompletion({ invoke }: Operation, record: Completion, names: Names): Flaw {
  const { outcome, at, orderer, acknowledgedAt, block, code, stage, error, refused } = record;
  if (!OUTCOMES.has(outcome)) return `${outcome} is no outcome`;
  if (!isTime(at)) return 'its end has no time';
  if (!STAGES.has(stage)) return `${stage} is no stage`;
  if (orderer !== undefined && !names.orderers.has(orderer)) return `${orderer} is no orderer`;
  if (!isOptional(code, (value) => CODES.has(value as string))) return `${code} is no code`;
  if (!isOptional(block, isCount)) return `${block} is no block`;
  if (!isOptional(error, (value) => typeof value === 'string')) return 'its error is no text';
  if (!isOptional(refused, (value) => typeof value === 'boolean')) return 'whether it was refused';
  if (acknowledgedAt !== undefined && !(acknowledgedAt >= invoke.at && acknowledgedAt <= at)) {
    return `it was acknowledged at ${acknowledgedAt} ms, before it began or after it ended`;
  }
  const again = record.acknowledgedAgain ?? [];
  const odd = again.find((one) => !names.orderers.has(one.orderer) || !(one.at <= at));
  if (odd) return `it was acknowledged again by ${odd.orderer} at ${odd.at} ms`;
  if (invoke.intent === BY_A_PROGRAM) return undefined;
  const isPlaced = block !== undefined || !names.blocksTold;
  if (code !== undefined && !isPlaced) return `it is ${code} in no block`;
  if (code === undefined && block !== undefined) return `it is in block ${block} without a code`;
  if (outcome !== 'ok') return undefined;
  if (invoke.kind === 'submit')
    return code === 'VALID' ? undefined : 'it is ok without being VALID';
  const { result, heightBefore, heightAfter } = record;
  const told = typeof result === 'string' && isCount(heightBefore) && isCount(heightAfter);
  return told ? undefined : 'it is ok without a result between two heights';
}
