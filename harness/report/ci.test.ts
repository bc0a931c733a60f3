import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const workflows = readdirSync(path.join(root, '.github/workflows')).map(
  (name) => `.github/workflows/${name}`,
);

describe.each([...workflows, 'action.yml'])('%s', (file) => {
  it('pins each action of others by commit, with its version for readers and updates', () => {
    const uses = [...read(file).matchAll(/uses: (.*)/g)].map(([, what = '']) => what);
    expect(uses.length).toBeGreaterThan(0);
    for (const what of uses) expect(what).toMatch(/^(\.\/|\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/);
  });

  it('never puts an input into a script', () => {
    const steps = JSON.stringify(parse(read(file)));
    expect(steps).not.toMatch(/"run":"[^"]*\$\{\{/);
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
