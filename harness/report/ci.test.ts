import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { passedRun } from './testing/sample-run.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const workflows = readdirSync(path.join(root, '.github/workflows')).map(
  (name) => `.github/workflows/${name}`,
);

const PREPARE = '.github/actions/prepare/action.yml';

describe.each([...workflows, 'action.yml', PREPARE])('%s', (file) => {
  it('pins each action of others by commit, with its version for readers and updates', () => {
    const uses = [...read(file).matchAll(/uses: (.*)/g)].map(([, what = '']) => what);
    expect(uses.length).toBeGreaterThan(0);
    for (const what of uses) expect(what).toMatch(/^(\.\/\S*|\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/);
  });

  it('never puts an input into a script', () => {
    const steps = JSON.stringify(parse(read(file)));
    expect(steps).not.toMatch(/"run":"[^"]*\$\{\{/);
  });
});

it('jobs that prepare themselves find the images that the action has cached', () => {
  const cacheOf = (file: string) =>
    (
      parse(read(file)) as { runs: { steps: { id?: string; uses?: string; with?: object }[] } }
    ).runs.steps.find(({ id }) => id === 'cache')?.with;
  expect(cacheOf(PREPARE)).toEqual(cacheOf('action.yml'));
  expect(cacheOf(PREPARE)).toHaveProperty('key');
});

describe('parts of the mutation tests', () => {
  const shard = (which: string) =>
    spawnSync(path.join(root, '.ci/mutation-shard'), [which], { encoding: 'utf8' });

  it('together have each file of the audit once, and no test', () => {
    const parts = ['1/3', '2/3', '3/3'].flatMap((which) => shard(which).stdout.trim().split(','));
    const all = shard('1/1').stdout.trim().split(',');
    expect(parts.toSorted()).toEqual(all.toSorted());
    expect(all).toEqual(
      expect.arrayContaining(['harness/audit/replay.ts', 'harness/audit/checks/money.ts']),
    );
    expect(all.filter((file) => /test/.test(file))).toEqual([]);
  });

  it('are refused where they are none', () => {
    expect(shard('0/3').status).toBe(2);
  });
});

describe.each(workflows)('%s', (file) => {
  const workflow = parse(read(file)) as {
    permissions: unknown;
    concurrency: unknown;
    jobs: Record<string, { 'timeout-minutes'?: number }>;
  };

  it('may only read, has a time limit for each job, and does not run twice at once', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(workflow.concurrency).toBeDefined();
    for (const job of Object.values(workflow.jobs)) {
      expect(job['timeout-minutes']).toBeGreaterThan(0);
      expect(job['timeout-minutes']).toBeLessThanOrEqual(60);
    }
  });
});

/** Runs the action's test step in a workspace, with a harness that only says what it was asked. */
function testStep(inputs: Record<string, string>) {
  const dir = mkdtempSync(path.join(tmpdir(), 'action-'));
  try {
    mkdirSync(path.join(dir, 'harness/cli'), { recursive: true });
    writeFileSync(
      path.join(dir, 'harness/cli/bin.js'),
      'console.log(JSON.stringify(process.argv.slice(2)))',
    );
    const workspace = path.join(dir, 'workspace');
    mkdirSync(path.join(workspace, 'mine/deep'), { recursive: true });
    for (const file of ['mine/a b.ts', 'mine/deep/c.ts', 'mine/notes.md']) {
      writeFileSync(path.join(workspace, file), '');
    }
    const { stdout, stderr, status } = spawnSync(path.join(root, '.ci/action-test'), {
      cwd: workspace,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, ACTION_FOLDER: dir, ...inputs },
    });
    return { arguments: stdout === '' ? null : JSON.parse(stdout), stderr, status };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

describe('the summary of a night', () => {
  it('adds the night to the others, compares them, and keeps a month', () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'nights-'));
    try {
      const file = (...parts: string[]) => path.join(dir, ...parts);
      for (let day = 1; day <= 30; day += 1) {
        mkdirSync(file('nights', `2026-01-${String(day).padStart(2, '0')}`), { recursive: true });
      }
      const put = (folder: string, run: object, bench: object) => {
        mkdirSync(path.join(folder, 'report/deep'), { recursive: true });
        writeFileSync(path.join(folder, 'report/deep/results.json'), JSON.stringify(run));
        writeFileSync(path.join(folder, 'bench-up.json'), JSON.stringify(bench));
        writeFileSync(path.join(folder, 'report/history.jsonl'), 'long');
      };
      put(file('nights/2026-01-30'), passedRun(), { median: 10 });
      put(file('night'), { ...passedRun(), id: 'other' }, { median: 25 });
      const { network } = passedRun();
      const onRaft = { ...passedRun(), id: 'raft', network: { ...network, topology: 'raft' } };
      put(file('night/raft'), onRaft, { median: 25 });
      const { stdout, stderr, status } = spawnSync(
        path.join(root, '.ci/nightly-summary'),
        [file('night'), file('nights'), '2026-01-31'],
        { encoding: 'utf8' },
      );
      expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
      expect(stdout).toContain('## Survival, 2026-01-31');
      expect(stdout).toContain('- bench up median: 10 → 25');
      expect(stdout).toContain('### What each placement survives');
      expect(stdout).toContain('| scenario | raft | article |');
      const nights = readdirSync(file('nights')).sort();
      expect([nights.length, nights[0], nights.at(-1)]).toEqual([30, '2026-01-02', '2026-01-31']);
      expect(readdirSync(file('nights/2026-01-31'), { recursive: true })).not.toContain(
        'report/history.jsonl',
      );
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('the test step of the action', () => {
  it('reaches the command line itself with the environment that action.yml gives it', () => {
    const { runs } = parse(read('action.yml')) as {
      runs: { steps: { id?: string; env?: Record<string, string> }[] };
    };
    const env = runs.steps.find(({ id }) => id === 'test')?.env ?? {};
    const given: Record<string, string> = {
      'github.action_path': root,
      'inputs.seed': 'none',
      'inputs.topology': 'article',
    };
    const { stdout, stderr, status } = spawnSync(path.join(root, '.ci/action-test'), {
      cwd: tmpdir(),
      encoding: 'utf8',
      env: {
        PATH: process.env.PATH,
        ...Object.fromEntries(
          Object.entries(env).map(([key, value]) => [
            key,
            given[/^\$\{\{ (\S+) \}\}$/.exec(value)?.[1] ?? ''] ?? '',
          ]),
        ),
      },
    });
    expect({ stdout, stderr, status }).toEqual({
      stdout: '',
      stderr: 'harness: --seed: expected a whole number below 4294967296, seen "none"\n',
      status: 2,
    });
  });

  it('passes on what was given and nothing else', () => {
    expect(
      testStep({
        INPUT_SUITE: 'pull-request',
        INPUT_SEED: '7',
        INPUT_TOPOLOGY: '',
        INPUT_SCENARIOS: '',
      }).arguments,
    ).toEqual(['test', '--suite', 'pull-request', '--seed', '7']);
  });

  it('finds scenario files by patterns, one a line', () => {
    const scenarios = 'mine/*.ts\n\n  mine/deep/**/*.ts \n';
    expect(testStep({ INPUT_SCENARIOS: scenarios, INPUT_CHAINCODE: 'my cc' }).arguments).toEqual([
      'test',
      '--chaincode',
      'my cc',
      '--scenario',
      'mine/a b.ts',
      '--scenario',
      'mine/deep/c.ts',
    ]);
  });

  it('refuses a pattern without a file instead of testing nothing', () => {
    const { status, stderr, arguments: passed } = testStep({ INPUT_SCENARIOS: 'mien/*.ts' });
    expect({ status, passed }).toEqual({ status: 2, passed: null });
    expect(stderr).toContain('::error title=No scenario::scenarios: no file matches "mien/*.ts"');
  });

  it('does not run what stands in an input', () => {
    const { stderr } = testStep({ INPUT_SCENARIOS: '$(echo ran >&2)/*.ts' });
    expect(stderr).toContain('no file matches "$(echo ran >&2)/*.ts"');
  });
});
