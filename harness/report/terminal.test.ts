import { stripVTControlCharacters } from 'node:util';
import type { ScenarioResult } from './model.ts';
import { columns, formatScorecard, wrap } from './terminal.ts';
import { abortedRun, incompleteRun, sampleRun } from './testing/sample-run.ts';

const report = 'reports/latest/index.html';

describe('formatScorecard', () => {
  it('is exact at 80 columns', () => {
    const run = { ...sampleRun(), scenarios: sampleRun().scenarios.slice(1, 3) };
    expect(formatScorecard(run, { colour: false, width: 80, report })).toBe(
      `Run 2026-11-24T13-20-00-k3f9   seed 42   topology article   6 min 8 s
CouchDB served by PouchDB-based compatible server (stand-in)
MongoDB served by FerretDB 1.24.2 with SQLite (stand-in)

Scenario             Result       orderer0  orderer1  Ok during  Audit
--------------------------------------------------------------------------------
Partition the Kafka  failed          4.4 s     never        23%  F8 F9 invalid
leader from brokers
and ZooKeeper
    F8 same commit hash at every height: peer1.org2 differs from block 214 on
Crash an orderer     passed          3.2 s     2.9 s        95%  21 valid

Operations                           ok  refused  unexpectedly   failed  unknown
--------------------------------------------------------------------------------
Partition the Kafka leader         2076        0             0      183      255
from brokers and ZooKeeper
Crash an orderer                   2063        0             0       18       21

Verdict: failed
Report:  reports/latest/index.html`,
    );
  });

  it.each([72, 80, 100, 132])('stays within %p columns', (width) => {
    for (const run of [sampleRun(), abortedRun()]) {
      for (const line of formatScorecard(run, { colour: false, width, report }).split('\n')) {
        expect(columns(line)).toBeLessThanOrEqual(width);
      }
    }
  });

  it.each([80, 100])(
    'at %p columns, has one for what was acknowledged and never ordered',
    (width) => {
      const run = sampleRun();
      const [first, ...others] = run.scenarios as readonly [ScenarioResult];
      const checks = first.audit?.checks.map((check) =>
        check.id === 'F1' ? { ...check, counts: { 'acknowledged, never ordered': 157 } } : check,
      );
      const audit = first.audit && { ...first.audit, checks: checks ?? [] };
      const forgetful = { ...run, scenarios: [{ ...first, audit }, ...others] };
      const lines = formatScorecard(forgetful, { colour: false, width }).split('\n');
      expect(lines.some((line) => /Unordered +Audit/.test(line))).toBe(true);
      expect(lines.filter((line) => / 157 {2}/.test(line))).toHaveLength(1);
      for (const line of lines) expect(columns(line)).toBeLessThanOrEqual(width);
      expect(formatScorecard(run, { colour: false, width })).not.toContain('Unordered');
    },
  );

  it('leaves no orderer out that did not come back, however many there are', () => {
    const run = sampleRun();
    const [first] = run.scenarios as readonly [ScenarioResult];
    const budget = 30_000;
    const recovery = [3_200, 2_900, null, 400].map((firstCommit, i) => ({
      ...{ faults: [1], orderer: `orderer${i}`, firstCommit, budget, healedAt: 1_000 },
    }));
    const four = { ...run, scenarios: [{ ...first, recovery } as ScenarioResult] };
    const narrow = formatScorecard(four, { colour: false, width: 80 });
    expect(narrow).toMatch(/^Scenario +Result +Recovered +Ok during +Audit$/m);
    expect(narrow).toMatch(/ passed +never +/);
    const wide = formatScorecard(four, { colour: false, width: 110 });
    expect(wide).toMatch(/ orderer0 +orderer1 +orderer2 +orderer3 +Ok during/);
    expect(wide).toMatch(/ passed +3\.2 s +2\.9 s +never +400 ms /);
  });

  it('names what gave no result and what was not begun, with the reason', () => {
    const shown = formatScorecard(incompleteRun(), { colour: false, width: 80 });
    expect(shown).toMatch(
      /^broken\.scenario\.ts +failed +- +- +- +not audited\n {4}the file gave no result; its output is above$/m,
    );
    expect(shown).toMatch(
      /^later\.scenario\.ts +not run +- +- +- +not audited\n {4}the run was interrupted before it began$/m,
    );
    expect(shown).toMatch(/^Verdict: failed$/m);
  });

  it('says the same with and without colour', () => {
    const coloured = formatScorecard(sampleRun(), { colour: true, width: 80 });
    expect(coloured).toContain('\u001b[31mfailed\u001b[0m');
    expect(coloured).toContain('\u001b[33mflaky\u001b[0m');
    expect(stripVTControlCharacters(coloured)).toBe(
      formatScorecard(sampleRun(), { colour: false, width: 80 }),
    );
  });

  it('aligns names of wide characters', () => {
    const [first] = sampleRun().scenarios as readonly [ScenarioResult];
    const run = { ...sampleRun(), scenarios: [{ ...first, name: '残高の移動' }] };
    const line = formatScorecard(run, { colour: true, width: 80 })
      .split('\n')
      .find((text) => text.startsWith('残'));
    expect(line).toMatch(/^残高の移動 {11}.\[32mpassed/u);
  });

  it('lets no control sequence of a name through', () => {
    const [first] = sampleRun().scenarios as readonly [ScenarioResult];
    const evil = { ...first, name: 'a\u001b[2Jb\u0007c', problems: ['x\r\ny\u202ez'] };
    const text = formatScorecard(
      { ...sampleRun(), scenarios: [evil] },
      { colour: false, width: 80 },
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be in it
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u202e]/);
  });

  it('shows what failed outside the scenarios', () => {
    expect(formatScorecard(abortedRun(), { colour: false, width: 80 })).toMatch(
      /! stack: kafka3 not ready within 60 s/,
    );
  });
});

describe('wrap', () => {
  it.each([
    ['short', 10, ['short']],
    ['two words', 5, ['two', 'words']],
    ['abcdefghij', 4, ['abcd', 'efgh', 'ij']],
    ['a abcdefghij', 4, ['a', 'abcd', 'efgh', 'ij']],
  ])('%p at %p', (text, width, lines) => {
    expect(wrap(text, width)).toEqual(lines);
  });
});
