import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { waitFor } from '../../base/wait.ts';
import { NETWORK_LABEL, ROLE_LABEL } from '../../engine/labels.ts';
import { type RunningCommand, start, succeed, temporaryFolder } from './support/command.ts';
import { Traces, testEngine } from './support/engine.ts';

const NAME = 'e2e-a';
const GONE_WITHIN_MS = 30_000;
/** Seconds after which a test that came up warm injects and heals its fault. */
const LATEST = Number(process.env.E2E_LATEST ?? 60);
const TIMES = Number(process.env.E2E_TIMES ?? 6);
const seed = Number(process.env.E2E_SEED ?? Date.now() % 2 ** 31);
/** Its fault takes a machine, which only a guard outside of that can give back. */
const SCENARIO = 'scenarios/pull-request/06-lose-a-machine.scenario.ts';

const VICTIMS = ['harness', 'reaper', 'guard'] as const;
type Victim = (typeof VICTIMS)[number];

/** A guard lives as long as its fault. */
const GUARD_LATEST = 5;

/** Who is killed when: each in turn, at moments drawn from the seed; a guard that long after it has come. */
function kills(): { victim: Victim; moment: number }[] {
  const random = xoroshiro128plus(Math.imul(seed, 0x9e3779b1));
  return Array.from({ length: TIMES }, (_, i) => {
    const fraction = (random.next() >>> 0) / 2 ** 32;
    const victim = VICTIMS[i % VICTIMS.length] as Victim;
    const latest = victim === 'guard' ? GUARD_LATEST : LATEST;
    return { victim, moment: Number((fraction * latest).toFixed(1)) };
  });
}

/** Kills it after some seconds, or once it is there. */
async function sigkill(
  docker: Docker,
  victim: Victim,
  command: RunningCommand,
  seconds: number,
): Promise<void> {
  const budget = { subject: victim, expected: 'a process to kill', budgetMs: 300_000 };
  if (victim === 'guard') {
    const pid = await waitFor(budget, () => guardOf(command.pid));
    await delay(seconds * 1000);
    process.kill(pid, 'SIGKILL');
    return;
  }
  await delay(seconds * 1000);
  await waitFor(budget, async () => {
    if (victim === 'harness') return process.kill(command.pid, 'SIGKILL');
    const filters = { label: [`${NETWORK_LABEL}=${NAME}`, `${ROLE_LABEL}=reaper`] };
    const [reaper] = await docker.listContainers({ filters });
    if (!reaper) return undefined;
    await docker.getContainer(reaper.Id).kill({ signal: 'SIGKILL' });
    return true;
  });
}

/** The watch over a machine that a descendant of the process started; it has a process group of its own. */
function guardOf(ancestor: number): number | undefined {
  const parents = new Map<number, number>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // ended meanwhile
    }
  }
  const descends = (pid: number): boolean =>
    pid === ancestor || (pid > 1 && descends(parents.get(pid) ?? 0));
  return [...parents.keys()].find((pid) => descends(pid) && isGuard(pid));
}

function isGuard(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('outside-watch.ts');
  } catch {
    return false;
  }
}

describe(`a test of which one process is killed with SIGKILL leaves nothing (seed ${seed}):`, () => {
  let docker: Docker;
  beforeAll(async () => {
    docker = await testEngine();
    await succeed(['--name', NAME, 'down']);
    await succeed(['images']);
  });
  afterAll(() => succeed(['--name', NAME, 'down']));

  it.each(kills())('$victim, after $moment s', async ({ victim, moment }) => {
    using reports = temporaryFolder();
    const command = start(['--name', NAME, 'test', '--scenario', SCENARIO], {
      env: { HARNESS_REPORTS_DIR: reports.path },
    });
    const traces = new Traces(docker, NAME, command.pid);
    const looking = setInterval(() => void traces.look().catch(() => undefined), 500);
    try {
      await sigkill(docker, victim, command, moment);
      const outcome = await command.ended;
      // Who loses the reaper has lost the claim to the network and ends; a guard that is gone is not needed.
      const expected = { harness: 'SIGKILL', reaper: expect.any(Number), guard: 0 }[victim];
      expect([outcome.code ?? outcome.signal, outcome.code ? outcome.stderr : '']).toEqual([
        expected,
        expect.any(String),
      ]);
    } finally {
      clearInterval(looking);
    }
    await traces.look();
    await waitFor(
      { subject: 'what the test made', expected: 'nothing is left', budgetMs: GONE_WITHIN_MS },
      async () => {
        const left = await traces.left();
        if (left.length > 0) throw new Error(left.join('\n'));
        return true;
      },
    );
    expect(traces.noted).toBeGreaterThan(0);
  });
});
