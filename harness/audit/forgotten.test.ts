import { noneLost } from './checks/transactions.ts';
import { forgetting } from './forgotten.ts';
import { judge } from './testing/forge.ts';
import type { LedgerBuilder } from './testing/ledger-builder.ts';
import { opened } from './testing/scene.ts';

const ORDERERS = ['orderer0', 'orderer1'];
const STARTED = Date.parse('2026-11-28T19:22:11.000Z');
const at = (time: string) => Date.parse(`2026-11-28T${time}Z`) - STARTED;
const changed = (time: string, channel = 'mychannel', to = 0) =>
  `2026-11-28T${time}Z INFO [orderer.consensus.etcdraft] run -> Raft leader changed: 3 -> ${to} channel=${channel} node=1`;
const served = (time: string) =>
  `2026-11-28T${time}Z INFO [orderer.common.server] Main -> Beginning to serve requests`;

const raft = { type: 'raft', startedAt: STARTED, forgetsWithinMs: 3_300 } as const;
const bft = { type: 'bft', startedAt: STARTED, forgetsWithinMs: Number.MAX_SAFE_INTEGER } as const;
const logs = [
  { component: 'orderer0', lines: [changed('19:24:06.657')] },
  {
    component: 'orderer1',
    lines: [
      'noise',
      served('19:24:11.673'),
      changed('19:24:25.672', 'mychannel', 1),
      changed('19:24:40.000', 'a'),
    ],
  },
  { component: 'peer0.org1', lines: [changed('19:30:00.000')] },
];

describe('forgetting', () => {
  const byRaft = forgetting({ ordering: raft, logs }, 'mychannel', ORDERERS);
  const byBft = forgetting({ ordering: bft, logs }, 'mychannel', ORDERERS);

  it.each<[string, string, boolean, string?]>([
    ['just before anyone saw the leader change', '19:24:06.600', true],
    ['as long before as it takes to notice', '19:24:03.400', true],
    ['longer before', '19:24:03.300', false],
    ['by the one that has seen it, after the change', '19:24:06.700', false, 'orderer0'],
    ['by one that has yet to see it, after the change', '19:24:06.700', true],
    ['by it, after it has seen another leader', '19:24:25.700', false],
    ['before a change of another channel', '19:24:39.900', false],
    ['before a line that a peer logged', '19:29:59.900', false],
  ])('Raft: an acknowledgement %s', (_, time, expected, orderer = 'orderer1') => {
    expect(byRaft({ orderer, at: at(time) })).toBe(expected);
  });

  it.each([
    ['since the last block of an orderer that dropped what came after', '19:26:41.408', true],
    ['just before that block, which need not hold it', '19:26:38.000', true],
    ['long before that block', '19:26:37.000', false],
    ['after the drop', '19:26:51.000', false],
  ])('Raft: an acknowledgement %s', (_, time, expected) => {
    const line = (when: string, text: string) =>
      `2026-11-28T${when}Z INFO [orderer.consensus.etcdraft] x -> ${text} channel=mychannel node=3`;
    const deposed = {
      component: 'orderer0',
      lines: [
        line('19:26:40.651', 'Writing block [12] (Raft index: 16) to ledger'),
        line('19:26:50.987', 'replace the unstable entries from index 17'),
        line('19:26:58.000', 'Writing block [13] (Raft index: 19) to ledger'),
      ],
    };
    const byDrop = forgetting({ ordering: raft, logs: [deposed] }, 'mychannel', ORDERERS);
    expect(byDrop({ orderer: 'orderer1', at: at(time) })).toBe(expected);
  });

  it.each([
    ['by the orderer that restarted later', 'orderer1', '19:23:00.000', true],
    ['by it, after it had restarted', 'orderer1', '19:24:12.000', false],
    ['by one that did not restart', 'orderer0', '19:23:00.000', false],
  ])('BFT: an acknowledgement %s', (_, orderer, time, expected) => {
    expect(byBft({ orderer, at: at(time) })).toBe(expected);
  });

  it('Kafka never forgets, nor does a service of which nothing was recorded', () => {
    const topics = {};
    const acknowledgement = { orderer: 'orderer0', at: at('19:24:06.600') };
    const kafka = { ordering: { type: 'kafka', topics }, logs } as const;
    expect(forgetting(kafka, 'mychannel', ORDERERS)(acknowledgement)).toBe(false);
    expect(forgetting({ ordering: null, logs }, 'mychannel', ORDERERS)(acknowledgement)).toBe(
      false,
    );
  });
});

