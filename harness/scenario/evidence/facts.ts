import type { ScenarioFacts } from '../../audit/recording.ts';
import type { ScenarioDefinition } from '../author/definition.ts';
import { shareExpectations } from '../run/expectations.ts';
import { namespacesOf } from './state.ts';

/** What the network and the runner add to a definition. Times in milliseconds. */
export interface Circumstances {
  readonly name: string;
  readonly channel: {
    readonly name: string;
    /** Height once chaincode is committed; what comes after belongs to the scenario. */
    readonly startHeight: number;
  };
  readonly chaincode: string;
  readonly peers: readonly string[];
  readonly orderers: readonly string[];
  /** Budget of a recovery. */
  readonly recovery: number;
  /** Longest that a client waits. */
  readonly patience: number;
}

/** What the audit must know of a scenario to judge it, now and later. */
export function scenarioFacts(
  { expect = {}, faults = [], load }: ScenarioDefinition,
  { name, channel, chaincode, peers, orderers, recovery, patience }: Circumstances,
): ScenarioFacts {
  const reads = 'kind' in load ? 0 : load.reads.share;
  const backlog = expect.backlog === undefined ? {} : { backlog: expect.backlog };
  return {
    schema: 1,
    name,
    chaincode,
    workload: chaincode === 'bank' ? 'bank' : 'other',
    channels: { [channel.name]: { peers, orderers, startHeight: channel.startHeight } },
    namespaces: namespacesOf(chaincode),
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
