import { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { describeEngine, withoutEngine } from './doctor.ts';
import { judgeLimits } from './doctor-host.ts';

const DEBIAN_ROOT = { root: true, distribution: 'debian' };
const AUTO = { engine: 'auto' } as const;
const states = (findings: readonly { subject: string; state: string }[]) =>
  Object.fromEntries(findings.map(({ subject, state }) => [subject, state]));

/** An engine with an API version that refuses privileged containers or doesn't. */
function engine(api: string, refusal: string) {
  const docker = {
    info: async () => ({
      ServerVersion: '26.1.5',
      Driver: 'overlay2',
      CgroupVersion: '2',
      CgroupDriver: 'cgroupfs',
    }),
    version: async () => ({ ApiVersion: api }),
    importImage: async () => Readable.from([]),
    createContainer: async () => ({
      start: async () => {
        throw Object.assign(new Error(refusal), { statusCode: 400 });
      },
      remove: async () => undefined,
    }),
    getImage: () => ({ remove: async () => undefined }),
    listImages: async () => [],
  } as unknown as Docker;
  return { docker, host: 'unix:///var/run/docker.sock', kind: 'existing' } as const;
}

describe('an engine that answers', () => {
  it('is judged by its API and by what it allows', async () => {
    const findings = await describeEngine(engine('1.45', 'no such file'));
    expect(states(findings)).toEqual({
      engine: 'ok',
      'engine API': 'ok',
      privileged: 'ok',
      cgroups: 'ok',
    });
    expect(findings[0]?.found).toBe('26.1.5 at unix:///var/run/docker.sock (existing, overlay2)');
  });

  it('is too old before 20.10, and may refuse privileged containers', async () => {
    const found = states(await describeEngine(engine('1.40', 'operation not permitted')));
    expect(found).toMatchObject({ 'engine API': 'missing', privileged: 'limited' });
  });
});

describe('without an engine', () => {
  it('has the same rows, and says what only an engine can tell', async () => {
    const without = withoutEngine(AUTO, ['unix:///x: ENOENT'], DEBIAN_ROOT);
    const withOne = await describeEngine(engine('1.45', 'no such file'));
    expect(without.map(({ subject }) => subject)).toEqual(withOne.map(({ subject }) => subject));
    expect(states(without)).toEqual({
      engine: 'ok',
      'engine API': 'unknown',
      privileged: 'unknown',
      cgroups: 'ok',
    });
    expect(without.find(({ subject }) => subject === 'privileged')?.found).toBe(
      'unknown until an engine runs; the private one is started by npm start',
    );
    expect(without.at(-1)?.found).toMatch(/^version [12] on this host/);
  });

  it.each([
    ['not root', AUTO, { root: false, distribution: 'debian' }],
    ['another distribution', AUTO, { root: true, distribution: 'fedora' }],
    ['an engine of the harness is not wanted', { engine: 'existing' } as const, DEBIAN_ROOT],
  ])(
    'none can be provided if %s: missing, and no private one is promised',
    (_, settings, facts) => {
      const findings = withoutEngine(settings, ['unix:///x: ENOENT'], facts);
      expect(findings[0]).toMatchObject({ state: 'missing', fix: expect.stringMatching(/./) });
      expect(JSON.stringify(findings)).not.toContain('private one');
    },
  );
});

describe('limits', () => {
  const text = (files: string, processes: string) =>
    `Limit  Soft Limit  Hard Limit  Units\nMax processes  ${processes}  processes\nMax open files  ${files}  files\n`;

  it.each([
    ['1024 20000', '96365 96365', 'ok', 'ok'],
    ['1024 unlimited', 'unlimited unlimited', 'ok', 'ok'],
    ['1024 4096', '1000 1000', 'limited', 'limited'],
  ])('files %s, processes %s', (files, processes, ofFiles, ofProcesses) => {
    const findings = judgeLimits(text(files, processes));
    expect(states(findings)).toEqual({ 'open files': ofFiles, processes: ofProcesses });
    for (const { state, fix } of findings) expect(fix === '').toBe(state === 'ok');
  });
});
