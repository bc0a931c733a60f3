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

  it('refuses an unknown setting and names the known ones', () => {
    const [problem] = problemsOf(() => loadSettings({ HARNESS_TOPOLGY: 'spread' }, folder));
    expect(problem).toContain('unknown setting HARNESS_TOPOLGY');
    expect(problem).toContain('HARNESS_TOPOLOGY');
  });

  it.each(['http://host/x', 'host/UPPER', 'host path'])('refuses the registry %s', (registry) => {
    expect(problemsOf(() => loadSettings({ HARNESS_REGISTRY: registry }, folder))).toHaveLength(1);
  });
});

describe('.env.example', () => {
  it('documents exactly the settings that exist', () => {
    const example = readFileSync(path.join(import.meta.dirname, '../../.env.example'), 'utf8');
    const documented = [...example.matchAll(/^#?(HARNESS_\w+)=/gm)].map((match) => match[1]);
    expect(documented).toEqual(describeSettings().map((row) => row.key));
  });
});
