import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UsageError } from './errors.ts';
import { describeSettings, loadSettings } from './settings.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'settings-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const problemsOf = (run: () => unknown): readonly string[] => {
  try {
    run();
  } catch (error) {
    if (error instanceof UsageError) return error.problems;
    throw error;
  }
  return [];
};

describe('loadSettings', () => {
  it('is complete and frozen without any source', () => {
    const settings = loadSettings({ XDG_CACHE_HOME: '/c' }, folder);
    expect(settings).toMatchObject({
      name: 'fabric',
      topology: 'article',
      engine: 'auto',
      cacheDir: '/c/fabric-swarm-harness',
      reportsDir: path.join(folder, 'reports'),
      upTimeoutMs: 180_000,
      seed: undefined,
    });
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('reads .env, and lets the environment win', () => {
    writeFileSync(
      path.join(folder, '.env'),
      'HARNESS_NAME=one\nHARNESS_SEED=7\nHARNESS_REGISTRY=\n',
    );
    const settings = loadSettings({ HARNESS_NAME: 'two' }, folder);
    expect(settings).toMatchObject({ name: 'two', seed: 7, registry: undefined });
  });

  it('names key, line, expected and seen of every bad value at once', () => {
    writeFileSync(
      path.join(folder, '.env'),
      '# my settings\nHARNESS_ENGINE=docker\nHARNESS_UP_TIMEOUT=soon\n',
    );
    const problems = problemsOf(() => loadSettings({ HARNESS_NAME: 'Big Name' }, folder));
    expect(problems).toHaveLength(3);
    expect(problems.join('\n')).toContain(`${folder}/.env:2: HARNESS_ENGINE`);
    expect(problems.join('\n')).toContain('seen "docker"');
    expect(problems.join('\n')).toContain(
      '.env:3: HARNESS_UP_TIMEOUT: expected a number, seen "soon"',
    );
    expect(problems.join('\n')).toContain('environment: HARNESS_NAME');
  });

  it('refuses what looks like a setting in the environment, and says which was meant', () => {
    const env = { HARNESS_TOPOLGY: 'spread', HARNESS_SEEDS: '1' };
    expect(problemsOf(() => loadSettings(env, folder))).toEqual([
      expect.stringContaining(
        'environment: unknown setting HARNESS_TOPOLGY; is HARNESS_TOPOLOGY meant?',
      ),
      expect.stringContaining('environment: unknown setting HARNESS_SEEDS; is HARNESS_SEED meant?'),
    ]);
  });

  it("leaves other programs' variables in the environment alone", () => {
    const env = { HARNESS_PATH: '/x', HARNESS_ACCOUNT_ID: 'a', HARNESS_API_KEY: 'k' };
    const ours = { HARNESS_NAME: 'mine', XDG_CACHE_HOME: '/c' };
    expect(loadSettings({ ...env, ...ours }, folder)).toEqual(loadSettings(ours, folder));
  });

  it('refuses every unknown setting in .env and names the known ones', () => {
    writeFileSync(path.join(folder, '.env'), 'HARNESS_PATH=/x\nHARNESS_NAMES=x\n');
    const [other, near] = problemsOf(() => loadSettings({}, folder));
    expect(other).toContain(
      `${folder}/.env:1: unknown setting HARNESS_PATH; expected one of HARNESS_NAME,`,
    );
    expect(near).toContain('.env:2: unknown setting HARNESS_NAMES; is HARNESS_NAME meant?');
  });

  it.each(['http://host/x', 'host/UPPER', 'host path'])('refuses the registry %s', (registry) => {
    expect(problemsOf(() => loadSettings({ HARNESS_REGISTRY: registry }, folder))).toHaveLength(1);
  });
});

describe('an existing swarm', () => {
  it('has hosts of its own, which machines have not', () => {
    const given = { HARNESS_SWARM: 'existing', HARNESS_HOSTS: 'hosts.yaml' };
    expect(loadSettings(given, folder)).toMatchObject({
      swarm: 'existing',
      hosts: path.join(folder, 'hosts.yaml'),
    });
    expect(problemsOf(() => loadSettings({ HARNESS_HOSTS: 'hosts.yaml' }, folder))).toEqual([
      'environment: HARNESS_HOSTS: expected HARNESS_SWARM=existing with it',
    ]);
  });

  it('has the REST API at machine 1 alone', () => {
    const given = { HARNESS_SWARM: 'existing', HARNESS_API_PORT: '4000' };
    expect(problemsOf(() => loadSettings(given, folder))).toEqual([
      expect.stringContaining('HARNESS_API_PORT: expected none with HARNESS_SWARM=existing'),
    ]);
  });
});

describe('.env.example', () => {
  it('documents exactly the settings that exist', () => {
    const example = readFileSync(path.join(import.meta.dirname, '../../.env.example'), 'utf8');
    const documented = [...example.matchAll(/^#?(HARNESS_\w+)=/gm)].map((match) => match[1]);
    expect(documented).toEqual(describeSettings().map((row) => row.key));
  });
});
