import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { annotations, cell, jobSummary } from './github.ts';
import type { RunResult } from './model.ts';
import { abortedRun, passedRun, sampleRun } from './testing/sample-run.ts';

/** Runs the reporter in a process of its own, as a step of a job does, and reads back what GitHub would. */
function step(run: RunResult, environment: Record<string, string> = {}) {
  const dir = mkdtempSync(path.join(tmpdir(), 'github-'));
  try {
    const file = (name: string, content = '') => {
      writeFileSync(path.join(dir, name), content);
      return path.join(dir, name);
    };
    const summary = file('summary.md', '# Before\n');
    const output = file('output');
    const results = file('run.json', JSON.stringify(run));
    const script = `
      import { readFileSync } from 'node:fs';
      import { reportToGitHub } from ${JSON.stringify(new URL('./github.ts', import.meta.url).href)};
      const run = JSON.parse(readFileSync(${JSON.stringify(results)}, 'utf8'));
      const told = await reportToGitHub(run, ${JSON.stringify(path.join(dir, 'reports/latest/index.html'))});
      console.log('told', told);`;
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', script],
      {
        encoding: 'utf8',
        env: {
          PATH: process.env.PATH,
          GITHUB_ACTIONS: 'true',
          GITHUB_WORKSPACE: dir,
          GITHUB_STEP_SUMMARY: summary,
          GITHUB_OUTPUT: output,
          ...environment,
        },
      },
    );
    return {
      lines: stdout.trim().split('\n'),
      stderr,
      status,
      summary: readFileSync(summary, 'utf8'),
      outputs: outputs(readFileSync(output, 'utf8')),
    };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** The format of $GITHUB_OUTPUT: `name<<delimiter`, lines, `delimiter`. */
function outputs(text: string): Record<string, string> {
  const found = text.matchAll(/^(\w+)<<(\S+)\n(.*?)\n\2$/gms);
  return Object.fromEntries([...found].map(([, name, , value]) => [name, value]));
}

describe('a step on GitHub', () => {
  const { lines, stderr, status, summary, outputs: values } = step(sampleRun());

  it('ends well', () => {
    expect({ stderr, status, last: lines.at(-1) }).toEqual({
      stderr: '',
      status: 0,
      last: 'told true',
    });
  });

  it('sets the outputs', () => {
    expect(values).toEqual({
      verdict: 'failed',
      report: 'reports/latest/index.html',
      results: 'reports/latest/results.json',
      passed: '2',
      failed: '4',
    });
  });

  it('appends the scorecard to the job summary', () => {
    expect(summary).toMatch(/^# Before\n## Resilience: failed \(2 passed, 4 failed, 1 skipped\)/);
    const [scorecard = ''] = summary.split('| Operations |');
    const rows = scorecard.split('\n').filter((line) => line.startsWith('|'));
    expect(rows).toHaveLength(9);
    for (const row of rows) expect(row.split('|')).toHaveLength(10);
    expect(rows[2]).toMatch(/❌ failed \| 4\.4 s \| \*\*never\*\* \| 100 % \| 23 % \| 100 %/);
    expect(summary).toContain('seed 42');
  });

  it('annotates failing scenarios as errors, flaky and undecided ones as warnings', () => {
    const commands = lines.filter((line) => line.startsWith('::'));
    expect(commands.map((line) => line.slice(2, line.indexOf(' ')))).toEqual([
      'error',
      'error',
      'error',
      'warning',
      'warning',
    ]);
    expect(commands[0]).toContain('line=7');
    expect(commands[0]).toContain(
      'file=scenarios/pull-request/partition-the-kafka-leader-from-brokers-and-zookeeper.ts',
    );
    expect(commands[0]).toContain('::F8 same commit hash at every height: peer1.org2');
    expect(commands[0]).toContain('%0Aseed 42');
    expect(commands.join('\n')).toMatch(/warning .*flaky/);
    expect(commands.join('\n')).toMatch(/warning .*audit could not decide.*F6 heights converge/);
  });
});

describe('elsewhere', () => {
  it('says nothing without GitHub', () => {
    const { lines, summary, outputs: values } = step(sampleRun(), { GITHUB_ACTIONS: '' });
    expect({ lines, summary, values }).toEqual({
      lines: ['told false'],
      summary: '# Before\n',
      values: {},
    });
  });

  it('reports a run that never came to a scenario, in as many annotations as GitHub keeps', () => {
    const problems = Array.from({ length: 25 }, (_, index) => `stack: problem ${index}`);
    const { lines, summary, outputs: values } = step({ ...abortedRun(), problems });
    expect(values).toMatchObject({ verdict: 'failed', passed: '0', failed: '1' });
    expect(summary).toContain('No scenario ran.');
    const errors = lines.filter((line) => line.startsWith('::error'));
    expect(errors).toHaveLength(10);
    expect(errors[0]).toBe('::error title=Run failed::stack: problem 0');
    expect(errors[9]).toBe('::error title=And more::16 more; see reports/latest/index.html');
  });
});

describe('annotations', () => {
  it('has none for a run that passed', () => {
    expect(annotations(passedRun(), '/w')).toEqual([]);
  });

  it('names files relative to the workspace', () => {
    const [first] = sampleRun().scenarios;
    const run = {
      ...sampleRun(),
      scenarios: [{ ...first, status: 'failed', file: '/w/own/x.ts' }],
    } as RunResult;
    expect(annotations(run, '/w')[0]).toMatchObject({ file: 'own/x.ts', line: 7, level: 'error' });
  });

  it('names no file that is not in the workspace, because GitHub could not show it', () => {
    const [first] = sampleRun().scenarios;
    const [given] = annotations(
      {
        ...sampleRun(),
        scenarios: [{ ...first, status: 'failed', file: '/actions/scenarios/x.ts' }],
      } as RunResult,
      '/w',
    );
    expect(given).toMatchObject({ level: 'error', title: expect.stringMatching(/: failed$/) });
    expect(given).not.toHaveProperty('file');
    expect(given).not.toHaveProperty('line');
  });

  it('are on the lines of the caller’s files, also where the workspace is reached by a link', () => {
    const dir = realpathSync(mkdtempSync(path.join(tmpdir(), 'workspace-')));
    try {
      mkdirSync(path.join(dir, 'real/own'), { recursive: true });
      symlinkSync('real', path.join(dir, 'link'));
      const [first] = sampleRun().scenarios;
      const file = path.join(dir, 'real/own/x.scenario.ts');
      const scenarios = [{ ...first, status: 'failed', file }];
      const { lines } = step({ ...sampleRun(), scenarios } as RunResult, {
        GITHUB_WORKSPACE: path.join(dir, 'link'),
      });
      expect(lines.filter((line) => line.startsWith('::error'))).toEqual([
        expect.stringMatching(/^::error .*file=own\/x\.scenario\.ts,line=7::/),
      ]);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('Markdown', () => {
  it('keeps a cell a cell', () => {
    expect(cell('a|b\nc <b>`x`</b> @all #1')).toBe(
      'a&#124;b c &#60;b&#62;&#96;x&#96;&#60;/b&#62; &#64;all &#35;1',
    );
  });

  it('has the operations of each load in five columns', () => {
    const summary = jobSummary(passedRun(), 'r').split('\n');
    const head = summary.indexOf('| Operations | ok | refused | unexpectedly | failed | unknown |');
    expect(summary[head + 1]).toBe('| --- | ---: | ---: | ---: | ---: | ---: |');
    expect(summary[head + 2]).toMatch(/^\| [^|]+ (\| \d+ ){5}\|$/);
    const idle = passedRun();
    const none = { ok: 0, refused: 0, refusedUnexpectedly: 0, fail: 0, unknown: 0 };
    const load = { before: none, during: none, recovering: none, after: none };
    const scenarios = idle.scenarios.map((one) => ({ ...one, load: { ...one.load, ...load } }));
    expect(jobSummary({ ...idle, scenarios }, 'r')).not.toContain('| Operations |');
  });

  it('has columns for the orderers that were measured', () => {
    expect(jobSummary(passedRun(), 'r')).toContain('| Recovery orderer0 | Recovery orderer1 |');
  });
});
