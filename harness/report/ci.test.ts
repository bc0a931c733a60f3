import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
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

/** A `docker` whose engine is a folder: a file for each image, with its label, and one for each volume, with its content. */
const FAKE_DOCKER = `#!/usr/bin/env bash
set -eu
printf '%s\\n' "$*" >> "$ENGINE/calls"
file() { echo "$ENGINE/$1/\${2////%}"; }
last=\${*: -1}
case "$1 $2" in
  'image ls') cd "$ENGINE/images" && ls | grep golden | tr % / ;;
  'image inspect') cat "$(file images "$last")" ;;
  'image save') out=$4; shift 4; for image; do echo "$image $(cat "$(file images "$image")")"; done > "$out" ;;
  'image load') while read -r image label; do echo "$label" > "$(file images "$image")"; done < "$last" ;;
  'volume inspect') [ -e "$(file volumes "$last")" ] ;;
  'volume create') : > "$(file volumes "$last")" ;;
  'volume rm') rm -f "$(file volumes "$last")" ;;
  'run '*)
    volume=$(sed 's/.*--volume \\([^:]*\\):.*/\\1/' <<< "$*")
    case "$*" in
      *:ro*--create*) cat "$(file volumes "$volume")" ;;
      *:rw*--extract*) cat > "$(file volumes "$volume")"; [ -z "\${TAR_FAILS:-}" ] ;;
    esac ;;
esac
`;

describe('the cache of images', () => {
  const HASH = '0123456789ab';
  const [MARKER, VOLUME] = [
    `fabric-swarm-harness/golden:${HASH}`,
    `fabric-swarm-harness-golden-${HASH}`,
  ];
  const OUTER = ['base', 'node', 'reaper'].map((name) => `fabric-swarm-harness/${name}:1`);
  const [base, node, reaper] = OUTER;
  const manifest = { goldenVolume: VOLUME, base, node, reaper };
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'image-cache-'));
    writeFileSync(path.join(dir, 'docker'), FAKE_DOCKER, { mode: 0o755 });
    for (const engine of ['one', 'other']) {
      for (const kind of ['images', 'volumes']) {
        mkdirSync(path.join(dir, engine, kind), { recursive: true });
      }
    }
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const file = (engine: string, kind: string, name: string) =>
    path.join(dir, engine, kind, name.replaceAll('/', '%'));
  function fill(engine: string): void {
    for (const tag of [...OUTER, 'fabric-swarm-harness/base:old']) {
      writeFileSync(file(engine, 'images', tag), 'true\n');
    }
    const label = Buffer.from(JSON.stringify(manifest)).toString('base64');
    writeFileSync(file(engine, 'images', MARKER), `${label}\n`);
    writeFileSync(file(engine, 'volumes', VOLUME), 'a store\n');
  }
  function run(verb: string, engine: string, env: Record<string, string> = {}) {
    const { status, stderr } = spawnSync(
      path.join(root, '.ci/image-cache'),
      [verb, path.join(dir, 'cache')],
      {
        encoding: 'utf8',
        env: {
          PATH: `${dir}:${path.dirname(process.execPath)}:${process.env.PATH}`,
          ENGINE: path.join(dir, engine),
          ...env,
        },
      },
    );
    const log = path.join(dir, engine, 'calls');
    const calls = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
    rmSync(log, { force: true });
    return { status, stderr, calls };
  }
  /** What an engine has, with its content. */
  const content = (engine: string) =>
    ['images', 'volumes'].flatMap((kind) =>
      readdirSync(path.join(dir, engine, kind))
        .sort()
        .map((name) => `${name} ${readFileSync(path.join(dir, engine, kind, name), 'utf8')}`),
    );
  const tar = (mode: string, how: string) =>
    `run --rm --interactive --network none --cap-add SYS_ADMIN --volume ${VOLUME}:/golden:${mode} ` +
    `${base} tar --numeric-owner --xattrs --xattrs-include=* --directory /golden --file - ${how}`;

  it('gives another engine the images of the set and the golden volume, the marker last', () => {
    fill('one');
    const saved = run('save', 'one');
    expect(saved).toMatchObject({ status: 0, stderr: '' });
    expect(saved.calls).toEqual([
      'image ls --filter reference=fabric-swarm-harness/golden --format {{.Repository}}:{{.Tag}}',
      `image inspect --format {{index .Config.Labels "io.fabric-swarm-harness.manifest"}} ${MARKER}`,
      `volume inspect ${VOLUME}`,
      `image save --output ${dir}/cache.part/images.tar ${OUTER.join(' ')}`,
      `image save --output ${dir}/cache.part/marker.tar ${MARKER}`,
      tar('ro', '--create .'),
    ]);
    expect(readdirSync(path.join(dir, 'cache')).sort()).toEqual([
      'base',
      `golden-${HASH}.tar`,
      'images.tar',
      'marker.tar',
    ]);

    const loaded = run('load', 'other');
    expect(loaded).toMatchObject({ status: 0, stderr: '' });
    expect(loaded.calls).toEqual([
      `image inspect fabric-swarm-harness/golden:${HASH}`,
      `image load --quiet --input ${dir}/cache/images.tar`,
      `volume rm --force ${VOLUME}`,
      `volume create --label io.fabric-swarm-harness.cache=true ${VOLUME}`,
      tar('rw', '--extract'),
      `image load --quiet --input ${dir}/cache/marker.tar`,
    ]);
    const superseded = 'fabric-swarm-harness%base:old';
    expect(content('other')).toEqual(content('one').filter((one) => !one.startsWith(superseded)));
  });

  it('leaves an engine that has the set as it is', () => {
    fill('one');
    run('save', 'one');
    const before = content('one');
    expect(run('load', 'one').calls).toEqual([
      `image inspect ${MARKER}`,
      `volume inspect ${VOLUME}`,
    ]);
    expect(content('one')).toEqual(before);
  });

  it('leaves no volume that is half full: the images are built then', () => {
    fill('one');
    run('save', 'one');
    const { status, stderr } = run('load', 'other', { TAR_FAILS: '1' });
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `image-cache: ${dir}/cache cannot be loaded; images will be built\n`,
    });
    expect(readdirSync(path.join(dir, 'other/volumes'))).toEqual([]);
    expect(existsSync(file('other', 'images', MARKER))).toBe(false);
  });

  it('is no error when there is none, but saving nothing is', () => {
    expect(run('load', 'other')).toMatchObject({ status: 0, calls: [] });
    expect(run('save', 'other')).toMatchObject({
      status: 1,
      stderr: 'image-cache: the engine has no complete set of images; nothing saved\n',
    });
    expect(existsSync(path.join(dir, 'cache'))).toBe(false);
  });
});
