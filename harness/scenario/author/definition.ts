import type { AnyInvariant, Invariant } from '../../audit/invariant.ts';
import type { Fault } from '../../faults/model.ts';
import type { OrderingType } from '../../topology/services/index.ts';
import { CLIENT_KINDS, type ClientKind, isClientKind } from '../../workload/client.ts';
import type { TransferProfile } from '../../workload/profile.ts';

/** A fault on the scenario's time axis. */
export interface FaultStep {
  readonly fault: Fault;
  /** Milliseconds from the start of the load to the injection. */
  readonly at: number;
  /** Milliseconds from the confirmed injection to the heal. */
  readonly for: number;
}

/** What must be true of the run besides the ledger's invariants. */
export interface Expect {
  /** From each heal that leaves no fault in force to the first VALID commit through each orderer, ms. */
  readonly recovery?: number;
  /** From each such heal until every transfer that was pending then has ended, ms; not judged unless told. */
  readonly backlog?: number;
  /**
   * Least share of operations that must get the answer of a working network, by phase; *after* is after recovery. Without
   * it 0.9 before and 0.8 after, where there are any. Phases are defined in `workload/statistics/outages.ts`.
   */
  readonly ok?: { readonly before?: number; readonly during?: number; readonly after?: number };
  /** Most share of transfers that may be told ok while the faults are in force; 0 means that writes must be refused. */
  readonly mostOkDuring?: number;
  /** Least number of MVCC conflicts that the chain must hold; 0 unless told. */
  readonly conflicts?: number;
  /** Least number of submits of the load that must have ended; 20 unless told. Below, the scenario is undecided. */
  readonly operations?: number;
  /** Log lines that are part of this scenario although they look bad. */
  readonly allowedLogs?: readonly { readonly pattern: string; readonly reason: string }[];
}

/** What must be true, and what else where a network is ordered otherwise. */
export interface ExpectByOrdering extends Expect {
  /** Replaces single expectations on networks with that ordering service; `undefined` takes one away. */
  readonly on?: Partial<Readonly<Record<OrderingType, Overrides>>>;
}
type Overrides = { readonly [K in keyof Expect]?: Expect[K] | undefined };

/** The expectations that hold for an ordering service. */
export function expectationsOn(
  { on = {}, ...common }: ExpectByOrdering,
  type: OrderingType,
): Expect {
  const merged = Object.entries({ ...common, ...on[type] });
  return Object.fromEntries(merged.filter(([, value]) => value !== undefined));
}

/** What an author writes; set-up, verification, healing, audit and report are the harness's. */
export interface ScenarioDefinition {
  readonly load: TransferProfile | CustomLoad;
  readonly faults?: readonly FaultStep[];
  /** Milliseconds that the load runs when there is no fault; 10 s unless told. */
  readonly duration?: number;
  readonly expect?: ExpectByOrdering;
  /** What must be true of the chaincode's state and of what clients were told, e.g. `conserved('amount')`. */
  readonly invariants?: readonly AnyInvariant[];
}

/** A load for a chaincode of the author's own. */
export interface CustomLoad {
  readonly kind: 'calls';
  readonly chaincode: string;
  /** Other chaincodes on the scenario's channel: for calls that name one, and for chaincode that calls chaincode. */
  readonly also?: readonly string[];
  /** Names of the organisations that are on the scenario's channel; all unless told. */
  readonly organisations?: readonly string[];
  /** Further channels of the scenario, by a name of the author's, with the chaincodes on each. */
  readonly channels?: Readonly<Record<string, FurtherChannel>>;
  /** What the clients are made with; `harness` unless told. */
  readonly client?: ClientKind;
  readonly clients: number;
  /** Run once, before the load. */
  readonly setUp: readonly Call[];
  /** Whom the clients act as, in turn; a client of each organisation in turn unless told. */
  readonly users?: readonly LoadUser[];
  /** What asks in place of {@link next}: a program of the author's own, see {@link program}. */
  readonly program?: ProgramLoad;
  /** Operations a second of all clients together; without it each client asks again once it was answered. */
  readonly rate?: number;
  /**
   * The next operation of a client.
   *
   * @param client its number, from 0
   * @param number of the operation, from 0
   * @param random from the run's seed
   */
  readonly next: (client: number, number: number, random: () => number) => Call;
  /**
   * What is sent through each orderer, every half second while there are faults, to measure its recovery. Unless told it is
   * what `next` gives for numbers from a million on, a million for each orderer, so that keys made of them are new.
   *
   * @param orderer its name
   * @param number of the probe, from 0
   */
  readonly probe?: (orderer: string, number: number) => Call;
  /**
   * What is wrong with the answer to a read, or nothing: asked of each `evaluate` that was answered, with the state at each
   * height that its peer had meanwhile, until it is right at one. It is saved as text and may use its arguments alone, as
   * an invariant's functions.
   */
  readonly verify?: NonNullable<Invariant['read']>;
}

/** Chaincodes of a channel, the first is what calls on it are for that name none; and its members if not all. */
export type FurtherChannel =
  | readonly [string, ...string[]]
  | {
      readonly chaincodes: readonly [string, ...string[]];
      readonly organisations: readonly string[];
    };

/** A further channel in the long form. */
export const furtherChannel = (
  given: FurtherChannel,
): { readonly chaincodes: readonly string[]; readonly organisations?: readonly string[] } =>
  'chaincodes' in given ? given : { chaincodes: given };

