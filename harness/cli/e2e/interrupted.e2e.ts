import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { projectFolder } from '../../base/project.ts';
import { type Outcome, start, startProgram, succeed } from './support/command.ts';
import { Traces, testEngine } from './support/engine.ts';

const NAME = 'e2e-a';
/** What the product promises, seconds. */
const GONE_WITHIN = 30;
/** Latest moment of an interrupt, seconds: about where the warm bring-up ends. */
const LATEST = Number(process.env.E2E_LATEST ?? 20);
const TIMES = Number(process.env.E2E_TIMES ?? 4);
const seed = Number(process.env.E2E_SEED ?? Date.now() % 2 ** 31);

/** Moments in seconds, spread over the bring-up, random within their share of it. */
function moments(salt: number): number[] {
  const random = xoroshiro128plus(Math.imul(seed + salt, 0x9e3779b1));
  return Array.from({ length: TIMES }, (_, i) => {
    const fraction = (random.next() >>> 0) / 2 ** 32;
    return Number((0.3 + ((i + fraction) / TIMES) * (LATEST - 0.3)).toFixed(2));
  });
}

type Kill = (pid: number) => void;

/** Starts, notes what appears, interrupts at the moment, and waits until nothing is left. */
async function interruptAt(
  docker: Docker,
  moment: number,
  kill: Kill,
  command = () => start(['--name', NAME, 'up']),
): Promise<{ outcome: Outcome; noted: number; seconds: number }> {
  const up = command();
  const traces = new Traces(docker, NAME, up.pid);
  const end = performance.now() + moment * 1000;
  while (performance.now() < end) {
    await traces.look();
    await delay(Math.min(100, Math.max(0, end - performance.now())));
  }
  const killed = performance.now();
  kill(up.pid);
  const passed = () => (performance.now() - killed) / 1000;
  let left = ['not looked yet'];
  while (left.length > 0 && passed() < GONE_WITHIN) {
    await traces.look();
    await delay(250);
    left = await traces.left();
  }
  const seconds = passed();
  const outcome = await up.ended;
  console.log(
    `after ${moment} s: ${outcome.code ?? outcome.signal}, nothing left ${seconds.toFixed(1)} s later; ` +
      `was: ${outcome.stderr.trim().split('\n').slice(-3).join(' | ')}`,
  );
  expect(left).toEqual([]);
  return { outcome, noted: traces.noted, seconds };
}

const ctrlC: Kill = (pid) => process.kill(-pid, 'SIGINT');
const sigkill: Kill = (pid) => process.kill(pid, 'SIGKILL');

describe(`an interrupted start leaves nothing after ${GONE_WITHIN} s (seed ${seed}):`, () => {
  let docker: Docker;
  beforeAll(async () => {
    docker = await testEngine();
    await succeed(['--name', NAME, 'down']);
    await succeed(['images']);
  });
  afterAll(() => succeed(['--name', NAME, 'down']));

  it.each(moments(1))('Ctrl-C after %d s', async (moment) => {
    const { outcome } = await interruptAt(docker, moment, ctrlC);
    // Whoever has not taken over the signal yet ends by it, which shells also show as 130.
    expect(outcome.code ?? outcome.signal).toEqual(outcome.code === null ? 'SIGINT' : 130);
  });

  it.each(moments(2))('SIGKILL after %d s', async (moment) => {
    const { outcome } = await interruptAt(docker, moment, sigkill);
    expect(outcome.signal).toBe('SIGKILL');
  });

  const npmStart = () =>
    startProgram(['npm', 'start', '--silent'], { cwd: projectFolder, env: { HARNESS_NAME: NAME } });

  it.each(moments(3).slice(1, 2))('npm start, Ctrl-C after %d s', async (moment) => {
    const { outcome } = await interruptAt(docker, moment, ctrlC, npmStart);
    expect(outcome.code ?? outcome.signal).toEqual(outcome.code === null ? 'SIGINT' : 130);
  });

  it.each(moments(4).slice(2, 3))('npm start, SIGKILL of npm after %d s', async (moment) => {
    const { outcome } = await interruptAt(docker, moment, sigkill, npmStart);
    expect(outcome.signal).toBe('SIGKILL');
  });

  it('Ctrl-C twice ends at once', async () => {
    const { outcome } = await interruptAt(docker, 6, (pid) => {
      ctrlC(pid);
      setTimeout(() => ctrlC(pid), 100);
    });
    expect(outcome.code).toBe(130);
  });

  it('and the next start works', async () => {
    const { stderr, stdout } = await succeed(['--name', NAME, 'up']);
    expect(stderr).not.toMatch(/interrupted start had left/);
    expect(stdout).toMatch(/^first transfer committed: block \d+, transaction [0-9a-f]{64}, /m);
  });
});
