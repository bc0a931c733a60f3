import type { FaultResult, RunResult, ScenarioResult } from '../model.ts';
import { load } from './sample-load.ts';
import { audit, fault, scenario, scenarios } from './sample-scenarios.ts';

/**
 * A run as rich as they come: passed, failed with evidence, flaky, timed out, interrupted and not run. Made by
 * arithmetic from a fixed seed, so that tests and pictures repeat.
 */

const machines = [
  {
    number: 1,
    components: [
      'orderer0',
      'peer0.org1',
      'peer1.org1',
      'ca.org1',
      'couchdb0.org1',
      'couchdb1.org1',
      'mongo',
      'mongo-express',
      'api',
    ],
  },
  {
    number: 2,
    components: [
      'zookeeper2',
      'kafka2',
      'kafka3',
      'peer0.org2',
      'peer1.org2',
      'ca.org2',
      'couchdb0.org2',
      'couchdb1.org2',
    ],
  },
  { number: 3, components: ['zookeeper0', 'zookeeper1', 'kafka0', 'kafka1', 'orderer1'] },
];

/** A run that passed but for a file without a result and one that was never begun. */
export function incompleteRun(): RunResult {
  const run = passedRun();
  const [first] = run.scenarios;
  if (!first) throw new Error('expected a scenario in the passed run, seen none');
  const counts = { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 };
  const absent = (
    name: string,
    status: ScenarioResult['status'],
    problem: string,
  ): ScenarioResult => ({
    ...{ name, status, problems: [problem], folder: '', file: `/own/${name}`, line: 1 },
    ...{ suite: first.suite, channel: '', startedAt: 0, duration: 0, audit: null },
    ...{ faults: [], expectations: [], recovery: [], excerpts: [] },
    load: {
      ...{ before: counts, during: counts, recovering: counts, after: counts, outages: [] },
      ...{ backlogDrain: null, series: [], blocks: [] },
    },
  });
  return {
    ...run,
    scenarios: [
      ...run.scenarios,
      absent('broken.scenario.ts', 'failed', 'the file gave no result; its output is above'),
      absent('later.scenario.ts', 'not-run', 'the run was interrupted before it began'),
    ],
  };
}

/** The rich sample: interrupted with Ctrl-C in its sixth scenario. */
export function sampleRun(): RunResult {
  return {
    schema: 2,
    id: '2026-11-24T13-20-00-k3f9',
    startedAt: '2026-11-24T13:20:00.000Z',
    endedAt: '2026-11-24T13:26:08.400Z',
    seed: 42,
    state: 'interrupted',
    settings: { suite: 'pull-request', topology: 'article', engine: 'own, rootful' },
    versions: {
      'Fabric peer, orderer': '2.5.9',
      'Fabric CA': '1.5.15',
      Kafka: '3.9.2',
      ZooKeeper: '3.8.4',
      couchdb: 'PouchDB-based compatible server (stand-in)',
      mongo: 'FerretDB 1.24.2 with SQLite (stand-in)',
      'Docker on the machines': '26.1.5',
      Node: '24.21.0',
    },
    network: {
      name: 'fabric_net',
      topology: 'article',
      machines,
      steps: [
        { step: 'images', seconds: 2.1 },
        { step: 'machines', seconds: 6.4 },
        { step: 'swarm', seconds: 3.2 },
        { step: 'crypto material', seconds: 1.9 },
        { step: 'stack', seconds: 14.8 },
        { step: 'channel', seconds: 9.7 },
        { step: 'chaincode', seconds: 12.5 },
      ],
    },
    scenarios: scenarios(),
    problems: [],
  };
}

/** All went well: what most people see most of the time. */
export function passedRun(): RunResult {
  const run = sampleRun();
  return {
    ...run,
    state: 'completed',
    scenarios: run.scenarios.filter(({ status }) => status === 'passed'),
  };
}

/** Killed while the network came up: no end, no scenario, no audit. */
export function abortedRun(): RunResult {
  const run = sampleRun();
  return {
    ...run,
    state: 'running',
    endedAt: null,
    scenarios: [],
    network: { ...run.network, steps: run.network.steps.slice(0, 3) },
    problems: [
      'stack: kafka3 not ready within 60 s: expected the log line "started (kafka.server.KafkaServer)", seen "Connection to zookeeper2 timed out"; see logs/kafka3.log',
    ],
  };
}

/** Nothing in it is of a usual size: long names without blanks, many faults, three orderers, an hour of load. */
export function extremeRun(): RunResult {
  const run = sampleRun();
  const long = 'averyveryverylongnamewithoutanyblankinitthatmustnotpushanythingoutofthewindow';
  const kinds = ['crash', 'freeze', 'isolate', 'delay', 'full-disk', 'restart'];
  const hour = load({ from: 0, seconds: 3600, rate: 900, seed: 9 });
  const faults = Array.from({ length: 30 }, (_, index): FaultResult => {
    const from = 60_000 + index * 115_000 + (index % 3) * 20_000;
    const kind = kinds[index % kinds.length] ?? 'crash';
    const target = index % 7 === 0 ? `peer0.${long}` : `kafka${index % 4}`;
    return fault(kind, `kafka.isr('${long}')`, [target], from, from + 40_000, long);
  });
  return {
    ...run,
    id: `${run.id}-${long}`,
    state: 'failed',
    seed: 9_007_199_254_740_991,
    settings: { [long]: long },
    versions: { ...run.versions, couchdb: long, [long]: long },
    network: {
      ...run.network,
      topology: long,
      machines: [...run.network.machines, { number: 4, components: [`peer0.${long}`] }],
      steps: [...run.network.steps, { step: long, seconds: 1234.5 }],
    },
    problems: [long, `${long} `.repeat(6).trim()],
    scenarios: [
      scenario(long, 0, 3600, {
        status: 'failed',
        channel: long,
        load: {
          ...hour,
          during: {
            ok: 3_456_789,
            refused: 0,
            refusedUnexpectedly: 0,
            fail: 2_765_432,
            unknown: 345_678,
          },
        },
        faults,
        recovery: ['orderer0', 'orderer1', 'orderer2'].map((orderer) => ({
          orderer,
          faults: [1],
          healedAt: 0,
          firstCommit: 3_599_000,
          budget: 30_000,
        })),
        expectations: [{ id: long, name: long, met: false, expected: long, seen: long }],
        problems: [long, `${long} `.repeat(6).trim()],
        excerpts: [{ component: long, lines: [long.repeat(30), 'short'], anomaly: 0 }],
        audit: audit(long, {
          F4: {
            verdict: 'invalid',
            name: long,
            guarantee: `${long} `.repeat(4).trim(),
            evidence: Array.from({ length: 40 }, () => ({
              message: long.repeat(4),
              key: long.repeat(3),
              sources: [long, long],
            })),
          },
          F5: { verdict: 'unknown', reason: long },
          F6: { verdict: 'invalid', evidence: [{ message: long }] },
          F7: { verdict: 'invalid', evidence: [{ message: long }] },
        }),
      }),
      ...run.scenarios.slice(1, 2),
    ],
  };
}
