import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import type Docker from 'dockerode';
import { harness, start, succeed, temporaryFolder } from './support/command.ts';
import { everything, testEngine } from './support/engine.ts';

const NAME = 'e2e-a';
const named = (...args: string[]) => ['--name', NAME, ...args];
/** As from another host or container that uses the same engine: none of this host's locks are seen there. */
const ELSEWHERE = { through: ['unshare', '--net'] };
const SCENARIO = 'scenarios/pull-request/01-transfer-balances.scenario.ts';

describe('commands that want the same network', () => {
  let docker: Docker;
  let before: Set<string>;
  beforeAll(async () => {
    await succeed(['images']);
    docker = await testEngine();
    await succeed(named('down'));
    before = await everything(docker, [NAME]);
  });
  afterEach(async () => {
    await succeed(named('down'));
    expect(await everything(docker, [])).toEqual(before);
  });

  it('two starts: one network, and both say so', async () => {
    const outcomes = await Promise.all([succeed(named('up')), succeed(named('up'))]);
    const again = outcomes.filter(({ stdout }) => stdout.includes('runs already'));
    expect(again).toHaveLength(1);
    expect(again[0]?.stderr).toMatch(/process \d+ is starting the network|goes with process \d+/);
    for (const { stdout } of outcomes) expect(stdout).toMatch(/^first transfer committed/m);
  });

  it('a stop during a start ends it: nothing is left, and both say why', async () => {
    const up = start(named('up'));
    await up.told(/machine \d answers/);
    const { stdout, stderr } = await succeed(named('down'));
    expect(stderr).toContain(`process ${up.pid} uses the network "${NAME}": told to end`);
    expect(stdout).toMatch(/removed/);
    const outcome = await up.ended;
    expect(outcome.code).toBe(130);
    expect(outcome.stderr).toMatch(/process \d+ removes the network "e2e-a": cleaning up/);
  });

  it('a stop from elsewhere during a start ends it too', async () => {
    const up = start(named('up'));
    await up.told(/machine \d answers/);
    const { stderr } = await succeed(named('down'), ELSEWHERE);
    expect(stderr).toContain(`was held by process ${up.pid} on `);
    const outcome = await up.ended;
    expect(outcome.code).toBe(130);
    expect(outcome.stderr).toContain(`the network "${NAME}" was removed by somebody else`);
  });

  it('a start from elsewhere waits for one that is under way', async () => {
    const up = start(named('up'));
    await up.told(/machine \d answers/);
    const other = start(named('up'), ELSEWHERE);
    await other.told(new RegExp(`goes with process ${up.pid} on .*waiting until that has ended`));
    process.kill(-other.pid, 'SIGINT');
    expect((await other.ended).code).toBe(130);
    expect((await up.ended).code).toBe(0);
  });

  it('a start beside a test waits, and has a network of its own when the test has ended', async () => {
    using reports = temporaryFolder();
    const test = start(named('test', '--scenario', SCENARIO), {
      env: { HARNESS_REPORTS_DIR: reports.path },
    });
    await test.told(/✓ first transfer/);
    const up = start(named('up'));
    await up.told(/goes with process \d+ on \S+ \(harness test\): waiting until that has ended/);
    expect((await test.ended).code).toBe(0);
    const { code, stdout } = await up.ended;
    expect(code).toBe(0);
    expect(stdout).not.toContain('runs already');
    const status = JSON.parse((await succeed(named('status', '--json'))).stdout);
    expect(status.owner).toBeNull();
    expect(status.components.every((c: { state: string }) => c.state === 'healthy')).toBe(true);
  });

  it('a test from elsewhere waits for one on a network that stays', async () => {
    using reports = temporaryFolder();
    const env = { HARNESS_REPORTS_DIR: reports.path };
    await succeed(named('up'));
    const test = start(named('test', '--scenario', SCENARIO), { env });
    await test.told(/✓ wait for the REST API/);
    const status = JSON.parse((await succeed(named('status', '--json'))).stdout);
    expect(status.owner).toBeNull();
    expect(status.user).toBe(`process ${test.pid} on ${hostname()} (harness test)`);
    const other = start(named('test', '--scenario', SCENARIO), { ...ELSEWHERE, env });
    await other.told(
      /is used by process \d+ on \S+ \(harness test\): waiting until that has ended/,
    );
    process.kill(-other.pid, 'SIGINT');
    expect((await other.ended).code).toBe(130);
    expect((await test.ended).code).toBe(0);
  });

  it('a stop during a test ends it, with a report of what there was', async () => {
    using reports = temporaryFolder();
    const test = start(named('test', '--scenario', SCENARIO), {
      env: { HARNESS_REPORTS_DIR: reports.path },
    });
    await test.told(/✓ wait for the REST API/);
    expect((await harness(named('down'))).code).toBe(0);
    expect((await test.ended).code).toBe(130);
    const latest = path.join(reports.path, 'latest', 'results.json');
    expect(JSON.parse(readFileSync(latest, 'utf8')).state).toBe('interrupted');
  });
});
