import type { OrderingFacts, OrderingRecord } from '../ordering/facts.ts';
import type { HistoryRecord } from '../workload/history.ts';
import type { ShareExpectation } from '../workload/statistics/availability.ts';
import type { SavedInvariant } from './invariant.ts';

/**
 * What the audit is given: everything that was recorded of one scenario. The interfaces say nothing of files, so that
 * the checks are the same for a saved run, a running network and a test's forgery. `evidence.ts` is the one on disk.
 */

/** Contents of `scenario.json`: what the runner knows and no component can tell. */
export interface ScenarioFacts {
  readonly schema: 2;
  readonly name: string;
  /** Absent of evidence that no scenario left, e.g. of the ledgers of a running network. */
  readonly place?: ScenarioPlace;
  /** The scenario file that was being read; the call may stand in a file that this one imports. */
  readonly source?: string;
  /** Milliseconds since the run started; absent until it begins. */
  readonly begunAt?: number;
  /** What kept it from giving a result, if anything was thrown. */
  readonly thrown?: string;
  /** A check has steps of its own, and no ledger; a ledger was read of a network that others run, without a history. */
  readonly kind?: 'scenario' | 'check' | 'ledger';
  /** Others run the network: the harness saw nothing of it but what orderers, peers and databases answer. */
  readonly runByOthers?: true;
  /** Of a ledger: milliseconds since 1970 when it was read. */
  readonly readAt?: number;
  /** Of a ledger: certificates that are in no block. */
  readonly certificates?: readonly CertificateFact[];
  /** Faults by number, from 1, as their author wrote them. */
  readonly faults?: readonly DeclaredFault[];
  /** Of the author's own. */
  readonly invariants?: readonly SavedInvariant[];
  /** A planted defect: the scenario passes when it fails with a problem that matches. */
  readonly control?: { readonly because: string; readonly flags: string };
  /** Everything that runs in the network. */
  readonly components?: readonly { readonly name: string; readonly machine: number }[];
  /** Chaincode under test, e.g. `bank`; its namespace is what `state/` holds. */
  readonly chaincode: string;
  /** Others that clients may call. */
  readonly otherChaincodes?: readonly string[];
  /** What the clients of the load were made with, e.g. `fabric-network`; the harness's own if absent. */
  readonly client?: string;
  /** `bank`: the money rules of the bank chaincode apply. `other`: they do not. */
  readonly workload: 'bank' | 'other';
  readonly channels: Readonly<Record<string, ChannelFacts>>;
  /** Longest that a client waits for an operation, in ms; anything longer is a hang. */
  readonly patience: number;
  /** Namespaces whose databases were read, or all of the channel's; that of the chaincode alone if absent. */
  readonly namespaces?: readonly string[] | 'all';
  /** Least that must have been seen for a check to count; below, its verdict is `unknown`. */
  readonly floors?: Floors;
  readonly expectations?: Expectations;
  /** Log lines that are part of the scenario although they look bad; regular expressions. */
  readonly allowedLogs?: readonly AllowedLog[];
}

/** Where a scenario stands in its run and in its author's files. */
export interface ScenarioPlace {
  readonly name: string;
  /** Below the run's folder. */
  readonly folder: string;
  readonly file: string;
  readonly line: number;
  readonly suite: string;
  readonly channel: string;
}

export interface DeclaredFault {
  /** Kind and parameters, e.g. `loss 20 %`. */
  readonly text: string;
  readonly role: string;
}

export interface ChannelFacts {
  /** Names of all block sources that must be there, e.g. `peer0.org1`, `orderer1`. */
  readonly peers: readonly string[];
  /** MSP id of each peer's organisation; absent in recordings of before it was noted. */
  readonly organisations?: Readonly<Record<string, string>>;
  readonly orderers: readonly string[];
  /** Height when the scenario began; blocks below it belong to set-up or to earlier scenarios. */
  readonly startHeight: number;
  /** Ids of transactions at or above `startHeight` that were not an operation of the history (lifecycle, set-up). */
  readonly setupTransactions?: readonly string[];
  /** Least operations of the load that it must have seen; the scenario's if absent, which is for all channels together. */
  readonly leastOperations?: number;
  /** Number of config blocks at or above `startHeight` that the scenario itself causes; 0 if absent. */
  readonly configBlocks?: number;
  /** Whose events were listened for; the scenario's chaincode if absent. */
  readonly chaincode?: string;
  /** First block that was read of every node; those before it of one alone. 0 if absent. */
  readonly from?: number;
  /** Peers whose databases were to be read; all if absent. */
  readonly databases?: readonly string[];
  /** Whether peers were asked; see {@link PeerAnswer}. */
  readonly queries?: readonly string[];
}

