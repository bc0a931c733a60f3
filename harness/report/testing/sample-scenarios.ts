import type { AuditResult, CheckResult, Verdict } from '../../audit/model.ts';
import type { FaultResult, ScenarioResult } from '../model.ts';
import { catalogue } from './sample-checks.ts';
import { load } from './sample-load.ts';

/** An audit in which all checks are valid but those named. */
export function audit(
  channel: string,
  changed: Readonly<Record<string, Partial<CheckResult> & { verdict: Verdict }>> = {},
): AuditResult {
  const checks = catalogue.map(({ id, name, guarantee, counts }): CheckResult => {
    const change = changed[id];
    return {
      id,
      name,
      guarantee,
      verdict: 'valid',
      evidence: [],
      ...change,
      counts: { ...counts, ...(change?.evidence ? { violations: change.evidence.length } : {}) },
    };
  });
  const has = (verdict: Verdict) =>
    checks.some((check) => check.verdict === verdict && check.applicable !== false);
  return {
    verdict: has('invalid') ? 'invalid' : has('unknown') ? 'unknown' : 'valid',
    checks,
    channels: [channel],
  };
}

export function scenario(
  name: string,
  from: number,
  seconds: number,
  rest: Partial<ScenarioResult> & Pick<ScenarioResult, 'load'>,
): ScenarioResult {
  const slug = name.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase();
  return {
    name,
    folder: `scenarios/${slug}`,
    file: `scenarios/pull-request/${slug}.ts`,
    line: 7,
    suite: 'pull-request',
    status: 'passed',
    channel: 'mychannel',
    startedAt: from,
    duration: seconds * 1000,
    faults: [],
    expectations: [],
    audit: audit('mychannel'),
    recovery: [],
    problems: [],
    excerpts: [],
    ...rest,
  };
}

export function fault(
  kind: string,
  role: string,
  targets: readonly string[],
  from: number,
  to: number | null,
  evidence: string,
): FaultResult {
  return {
    kind,
    role,
    targets,
    injectedAt: from,
    verifiedAt: from + 420,
    healedAt: to,
    ...(to === null ? {} : { healVerifiedAt: to + 900 }),
    confirmation: 'confirmed',
    evidence,
  };
}

const both = (
  fault: number,
  healedAt: number,
  first: number | null,
  second: number | null,
  budget: number,
) => [
  { faults: [fault], healedAt, orderer: 'orderer0', firstCommit: first, budget },
  { faults: [fault], healedAt, orderer: 'orderer1', firstCommit: second, budget },
];

