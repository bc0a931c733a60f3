import { createHash } from 'node:crypto';
import type { LoadResult, RunResult, ScenarioResult } from '../model.ts';
import { abortedRun, incompleteRun, passedRun, sampleRun } from '../testing/sample-run.ts';
import { thin } from './detail.ts';
import { renderHtml } from './page.ts';

const [first] = sampleRun().scenarios as readonly [ScenarioResult];
const failed = sampleRun().scenarios.find(({ status }) => status === 'failed') as ScenarioResult;

/** The page without scripts, styles and tags: what a reader reads. */
function words(page: string): string {
  return page
    .replaceAll(/<(script|style)[^>]*>.*?<\/\1>/gs, ' ')
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll(/\s+/g, ' ');
}

describe('the page', () => {
  const page = renderHtml(sampleRun());

  it('says first what matters: verdict, seed, what stood in', () => {
    const head = words(page).slice(0, 700);
    expect(head).toContain('failed 2 passed, 4 failed, 1 skipped');
    expect(head).toContain('seed 42');
    expect(head).toContain('CouchDB is PouchDB-based compatible server (stand-in)');
    expect(head).toContain('MongoDB is FerretDB 1.24.2 with SQLite (stand-in)');
    expect(head).toContain('--seed 42');
  });

  it('has the scorecard before the scenarios, and the worst first', () => {
    const text = words(page);
    const at = (needle: string) => text.indexOf(needle);
    expect(at('Scorecard')).toBeLessThan(at('Scenarios '));
    expect(at('Partition the Kafka')).toBeLessThan(at('Transfer balances'));
    expect(text).toMatch(/Partition.*?failed 4\.4 s never 100 % 23 % 100 % ✗ F8 F9 invalid/);
  });

  it('opens failing invariants with their evidence, and folds the valid ones', () => {
    const open = [...page.matchAll(/<details class="check"( open)?>.*?class="id">(F\d+)</gs)];
    const state = (id: string) => open.filter((match) => match[2] === id && match[1]).length;
    expect(state('F8')).toBe(1);
    expect(state('F4')).toBe(0);
    expect(words(page)).toContain('account-0017: 1040 on three peers, 940 on peer1.org2');
  });

  it('names what gave no result and what was not begun, with the reason and no channel', () => {
    const text = words(renderHtml(incompleteRun(), [{ path: 'scenarios/x/a.log', size: 3 }]));
    expect(text).toMatch(
      /broken\.scenario\.ts ✗ failed 0 ms · \S+ · \/own\/broken\.scenario\.ts:1 the file gave no result; its output is above/,
    );
    expect(text).toMatch(
      /later\.scenario\.ts – not run not run · \S+ · \/own\/later\.scenario\.ts:1 the run was interrupted before it began/,
    );
  });

  it('names a file relative to where the command ran', () => {
    const file = `${process.cwd()}/own/a.scenario.ts`;
    const page = renderHtml({ ...sampleRun(), scenarios: [{ ...first, file }] });
    expect(page).toContain('<code>own/a.scenario.ts:7</code>');
    expect(page).not.toContain(file);
  });

  it('has a row of recovery and of drain for each fault, with its budget', () => {
    const section = words(page).match(/Availability and recovery operations .*?(?= Expectations)/g);
    const crashed = section?.find((text) => text.includes('recovering B')) ?? '';
    expect(crashed).toMatch(
      / during A \d+ .* recovering A \d+ .* after A \d+ .* during B \d+ .* after B \d+ /,
    );
    expect(crashed).toMatch(
      /A first commit through orderer0 3\.2 s 30 s A first commit through orderer1 410 ms 30 s A backlog drained \S+ m?s 5\.0 s B first commit through orderer0 520 ms 30 s B first commit through orderer1 2\.9 s 30 s B backlog drained \S+ m?s –/,
    );
  });

  it('has no table of operations where there were none', () => {
    const none = { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 };
    const load = { ...first.load, before: none, during: none, recovering: none, after: none };
    const page = renderHtml({
      ...sampleRun(),
      scenarios: [{ ...first, load: { ...load, outages: [] } }],
    });
    expect(page).not.toContain('Availability and recovery');
    const calm = {
      ...load,
      before: { ok: 3, refused: 2, refusedUnexpectedly: 4, fail: 1, unknown: 0 },
      outages: [],
    };
    const text = words(renderHtml({ ...sampleRun(), scenarios: [{ ...first, load: calm }] }));
    expect(text).toMatch(
      /Availability and recovery operations ok refused unexpectedly failed unknown share ok before 3 2 4 1 0/,
    );
    expect(text).not.toContain('from heal to');
  });

  it('requests nothing', () => {
    expect(page).not.toMatch(/<(script|link|img|iframe)[^>]+(src|href)="(?!data:)/);
    expect(page).not.toMatch(/@import|url\((?!data:)/);
    expect(page).toContain("default-src 'none'");
  });

  it('allows exactly the scripts that are in it', () => {
    const allowed = page.match(/script-src ([^;]+);/)?.[1]?.split(' ');
    const scripts = [...page.matchAll(/<script>(.*?)<\/script>/gs)].map(
      ([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
    );
    expect(scripts).toHaveLength(2);
    expect(allowed).toEqual(scripts);
  });

  it('links each scenario of the scorecard to its section', () => {
    const targets = [...page.matchAll(/<a href="#(scenario-[^"]+)"/g)].map(([, id]) => id);
    expect(targets).toHaveLength(7);
    const sections = [...page.matchAll(/<section class="scenario [^"]+" id="([^"]+)"/g)];
    expect(sections.map(([, id]) => id)).toEqual(targets);
  });
});

describe('an unfinished run', () => {
  it('is said to be one, with the problem and the steps that were done', () => {
    const text = words(renderHtml(abortedRun()));
    expect(text).toContain('This run has no end');
    expect(text).toContain('kafka3 not ready within 60 s');
    expect(text).toContain('No scenario ran.');
    expect(text).toContain('swarm 3.2 s');
  });

  it('shows an interrupted scenario without audit and without heal', () => {
    const text = words(renderHtml(sampleRun()));
    expect(text).toContain('Not audited.');
    expect(text).toContain('not healed');
    expect(text).toMatch(/inconclusive round trip 0\.4 ms before/);
  });

  it('renders the least there can be', () => {
    const run: RunResult = {
      ...abortedRun(),
      settings: {},
      versions: {},
      network: { name: '', topology: '', machines: [], steps: [] },
      problems: [],
      scenarios: [{ ...first, duration: 0, audit: null, expectations: [], load: empty, name: '' }],
    };
    expect(words(renderHtml(run))).toMatch(/^ .*Scorecard .*Not audited/);
  });

  const empty: LoadResult = {
    before: { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 },
    during: { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 },
    recovering: { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 },
    after: { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 },
    outages: [],
    backlogDrain: null,
    series: [],
    blocks: [],
  };
});

describe('text from the network under test', () => {
  const evil = `</script><script>alert("1")</script><img src=x onerror='alert(2)'>&amp;`;
  const everywhere: RunResult = {
    ...sampleRun(),
    id: evil,
    problems: [evil],
    settings: { [evil]: evil },
    versions: { [evil]: evil },
    network: {
      name: evil,
      topology: evil,
      machines: [{ number: 1, components: [evil] }],
      steps: [{ step: evil, seconds: 1 }],
    },
    scenarios: [
      {
        ...failed,
        name: evil,
        folder: evil,
        file: evil,
        channel: evil,
        suite: evil,
        problems: [evil, evil],
        excerpts: [{ component: evil, lines: [evil], file: evil, anomaly: 0 }],
        faults: failed.faults.map((f) => ({
          ...f,
          kind: evil,
          role: evil,
          targets: [evil],
          evidence: evil,
        })),
        expectations: [{ id: evil, name: evil, met: false, expected: evil, seen: evil }],
        recovery: [{ faults: [1], healedAt: 0, orderer: evil, firstCommit: 1, budget: 2 }],
        audit: {
          verdict: 'invalid',
          channels: [evil],
          checks: [
            {
              id: evil,
              name: evil,
              guarantee: evil,
              verdict: 'invalid',
              reason: evil,
              evidence: [{ message: evil, key: evil, sources: [evil] }],
              counts: { [evil]: 1 },
            },
          ],
        },
      },
    ],
  };

  it('is shown and never becomes part of the page', () => {
    const page = renderHtml(everywhere, [{ path: `${evil}/${evil}`, size: 1 }]);
    expect(page).not.toMatch(/<img/);
    expect(page.match(/<script/g)).toHaveLength(3);
    const bare = page.replaceAll(/<(script|style)[^>]*>.*?<\/\1>/gs, '').replaceAll(/"[^"]*"/g, '');
    expect(bare).not.toMatch(/<[^>]*onerror/);
    expect(page).toContain('&lt;/script&gt;&lt;script&gt;alert(&quot;1&quot;)');
  });
});

describe('a network that did not come up', () => {
  const file = { path: 'bring-up/orderer0.log', size: 10 };
  const other = { path: 'unit.log', size: 10 };
  const broken = { ...sampleRun(), scenarios: [], problems: ['orderer0: expected a block 0'] };
  const link = 'href="bring-up/orderer0.log"';

  it('has its logs beside the problem, and only there', () => {
    const page = renderHtml(broken, [file, other]);
    expect(page.split(link)).toHaveLength(2);
    expect(page.indexOf(link)).toBeGreaterThan(page.indexOf('orderer0: expected a block 0'));
    expect(page.indexOf(link)).toBeLessThan(page.indexOf('id="scorecard-h"'));
    expect(page.indexOf('href="unit.log"')).toBeGreaterThan(page.indexOf('id="files-h"'));
  });

  it('has its logs among the files when no problem is known', () => {
    const page = renderHtml({ ...broken, problems: [] }, [file]);
    expect(page.split(link)).toHaveLength(2);
    expect(page.indexOf(link)).toBeGreaterThan(page.indexOf('id="files-h"'));
  });
});

describe('size', () => {
  it('stays below 5 MB for sixty scenarios of ten minutes with long logs', () => {
    const series: LoadResult['series'] = Array.from({ length: 600 }, (_, second) => ({
      at: second * 1000,
      ok: 123,
      fail: 12,
      unknown: 1,
      p50: 123.456,
      p95: 234.567,
      p99: 1234.567,
    }));
    const blocks = Array.from({ length: 6000 }, (_, number) => ({
      at: number * 100,
      number,
      transactions: 10,
    }));
    const scenario: ScenarioResult = {
      ...failed,
      startedAt: 0,
      duration: 600_000,
      load: { ...failed.load, series, blocks },
      excerpts: [
        { component: 'peer0.org1', lines: Array(5000).fill('x'.repeat(300)), anomaly: 2500 },
      ],
    };
    const page = renderHtml({ ...sampleRun(), scenarios: Array(60).fill(scenario) });
    expect(page.length).toBeLessThan(5_000_000);
  });

  it('thins a long series without hiding its worst second', () => {
    const series = Array.from({ length: 5000 }, (_, index) => ({
      at: index * 1000,
      ok: 10,
      fail: index === 777 ? 5 : 0,
      unknown: 0,
      p50: 100,
      p95: null,
      p99: index === 777 ? 9000 : 200,
    }));
    const thinned = thin(series, 1200);
    expect(thinned).toHaveLength(1000);
    expect(thinned[155]).toMatchObject({ at: 775_000, ok: 10, fail: 1, p95: null, p99: 9000 });
    expect(thin(passedRun().scenarios[0]?.load.series ?? [], 1200)).toHaveLength(34);
  });
});
