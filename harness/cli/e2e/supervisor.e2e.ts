import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { projectFolder } from '../../base/project.ts';
import { waitFor } from '../../base/wait.ts';
import { pingFailure } from '../../engine/endpoint.ts';
import { temporaryFolder } from './support/command.ts';

const SCRIPT = path.join(projectFolder, 'harness/engine/private-engine.sh');
const IDLE_SECONDS = 2;

/**
 * The supervisor of the private engine with folders of the test's own and a real engine; that of other networks is left
 * alone. Needs root and the engine that a private one has brought.
 */
describe('the private engine, each of its processes killed with SIGKILL', () => {
  const folder = temporaryFolder();
  const run = path.join(folder.path, 'run');
  const data = path.join(folder.path, 'data');
  const lease = () => path.join(run, 'leases', String(process.pid));
  let supervisor: ChildProcess;

  const supervise = () => {
    const child = spawn('sh', [SCRIPT, data, run, String(IDLE_SECONDS), '1400'], {
      detached: true,
      stdio: 'ignore',
    });
    supervisor = child;
    return child;
  };
  const pidOf = (name: string) => Number(readFileSync(path.join(run, `${name}.pid`), 'utf8'));
  const isAlive = (pid: number) => {
    const stat = `/proc/${pid}/stat`;
    return existsSync(stat) && !/\) Z /.test(readFileSync(stat, 'utf8'));
  };
  const answers = () =>
    waitFor({ subject: 'engine', expected: 'an answer', budgetMs: 60_000 }, async () => {
      const failure = await pingFailure(`unix://${run}/docker.sock`);
      if (failure) throw new Error(failure);
      return true;
    });
  const kill = async (name: 'dockerd' | 'containerd') => {
    const pid = pidOf(name);
    process.kill(pid, 'SIGKILL');
    return await waitFor({ subject: name, expected: 'another one', budgetMs: 30_000 }, () => {
      const next = pidOf(name);
      return next > 0 && next !== pid ? next : undefined;
    });
  };

  beforeAll(async () => {
    supervise();
    await waitFor({ subject: 'supervisor', expected: 'its folders', budgetMs: 10_000 }, () =>
      existsSync(path.dirname(lease())) ? true : undefined,
    );
    writeFileSync(lease(), '');
    await answers();
  });
  afterAll(async () => {
    if (supervisor.exitCode === null && supervisor.signalCode === null) {
      supervisor.kill('SIGTERM');
      await once(supervisor, 'exit');
    }
    folder[Symbol.dispose]();
  });

  it.each(['dockerd', 'containerd'] as const)('%s is started again', async (name) => {
    const next = await kill(name);
    await answers();
    expect(isAlive(next)).toBe(true);
  });

  it('the supervisor is replaced by one that takes both over, and ends them when idle', async () => {
    const before = [pidOf('dockerd'), pidOf('containerd')];
    const first = supervisor;
    const gone = once(first, 'exit');
    first.kill('SIGKILL');
    await gone;
    expect(before.map(isAlive)).toEqual([true, true]);
    const next = supervise();
    const ended = once(next, 'exit');
    await answers();
    expect([pidOf('dockerd'), pidOf('containerd')]).toEqual(before);
    rmSync(lease());
    expect(await ended).toEqual([0, null]);
    expect(before.map(isAlive)).toEqual([false, false]);
    expect(existsSync(path.join(run, 'docker.sock'))).toBe(false);
  });
});