/** One of each state. */
export function scenarios(): readonly ScenarioResult[] {
  return [
    scenario('Transfer balances between many accounts', 61_000, 34, {
      load: load({ from: 61_000, seconds: 34, rate: 48, seed: 1 }),
      audit: audit('mychannel', {
        F25: { verdict: 'unknown', applicable: false, reason: 'there was no fault' },
      }),
      expectations: [
        { id: 'F19', name: 'MVCC conflicts occur', met: true, expected: 'at least 1', seen: '118' },
        { id: 'F19', name: 'overdrafts are refused', met: true, expected: 'all 40', seen: '40' },
        { id: 'F19', name: 'operations ok', met: true, expected: '≥ 99 %', seen: '100 %' },
      ],
    }),
    scenario('Crash an orderer', 98_000, 52, {
      load: load({
        from: 98_000,
        seconds: 52,
        rate: 45,
        seed: 2,
        outages: [
          { from: 12, to: 24 },
          { from: 30, to: 40 },
        ],
        trouble: [
          { from: 12, to: 14, slowdown: 2.5, refused: 0.1, lost: 0.12 },
          { from: 14, to: 24, slowdown: 1.15, refused: 0, lost: 0 },
          { from: 30, to: 32, slowdown: 2.2, refused: 0.08, lost: 0.1 },
          { from: 32, to: 40, slowdown: 1.15, refused: 0, lost: 0 },
        ],
      }),
      faults: [
        fault(
          'crash',
          'orderer0',
          ['orderer0'],
          110_000,
          122_000,
          'exit code 137, port 7050 refuses',
        ),
        fault(
          'crash',
          'orderer1',
          ['orderer1'],
          128_000,
          138_000,
          'exit code 137, port 7050 refuses',
        ),
      ],
      recovery: [...both(1, 122_000, 3_180, 410, 30_000), ...both(2, 138_000, 520, 2_940, 30_000)],
      expectations: [
        {
          id: 'F19',

          name: 'operations ok during the fault',
          met: true,
          expected: '≥ 80 %',
          seen: '96 %',
        },
        {
          id: 'F19',
          name: 'the crashed orderer catches up',
          met: true,
          expected: 'within 30 s',
          seen: '3.2 s',
        },
      ],
      states: [
        { component: 'orderer0', at: 110_000, state: 'down' },
        { component: 'orderer0', at: 122_000, state: 'recovering' },
        { component: 'orderer0', at: 125_180, state: 'up' },
        { component: 'orderer1', at: 128_000, state: 'down' },
        { component: 'orderer1', at: 138_000, state: 'recovering' },
        { component: 'orderer1', at: 140_940, state: 'up' },
      ],
    }),
    scenario('Partition the Kafka leader from brokers and ZooKeeper', 153_000, 64, {
      status: 'failed',
      load: load({
        from: 153_000,
        seconds: 64,
        rate: 44,
        seed: 3,
        outages: [{ from: 14, to: 34 }],
        trouble: [
          { from: 14, to: 21, slowdown: 1, refused: 0.35, lost: 0.65 },
          { from: 21, to: 34, slowdown: 3.5, refused: 0.12, lost: 0.08 },
        ],
      }),
      faults: [
        fault(
          'isolate',
          "kafka.leader('mychannel')",
          ['kafka2'],
          167_000,
          187_000,
          'kafka2 → kafka0, kafka1, kafka3, zookeeper0–2: 6 of 6 connections refused',
        ),
      ],
      recovery: both(1, 187_000, 4_420, null, 20_000),
      problems: [
        'F8 same commit hash at every height: peer1.org2 differs from block 214 on',
        'orderer1 did not commit within 20 s of the heal (last height 213)',
      ],
      expectations: [
        {
          id: 'F19',

          name: 'operations ok during the fault',
          met: true,
          expected: '≥ 20 %',
          seen: '23 %',
        },
        {
          id: 'F19',

          name: 'orderer1 recovers',
          met: false,
          expected: 'within 20 s',
          seen: 'not at all',
        },
      ],
      audit: audit('mychannel', {
        F8: {
          verdict: 'invalid',
          evidence: [
            {
              message:
                'Block 214: commit hash 9f2c41d07b55… on peer0.org1, peer1.org1 and peer0.org2, 03ab77e19c2d… on peer1.org2',
              channel: 'mychannel',
              block: 214,
              sources: ['peer0.org1', 'peer1.org2'],
            },
          ],
        },
        F9: {
          verdict: 'invalid',
          evidence: [
            {
              message: 'account-0017: 1040 on three peers, 940 on peer1.org2',
              channel: 'mychannel',
              block: 214,
              key: 'account-0017',
              transactionId: '5d0c8be2a9c3f1e47ab0f6c7b1d98e20364f5a7cc0b1e2d3f4a5968778695a4b',
              sources: ['peer0.org1', 'peer1.org2'],
            },
            {
              message: 'account-0101: 20 on three peers, 120 on peer1.org2',
              channel: 'mychannel',
              block: 214,
              key: 'account-0101',
              sources: ['peer0.org1', 'peer1.org2'],
            },
          ],
        },
        F15: {
          verdict: 'unknown',
          reason: 'only 3 reads followed a commit of the same key; at least 20 are needed',
        },
      }),
      excerpts: [
        {
          component: 'peer1.org2',
          file: 'scenarios/partition-the-kafka-leader-from-brokers-and-zookeeper/logs/peer1.org2.log',
          anomaly: 2,
          lines: [
            '2026-11-24 13:23:12.118 UTC 03a1 INFO [gossip.privdata] StoreBlock -> Received block [213] from buffer channel=mychannel',
            '2026-11-24 13:23:12.131 UTC 03a2 INFO [kvledger] commit -> [mychannel] Committed block [213] with 10 transaction(s) in 11ms',
            '2026-11-24 13:23:12.790 UTC 03a3 WARN [statecouchdb] CommitUpdates -> Document update conflict for account-0017, retrying',
            '2026-11-24 13:23:12.804 UTC 03a4 INFO [kvledger] commit -> [mychannel] Committed block [214] with 10 transaction(s) in 29ms',
          ],
        },
        {
          component: 'orderer1',
          anomaly: 1,
          lines: [
            '2026-11-24 13:23:07.002 UTC 0107 INFO [orderer.consensus.kafka] processMessagesToBlocks -> [channel: mychannel] Go into the normal message loop',
            '2026-11-24 13:23:27.417 UTC 0108 ERRO [orderer.consensus.kafka] processMessagesToBlocks -> [channel: mychannel] Error during consumption: kafka: error while consuming mychannel/0: read tcp 10.0.1.31:49822->10.0.1.19:9092: i/o timeout',
            '2026-11-24 13:23:27.417 UTC 0109 WARN [orderer.consensus.kafka] processMessagesToBlocks -> [channel: mychannel] Deliver sessions will be dropped if consumption errors continue.',
          ],
        },
      ],
      states: [
        { component: 'kafka2', at: 167_000, state: 'isolated' },
        { component: 'kafka2', at: 187_000, state: 'recovering' },
        { component: 'kafka2', at: 191_200, state: 'up' },
        { component: 'orderer1', at: 187_000, state: 'down' },
        { component: 'peer1.org2', at: 199_000, state: 'degraded' },
      ],
    }),
    scenario('Freeze an orderer for longer than the client waits', 220_000, 41, {
      status: 'flaky',
      load: load({
        from: 220_000,
        seconds: 41,
        rate: 45,
        seed: 4,
        outages: [{ from: 10, to: 26 }],
        trouble: [{ from: 10, to: 26, slowdown: 1.6, refused: 0.02, lost: 0.28 }],
      }),
      faults: [
        fault('freeze', 'orderer1', ['orderer1'], 230_000, 246_000, 'state T, no answer in 2 s'),
      ],
      recovery: both(1, 246_000, 610, 1_290, 15_000),
      problems: [
        'Failed once of 2 attempts under seed 42: 52 % of operations ok during the fault, expected ≥ 55 %',
      ],
      expectations: [
        {
          id: 'F19',

          name: 'operations ok during the fault',
          met: true,
          expected: '≥ 55 %',
          seen: '59 %',
        },
      ],
    }),
    scenario('Lose machine 3 and give it back', 264_000, 75, {
      status: 'timed-out',
      load: load({
        from: 264_000,
        seconds: 75,
        rate: 40,
        seed: 5,
        outages: [{ from: 15, to: 55 }],
        trouble: [
          { from: 15, to: 18, slowdown: 1, refused: 0, lost: 1 },
          { from: 18, to: 55, slowdown: 1, refused: 1, lost: 0 },
        ],
      }),
      faults: [
        {
          ...fault(
            'loseMachine',
            'machine(3)',
            ['machine 3'],
            279_000,
            319_000,
            'Swarm node Down, no ping',
          ),
          machine: 3,
        },
      ],
      recovery: both(1, 319_000, 8_800, 11_250, 60_000),
      problems: [
        'Not finished within 75 s: waited for kafka0 to rejoin the in-sync replicas (2 of 3)',
      ],
      audit: audit('mychannel', {
        F6: { verdict: 'unknown', reason: 'heights had not settled when time was up' },
      }),
    }),
    scenario('Crash a peer and its CouchDB in mid-commit', 342_000, 19, {
      status: 'interrupted',
      load: load({
        from: 342_000,
        seconds: 19,
        rate: 45,
        seed: 6,
        outages: [{ from: 11, to: 19 }],
        trouble: [{ from: 11, to: 19, slowdown: 1.1, refused: 0.05, lost: 0.02 }],
      }),
      faults: [
        fault(
          'crash',
          'peer0.org2 and its state database',
          ['peer0.org2', 'couchdb0.org2'],
          353_000,
          null,
          'both exited with code 137',
        ),
        {
          kind: 'delay',
          role: 'peers of Org1MSP',
          targets: ['peer0.org1', 'peer1.org1'],
          injectedAt: 357_000,
          healedAt: null,
          confirmation: 'inconclusive',
          evidence: 'round trip 0.4 ms before, 31 ms after; wanted 80 ± 10 ms',
        },
      ],
      audit: null,
      problems: ['Interrupted by SIGINT 8 s into the fault; healed and torn down'],
    }),
    scenario('Fill the disk of a broker', 0, 0, {
      status: 'not-run',
      audit: null,
      load: {
        before: { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 },
        during: { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 },
        recovering: { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 },
        after: { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 },
        outages: [],
        backlogDrain: null,
        series: [],
        blocks: [],
      },
    }),
  ];
}
