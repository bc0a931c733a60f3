import { audit, overall } from './audit.ts';
import type { CheckResult, Verdict } from './model.ts';
import type { BlockSource } from './recording.ts';
import { CHECKS } from './registry.ts';
import { editBlock } from './testing/forge.ts';
import { LedgerBuilder, type TestRecording } from './testing/ledger-builder.ts';
import { busyRecording } from './testing/scene.ts';

const result = (verdict: Verdict, applicable = true): CheckResult => ({
  id: 'F0',
  name: '',
  guarantee: '',
  verdict,
  evidence: [],
  counts: {},
  ...(!applicable && { applicable }),
});

/** Two recordings of two channels as one run. */
function together(first: TestRecording, second: TestRecording, name: string): TestRecording {
  const [facts] = Object.values(second.scenario.channels);
  const pick = <T>(channel: string, of: (recording: TestRecording) => T): T =>
    of(channel === name ? second : first);
  return {
    ...first,
    scenario: {
      ...first.scenario,
      channels: { ...first.scenario.channels, ...(facts && { [name]: facts }) },
    },
    channels: [...first.channels, name],
    blocks: (channel: string): readonly BlockSource[] => pick(channel, (it) => it.blocks('')),
    state: (channel: string) => pick(channel, (it) => it.state('')),
    events: (channel: string) => pick(channel, (it) => it.events('')),
    chaincodeEvents: (channel: string) => pick(channel, (it) => it.chaincodeEvents('')),
  };
}

describe('audit', () => {
  it('finds a run valid in which everything happened and all is well', () => {
    const { verdict, checks, channels } = audit(busyRecording());
    const others = checks.filter((check) => check.verdict !== 'valid');
    expect(others.map(({ id, reason }) => [id, reason])).toEqual([
      ['F31', 'the channel is ordered by kafka'],
      ['F32', 'the channel is ordered by kafka'],
    ]);
    expect(checks.map(({ id }) => id)).toEqual(CHECKS.map(({ definition }) => definition.id));
    expect(verdict).toBe('valid');
    expect(channels).toEqual(['mychannel']);
  });

  it('covers the catalogue, each check once and with words to quote', () => {
    const ids = CHECKS.map(({ definition }) => definition.id);
    const expected = Array.from({ length: 20 }, (_, index) => `F${index + 1}`);
    const others = [
      ...['F22', 'F23', 'F25', 'F26', 'F27', 'F28', 'F29', 'F30', 'F31', 'F32', 'F33', 'F34'],
      ...['L1', 'R1', 'R2', 'S1'],
    ];
    expect([...ids].sort()).toEqual([...expected, ...others].sort());
    for (const { definition } of CHECKS) {
      expect(definition.name.length).toBeGreaterThan(8);
      expect(definition.guarantee).toMatch(/^[A-Z].{40,}\.$/);
    }
  });

  it('has no opinion on a run without channels', () => {
    const recording = { ...busyRecording(), channels: [] };
    const { verdict, checks } = audit(recording);
    expect(verdict).toBe('unknown');
    expect(checks[0]).toMatchObject({ verdict: 'unknown', reason: 'no channel was recorded' });
  });

  it('accuses nobody when no block was recorded at all, and does when one is', () => {
    const recording = busyRecording();
    const lost = (blocks: typeof recording.blocks) =>
      audit({ ...recording, blocks }).checks.find(({ id }) => id === 'F1');
    expect(lost(() => [])).toMatchObject({
      verdict: 'unknown',
      reason: 'no block of any peer or orderer was recorded',
    });
    const first = ({ source, blocks }: BlockSource): BlockSource => ({
      source,
      blocks: [...blocks].slice(0, 1),
    });
    expect(lost((channel) => recording.blocks(channel).map(first))?.verdict).toBe('invalid');
  });

  it('is unknown for a channel of which the scenario says nothing', () => {
    const recording = busyRecording();
    recording.scenario = { ...recording.scenario, channels: {} };
    const { verdict, checks } = audit(recording);
    expect(verdict).not.toBe('valid');
    expect(checks.find(({ id }) => id === 'F7')?.verdict).toBe('unknown');
  });

  it('judges by a peer where one is, whatever the order of the files', () => {
    const recording = busyRecording();
    const blocks = recording.blocks('mychannel');
    const shuffled = { ...recording, blocks: () => blocks.toReversed() };
    expect(audit(shuffled).verdict).toBe('valid');
    editBlock(recording, 'peer0.org1', 9, ({ metadata }) => {
      metadata[2] = Buffer.from([0, 0]);
    });
    const [f7] = audit({
      ...recording,
      blocks: () => recording.blocks('').toReversed(),
    }).checks.filter(({ id }) => id === 'F7');
    expect(f7?.evidence[0]?.sources).toEqual(['peer0.org1', 'peer0.org2']);
  });

  describe('of several channels', () => {
    const quiet = () => {
      const ledger = new LedgerBuilder('other');
      ledger.submit('open', ['zoe', 'zoe', '5']);
      ledger.cut();
      return ledger.recording();
    };
    const check = (recording: TestRecording, id: string) =>
      audit(recording).checks.find((candidate) => candidate.id === id);

    it('adds up what was counted and keeps the worst verdict', () => {
      const second = quiet();
      const both = together(busyRecording(), second, 'other');
      expect(check(both, 'F4')).toMatchObject({ verdict: 'valid', counts: { heights: 19 } });
      expect(check(both, 'F11')).toMatchObject({
        verdict: 'unknown',
        reason: 'saw 0 conflicts, needs at least 1',
        counts: { conflicts: 3, recomputed: 34 },
      });
      editBlock(second, 'orderer1', 1, (block) => {
        block.dataHash = Buffer.alloc(32);
      });
      expect(check(both, 'F4')).toMatchObject({ verdict: 'invalid', evidence: [{ block: 1 }] });
    });

    it('leaves out where a check does not apply', () => {
      const second = quiet();
      const both = together(busyRecording(), second, 'other');
      for (const source of second.chain.keys()) {
        for (const number of [1]) {
          let slot: Buffer = Buffer.alloc(0);
          editBlock(second, source, 0, ({ metadata }) => {
            slot = metadata[0] as Buffer;
          });
          editBlock(second, source, number, ({ metadata }) => {
            metadata[0] = slot;
          });
        }
      }
      const { ordering: _, ...rest } = both;
      expect(check({ ...rest, ordering: null }, 'F20')).toMatchObject({
        verdict: 'unknown',
        reason: 'Kafka was not asked about topic mychannel',
      });
    });
  });
});

describe('overall', () => {
  it.each<[Verdict, CheckResult[]]>([
    ['valid', [result('valid'), result('unknown', false)]],
    ['unknown', [result('valid'), result('unknown')]],
    ['invalid', [result('unknown'), result('invalid'), result('valid')]],
    ['unknown', [result('unknown', false)]],
    ['unknown', []],
  ])('is %s', (verdict, checks) => {
    expect(overall(checks)).toBe(verdict);
  });
});