/** A certificate that somebody uses now. */
export interface CertificateFact {
  /** E.g. `TLS certificate of orderer0`. */
  readonly what: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

export interface Floors {
  /** Submits of the load that ended, without set-up and probes; 10 if absent. */
  readonly operations?: number;
  /** MVCC or phantom conflicts in blocks; 1 if absent. 0 for a scenario without contention. */
  readonly conflicts?: number;
  /** Evaluates with heights around them; 1 if absent. */
  readonly reads?: number;
}

export interface Expectations {
  readonly recovery?: RecoveryExpectation;
  readonly availability?: readonly AvailabilityExpectation[];
  /** Faults that stay on purpose, by number; all others must be healed. */
  readonly unhealed?: readonly number[];
}

export interface RecoveryExpectation {
  /** Orderers through which a VALID commit must be seen after each heal that leaves no fault in force. */
  readonly orderers: readonly string[];
  /** Milliseconds from heal to that commit. */
  readonly budget: number;
  /** Milliseconds from heal until what was pending then has ended; not judged if absent. */
  readonly backlog?: number;
}

/**
 * What share of a phase's operations must have been answered or have succeeded, or must not. The shares of
 * `ShareExpectation` are of the load; those below are of the operations that are chosen here. Phases are defined in
 * `workload/statistics/outages.ts`.
 */
export interface AvailabilityExpectation extends ShareExpectation {
  readonly kind: 'submit' | 'evaluate';
  /** Only operations of this organisation, e.g. `Org1MSP`. */
  readonly msp?: string;
  /** Only operations of clients whose name begins so. */
  readonly client?: string;
  /** Shares from 0 to 1 that were told ok. */
  readonly leastOk?: number;
  readonly mostOk?: number;
  /** No refusal may have taken longer, in ms. */
  readonly refusedWithin?: number;
}

export interface AllowedLog {
  readonly pattern: string;
  /** Components by name; all if absent. */
  readonly components?: readonly string[];
  /** Why it is allowed. */
  readonly reason: string;
}

/** One key of one peer's state databases. */
export interface StateEntry {
  /**
   * The chaincode's own if absent; else that of another database of the channel: `_lifecycle`, empty for the channel's own,
   * `bank$$hsecret` for the hashes of a private collection and `bank$$psecret` for its data.
   */
  readonly namespace?: string;
  readonly key: string;
  /** Canonical JSON when the value is a JSON object (begins with a brace), else the bytes in base64. */
  readonly value: string;
  /** `block:transaction`, as the peer stored it; empty for the savepoint of the channel's own database. */
  readonly version: string;
  /** Serialized metadata in base64, e.g. the endorsement policy of the key; absent where there is none. */
  readonly metadata?: string;
}

/** What a peer answered to a call that nobody ordered, all peers at one height. */
export interface PeerAnswer {
  /** Chaincode, function and arguments, as their author wrote them. */
  readonly query: string;
  /** Absent where the peer did not answer. */
  readonly result?: string;
  /** SHA-256 of what was read, keys and versions. */
  readonly reads?: string;
  readonly error?: string;
}

/** A filtered block as a long-lived listener saw it. */
export interface BlockEvent {
  readonly block: number;
  /** Milliseconds since the run started. */
  readonly at: number;
  readonly transactions: readonly { readonly id: string; readonly code: number }[];
}

/** An event that a chaincode set, as a listener at a peer heard it. */
export interface ChaincodeEventTold {
  readonly block: number;
  readonly transactionId: string;
  readonly chaincode: string;
  readonly name: string;
  /** In base64. */
  readonly payload: string;
}

/** Those of one peer: heard while the scenario ran, and told again afterwards from the first block on. */
export interface ChaincodeEventsOfPeer {
  readonly peer: string;
  readonly heard: Iterable<ChaincodeEventTold>;
  readonly replayed: Iterable<ChaincodeEventTold>;
}

/** State of the machines, before the first fault and after the last heal. */
export interface EnvironmentFacts {
  readonly before: EnvironmentProbe;
  readonly after: EnvironmentProbe;
}

export interface EnvironmentProbe {
  readonly machines: readonly { readonly number: number; readonly ready: boolean }[];
  readonly services: readonly {
    readonly name: string;
    readonly desired: number;
    readonly running: number;
  }[];
  readonly containers: readonly {
    readonly component: string;
    /** Docker's state, e.g. `running`, `paused`, `exited`. */
    readonly state: string;
    readonly oomKilled: boolean;
  }[];
  /** Traces of faults, one a line: iptables rules, ipsets, queueing disciplines, stopped processes; with the machine. */
  readonly leftovers: readonly string[];
  /** Overlay: who reaches whom. */
  readonly reachability: readonly {
    readonly from: string;
    readonly to: string;
    readonly ok: boolean;
  }[];
}

/** What an engine said; one line of `engine-events.jsonl`. */
export interface EngineEvent {
  /** Milliseconds since the run started, by the engine's word; all engines share the host's clock. */
  readonly at: number;
  /** `host`: the engine that the machines run in. `machine2`: the engine inside a machine. */
  readonly engine: string;
  /** `container`, `network`, `service`, …; `stream` for what the harness has to say about its listening. */
  readonly type: string;
  /** E.g. `die`, `health_status: healthy`. */
  readonly action: string;
  /** Of a component's container. */
  readonly component?: string;
  /** Of a machine's container. */
  readonly machine?: number;
  readonly id?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Contents of `logs.json`: what was saved of the components' logs, so that a gap or a cut can be told. */
export interface SavedLogs {
  readonly components: readonly {
    readonly component: string;
    readonly bytes: number;
    /** First twelve letters of the id of each container that it is of. */
    readonly containers: readonly string[];
  }[];
  /** Machines whose logs could not be read to their end, and why. */
  readonly problems: readonly string[];
}

export interface BlockSource {
  /** e.g. `peer0.org1`, `orderer1`. */
  readonly source: string;
  /**
   * Serialized blocks in the order in which the source gave them. A buffer is valid until the next one is pulled.
   * Iterating throws an Error where the saved file is damaged.
   */
  readonly blocks: Iterable<Buffer>;
}

/** All iterables can be iterated more than once. */
export interface Recording {
  readonly scenario: ScenarioFacts;
  /** Iterating throws an Error where the file is damaged. */
  readonly history: Iterable<HistoryRecord>;
  readonly channels: readonly string[];
  blocks(channel: string): readonly BlockSource[];
  state(
    channel: string,
  ): readonly { readonly peer: string; readonly entries: Iterable<StateEntry> }[];
  events(
    channel: string,
  ): readonly { readonly peer: string; readonly events: Iterable<BlockEvent> }[];
  /** Of the chaincode under test. */
  chaincodeEvents(channel: string): readonly ChaincodeEventsOfPeer[];
  answers(
    channel: string,
  ): readonly { readonly peer: string; readonly answers: Iterable<PeerAnswer> }[];
  /** `null` where it was not recorded. */
  readonly environment: EnvironmentFacts | null;
  /** The ordering service's own word. */
  readonly ordering: OrderingFacts | null;
  /** Its log of a channel, in order; `null` where it was not recorded. */
  orderingLog(channel: string): Iterable<OrderingRecord> | null;
  readonly logs: readonly {
    readonly component: string;
    readonly lines: Iterable<string>;
    /** Bytes, where they are known. */
    readonly size?: number;
  }[];
  readonly savedLogs: SavedLogs | null;
  readonly engineEvents: Iterable<EngineEvent>;
}