export interface Call {
  readonly function: string;
  readonly args: readonly string[];
  /** One of the channel's others; the first unless told. */
  readonly chaincode?: string;
  /** One of the load's further channels, by its name there; the scenario's own unless told. */
  readonly channel?: string;
  /**
   * Whether the chaincode is to refuse it: `expected`, it must; `possible`, it may. A refusal that was not announced is a
   * failure of the scenario.
   */
  readonly refusal?: 'expected' | 'possible';
  /** Asks one peer, and sends nothing for ordering. */
  readonly evaluate?: boolean;
  /** Name of the peer that is asked; without it the client's organisation's peers take turns. */
  readonly peer?: string;
  /** Transient fields: for the endorsers' eyes only, and in no history and no report. */
  readonly transient?: Readonly<Record<string, string | Uint8Array>>;
  /** Names of the organisations that are to endorse, e.g. for a policy of a key or of a collection; all unless told. */
  readonly endorsers?: readonly string[];
  /** It is the call that initialises a chaincode which requires one. */
  readonly init?: boolean;
}

/** A program that runs beside the faults. */
export interface ProgramLoad {
  /** E.g. `['node', 'client.mjs']`. */
  readonly command: readonly string[];
  /** Where it runs; the current folder unless told. */
  readonly folder?: string;
  /** Run there to its end before the load, e.g. `['npm', 'ci']`. */
  readonly build?: readonly string[];
}

/**
 * A load that a program gives: it runs from the start of the load until it gets a SIGTERM. Its environment says where an
 * export of the network lies (`HARNESS_EXPORT`, as of `harness export`) and what to call (`HARNESS_CHANNEL`,
 * `HARNESS_CHAINCODE`); it comes as the exported user of the first organisation. For each operation it may print a line of
 * JSON, `{"function":"…","args":["…"],"transactionId":"…","outcome":"ok"}`, outcome `ok`, `fail` or `unknown`; of a program
 * that prints none the transactions are found in the ledger, by its identity.
 *
 * @param options `probe` measures recovery through each orderer, as in {@link calls}
 */
export const program = (
  options: ProgramLoad &
    Pick<CustomLoad, 'chaincode'> &
    Required<Pick<CustomLoad, 'probe'>> & { readonly setUp?: CustomLoad['setUp'] },
): CustomLoad => {
  const { command, folder, build, setUp = [], ...rest } = options;
  return {
    ...rest,
    kind: 'calls',
    clients: 1,
    setUp,
    next: () => {
      throw new Error('a load of a program: it has no calls of its own');
    },
    program: {
      command,
      ...(folder === undefined ? {} : { folder }),
      ...(build === undefined ? {} : { build }),
    },
  };
};

/** A client's identity at its organisation's CA. */
export interface LoadUser {
  readonly name: string;
  /** E.g. `Org1`. */
  readonly organisation: string;
  /** In its certificate, where chaincode can read them (ABAC). */
  readonly attributes?: Readonly<Record<string, string>>;
}

/** The chaincodes that a load calls, or that are there to be called by others. */
export const chaincodesOf = (load: ScenarioDefinition['load']): string[] =>
  load.kind === 'calls'
    ? [
        ...new Set([
          load.chaincode,
          ...(load.also ?? []),
          ...Object.values(load.channels ?? {}).flatMap((one) => furtherChannel(one).chaincodes),
        ]),
      ]
    : [chaincodeOf(load)];

/** The chaincode that a load is for. */
export const chaincodeOf = (load: ScenarioDefinition['load']): string =>
  load.kind === 'calls' ? load.chaincode : 'bank';

/** A load that calls the functions of any chaincode. @throws Error for a client that there is not */
export function calls(options: Omit<CustomLoad, 'kind'>): CustomLoad {
  const { client } = options;
  if (client !== undefined && !isClientKind(client)) {
    throw new Error(`calls: client: expected ${CLIENT_KINDS.join(', ')}, got ${client}`);
  }
  return { kind: 'calls', ...options };
}

/** What the clients of a scenario's load are made with. */
export const clientOf = ({ load }: Pick<ScenarioDefinition, 'load'>): ClientKind =>
  load.client ?? 'harness';

/**
 * The next operation in shares, e.g. `next: shares([0.8, write], [0.2, read])`. The run's seed decides.
 *
 * @throws Error unless the shares add up to 1
 */
export function shares(
  ...parts: readonly (readonly [number, CustomLoad['next']])[]
): CustomLoad['next'] {
  const sum = parts.reduce((total, [share]) => total + share, 0);
  if (Math.abs(sum - 1) > 1e-9) throw new Error(`shares: expected a sum of 1, seen ${sum}`);
  return (client, number, random) => {
    let left = random();
    const part = parts.find(([share]) => {
      left -= share;
      return left < 0;
    });
    const [, next] = part ?? (parts.at(-1) as (typeof parts)[number]);
    return next(client, number, random);
  };
}

/** Puts a fault on the time axis, e.g. `during(crash(orderer('orderer0')), { at: seconds(3), for: seconds(8) })`. */
export const during = (
  fault: Fault,
  when: { readonly at: number; readonly for: number },
): FaultStep => ({
  fault,
  ...when,
});

export const seconds = (value: number): number => value * 1_000;