describe('F1 where an orderer may forget', () => {
  /** A transfer that an orderer acknowledged, of which the client heard no more, and which is in no block. */
  const lost = (leaderChangesAt: number | undefined, facts: object = {}) => {
    const ledger: LedgerBuilder = opened();
    const { operation } = ledger.endorse('transfer', ['a0', 'a1', '1']);
    ledger.history.push({
      type: 'complete',
      operation,
      outcome: 'unknown',
      at: ledger.now + 15_000,
      orderer: 'orderer1',
      acknowledgedAt: ledger.now,
    });
    const time = new Date(STARTED + ledger.now + (leaderChangesAt ?? 0))
      .toISOString()
      .slice(11, 23);
    const recording = ledger.recording();
    recording.ordering = raft;
    recording.scenario = { ...recording.scenario, ...facts };
    recording.logs = [
      { component: 'orderer0', lines: leaderChangesAt === undefined ? [] : [changed(time)] },
    ];
    return judge(noneLost, recording);
  };

  it('counts one that was acknowledged just before the leader changed as never ordered', () => {
    const { counts, evidence } = lost(200);
    expect(evidence).toEqual([]);
    expect(counts).toMatchObject({ 'acknowledged, never ordered': 1, violations: 0 });
  });

  it('leaves it open where others have the logs', () => {
    expect(lost(undefined, { runByOthers: true })).toMatchObject({
      verdict: 'unknown',
      reason: expect.stringMatching(/acknowledged and never ordered; .* others have those$/),
      counts: { 'acknowledged, never ordered': 1, violations: 0 },
    });
  });

  it('takes it for lost when the leader stayed, or changed too late to explain it', () => {
    expect(lost(undefined)).toMatchObject({ verdict: 'invalid', counts: { violations: 1 } });
    expect(lost(5_000)).toMatchObject({ verdict: 'invalid', counts: { violations: 1 } });
  });

  it('excuses one that was sent again only when every acknowledgement is explained', () => {
    const again = (at: number) => {
      const ledger: LedgerBuilder = opened();
      const { operation } = ledger.endorse('transfer', ['a0', 'a1', '1']);
      const acknowledgedAt = ledger.now;
      ledger.history.push({
        type: 'complete',
        operation,
        outcome: 'unknown',
        at: ledger.now + 15_000,
        orderer: 'orderer1',
        acknowledgedAt,
        acknowledgedAgain: [{ orderer: 'orderer1', at: acknowledgedAt + at }],
      });
      const time = new Date(STARTED + acknowledgedAt + 200).toISOString().slice(11, 23);
      const recording = ledger.recording();
      recording.ordering = raft;
      recording.logs = [{ component: 'orderer0', lines: [changed(time)] }];
      return judge(noneLost, recording);
    };
    expect(again(100).counts).toMatchObject({ 'acknowledged, never ordered': 1, violations: 0 });
    expect(again(4_000)).toMatchObject({ verdict: 'invalid', counts: { violations: 1 } });
  });

  it('counts what came only once it had been sent again', () => {
    const ledger: LedgerBuilder = opened();
    const endorsed = ledger.endorse('transfer', ['a0', 'a1', '1']);
    const acknowledgedAt = ledger.now;
    const acknowledgedAgain = [{ orderer: 'orderer1', at: ledger.now + 1 }];
    ledger.order(endorsed, {
      ...{ outcome: 'ok', block: ledger.height, code: 'VALID', stage: 'commit' },
      ...{ orderer: 'orderer0', acknowledgedAt, acknowledgedAgain },
    });
    ledger.cut();
    const recording = ledger.recording();
    recording.ordering = raft;
    recording.logs = [{ component: 'orderer0', lines: [] }];
    expect(judge(noneLost, recording).counts).toMatchObject({
      'acknowledged, never ordered': 1,
      violations: 0,
    });
  });

  it.each([
    ['every orderer that had it has restarted since', ['orderer0', 'orderer1'], 'valid', 1],
    ['one that had it has not restarted', ['orderer0', 'orderer2'], 'invalid', 0],
  ])('BFT, sent to all: %s', (_, acknowledgedBy, verdict, excused) => {
    const ledger: LedgerBuilder = opened();
    const { operation } = ledger.endorse('transfer', ['a0', 'a1', '1']);
    ledger.history.push({
      type: 'complete',
      operation,
      outcome: 'unknown',
      at: ledger.now + 15_000,
      orderer: 'orderer0',
      acknowledgedBy,
      acknowledgedAt: ledger.now,
    });
    const time = new Date(STARTED + ledger.now + 500).toISOString().slice(11, 23);
    const recording = ledger.recording();
    recording.ordering = bft;
    recording.logs = ORDERERS.map((component) => ({ component, lines: [served(time)] }));
    const result = judge(noneLost, recording);
    expect(result.counts['acknowledged, never ordered'] ?? 0).toBe(excused);
    expect(result.verdict === 'invalid').toBe(verdict === 'invalid');
  });
});
