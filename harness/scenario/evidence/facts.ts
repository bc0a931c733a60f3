import { savedInvariant, verified } from '../../audit/invariant.ts';
import type { AvailabilityExpectation, ScenarioFacts } from '../../audit/recording.ts';
import {
  chaincodeOf,
  chaincodesOf,
  clientOf,
  type ScenarioDefinition,
} from '../author/definition.ts';

/** Shares of a load that nobody says anything about: without faults, or once recovered, a network answers. */
const DEFAULT_OK = { before: 0.9, after: 0.8 };

/** What the network and the runner add to a definition. Times in milliseconds. */
export interface Circumstances {
  readonly channels: readonly {
    readonly name: string;
    /** Height once chaincode is committed; what comes after belongs to the scenario. */
    readonly startHeight: number;
    /** Whose events are listened for; the scenario's if absent. */
    readonly chaincode?: string;
    readonly peers: readonly string[];
    /** MSP id by peer. */
    readonly organisations: Readonly<Record<string, string>>;
  }[];
  readonly orderers: readonly string[];
  /** Peers whose databases can be read; all if absent. */
  readonly databases?: readonly string[] | undefined;
  /** The harness has no hand on the network's machines. */
  readonly runByOthers?: boolean;
  /** Budget of a recovery. */
  readonly recovery: number;
  /** Longest that a client waits. */
  readonly patience: number;
}

/** What the audit must know of a scenario to judge it, now and later. */
export function scenarioFacts(
  { expect = {}, faults = [], load }: ScenarioDefinition,
  { channels, orderers, databases, runByOthers, recovery, patience }: Circumstances,
): Partial<ScenarioFacts> {
  const reads = load.kind === 'calls' ? 0 : load.reads.share;
  const backlog = expect.backlog === undefined ? {} : { backlog: expect.backlog };
  const chaincode = chaincodeOf(load);
  const others = chaincodesOf(load).filter((name) => name !== chaincode);
  return {
    chaincode,
    ...(others.length > 0 && { otherChaincodes: others }),
    workload: chaincode === 'bank' ? 'bank' : 'other',
    channels: Object.fromEntries(
      channels.map(({ name, startHeight, chaincode: own = chaincode, ...on }, index) => {
        const listened = own === chaincode ? {} : { chaincode: own };
        const read = databases && { databases };
        // What the scenario asks for is asked of all channels together, in its own above all.
        const least = index === 0 ? {} : { leastOperations: 1 };
        const common = { peers: on.peers, organisations: on.organisations, orderers, startHeight };
        return [name, { ...common, ...read, ...listened, ...least }];
      }),
    ),
    ...(runByOthers && { runByOthers }),
    namespaces: 'all',
    patience,
    floors: {
      operations: expect.operations ?? 20,
      conflicts: expect.conflicts ?? 0,
      reads: reads > 0 ? 1 : 0,
    },
    expectations: {
      ...(faults.length > 0 ? { recovery: { orderers, budget: recovery, ...backlog } } : {}),
      availability: shareExpectations(expect),
    },
    allowedLogs: [...(expect.allowedLogs ?? [])],
  };
}

/** What the scenario expects of the load's shares. */
function shareExpectations({
  ok,
  mostOkDuring,
}: NonNullable<ScenarioDefinition['expect']>): AvailabilityExpectation[] {
  const kind = 'submit' as const;
  const least: NonNullable<typeof ok> = ok ?? DEFAULT_OK;
  const byDefault = ok === undefined ? { byDefault: true } : {};
  return [
    ...(['before', 'during', 'after'] as const).flatMap((phase) => {
      const leastAnswered = least[phase];
      return leastAnswered === undefined ? [] : [{ phase, kind, leastAnswered, ...byDefault }];
    }),
    ...(mostOkDuring === undefined
      ? []
      : [{ phase: 'during' as const, kind, mostOkInForce: mostOkDuring }]),
  ];
}

/** What the file of a scenario says of it, before anything has happened. */
export const declaredFacts = ({
  faults = [],
  invariants = [],
  load,
}: Pick<ScenarioDefinition, 'faults' | 'invariants' | 'load'>): Partial<ScenarioFacts> => {
  const ofLoad = load.kind === 'calls' && load.verify ? [verified(load.verify)] : [];
  const all = [...invariants, ...ofLoad];
  return {
    kind: 'scenario',
    client: clientOf({ load }),
    faults: faults.map(({ fault }) => ({ text: fault.text, role: fault.role.text })),
    ...(all.length > 0 && { invariants: all.map(savedInvariant) }),
  };
};
