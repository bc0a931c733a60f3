import { existsSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { freemem } from 'node:os';
import path from 'node:path';
import { $ } from 'zx';
import type { Settings } from '../settings/settings.ts';
import { candidateEndpoints, pingFailure } from './endpoint.ts';
import { findEngine } from './engine.ts';
import { probeNodeMode } from './mode.ts';
import { hostFacts } from './private-engine.ts';

/** One prerequisite, or one fact about what can be done here. */
export interface Finding {
  readonly subject: string;
  /** `missing` stops a run; `limited` means that something is done another way or not at all. */
  readonly state: 'ok' | 'limited' | 'missing';
  readonly found: string;
  readonly needed: string;
  /** What to do; empty when there is nothing to do. */
  readonly fix: string;
}

const GIB = 1024 ** 3;
/** The network at rest takes under 6 GiB; builds peak below that. */
const NEEDED_MEMORY_GIB = 7;

const quiet = $({ quiet: true, nothrow: true });

/** Looks at everything that a run needs, and at what the engine can do; starts and changes nothing. */
export async function examine(
  settings: Pick<Settings, 'stateDir' | 'cacheDir' | 'minFreeDiskGb' | 'engine'>,
  env: NodeJS.ProcessEnv,
): Promise<Finding[]> {
  const found = await Promise.all([
    tools(),
    engine(settings, env),
    disk(settings),
    Promise.resolve([memory()]),
    kernel(),
    registry(),
  ]);
  return found.flat();
}

async function tools(): Promise<Finding[]> {
  const wanted: [name: string, command: string[], needed: string, fix: string][] = [
    ['node', ['node', '--version'], 'Node 22.22 or newer (npm ci brings 24)', 'npm ci'],
    ['npm', ['npm', '--version'], 'any', 'apt-get install npm'],
    ['go', ['go', 'version'], 'Go 1.23 or newer', 'apt-get install golang, or https://go.dev/dl'],
    ['maven', ['mvn', '--version'], 'Maven 3.6 or newer with a JDK', 'apt-get install maven'],
    ['git', ['git', '--version'], 'any', 'apt-get install git'],
    [
      'gcc',
      ['gcc', '--version'],
      'to build fabric-ca; as root it is installed',
      'apt-get install gcc libc6-dev',
    ],
  ];
  return Promise.all(
    wanted.map(async ([subject, command, needed, fix]) => {
      const result = await quiet`${command}`;
      const found = result.exitCode === 0 ? firstLine(result.stdout) : 'not found';
      const ok = result.exitCode === 0;
      const without = subject === 'gcc' && hostFacts().root ? 'limited' : 'missing';
      return { subject, state: ok ? 'ok' : without, found, needed, fix: ok ? '' : fix } as const;
    }),
  );
}

async function engine(
  settings: Pick<Settings, 'engine'>,
  env: NodeJS.ProcessEnv,
): Promise<Finding[]> {
  const needed = 'a Docker engine 20.10 or newer, or root on Debian or Ubuntu';
  const answering = await findEngine(env);
  if (!answering) {
    const { root, distribution } = hostFacts();
    const providable = root && /debian|ubuntu/.test(distribution) && settings.engine === 'auto';
    const tried = await Promise.all(
      candidateEndpoints(env).map(async ({ host }) => `${host}: ${await pingFailure(host, 500)}`),
    );
    return [
      {
        subject: 'engine',
        state: providable ? 'ok' : 'missing',
        found: `none answers (${tried.join('; ')})${providable ? '; a private one will be started' : ''}`,
        needed,
        fix: providable ? '' : 'apt-get install docker.io, or run as root',
      },
    ];
  }
  const info = (await answering.docker.info()) as EngineInfo;
  const mode = await probeNodeMode(answering.docker);
  return [
    {
      subject: 'engine',
      state: 'ok',
      found: `${info.ServerVersion} at ${answering.host} (${answering.kind}, ${info.Driver})`,
      needed,
      fix: '',
    },
    {
      subject: 'privileged',
      state: mode === 'privileged' ? 'ok' : 'limited',
      found: mode === 'privileged' ? 'allowed' : 'refused: machines get a set of capabilities',
      needed: 'either',
      fix: '',
    },
    {
      subject: 'cgroups',
      state: 'ok',
      found: `version ${info.CgroupVersion ?? '1'}, driver ${info.CgroupDriver}`,
      needed: 'version 1 or 2',
      fix: '',
    },
  ];
}

interface EngineInfo {
  readonly ServerVersion: string;
  readonly Driver: string;
  readonly CgroupVersion?: string;
  readonly CgroupDriver: string;
}

/** Free gigabytes of the file system that a folder is on, or will be. */
export async function freeGigabytes(folder: string): Promise<number> {
  let existing = folder;
  while (!existsSync(existing)) existing = path.dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  return (bavail * bsize) / GIB;
}

async function disk(
  settings: Pick<Settings, 'stateDir' | 'cacheDir' | 'minFreeDiskGb'>,
): Promise<Finding[]> {
  const folders = [
    ['disk (engine data)', settings.stateDir],
    ['disk (cache)', settings.cacheDir],
  ] as const;
  return Promise.all(
    folders.map(async ([subject, folder]) => {
      const free = await freeGigabytes(folder);
      const ok = free >= settings.minFreeDiskGb;
      return {
        subject,
        state: ok ? 'ok' : 'missing',
        found: `${free.toFixed(1)} GiB free at ${folder}`,
        needed: `${settings.minFreeDiskGb} GiB (HARNESS_MIN_FREE_DISK_GB)`,
        fix: ok
          ? ''
          : 'free some space, or point HARNESS_STATE_DIR and HARNESS_CACHE_DIR elsewhere',
      } as const;
    }),
  );
}

function memory(): Finding {
  const text = existsSync('/proc/meminfo') ? readFileSync('/proc/meminfo', 'utf8') : '';
  const available = Number(/MemAvailable:\s+(\d+)/.exec(text)?.[1] ?? freemem() / 1024) / 1024 ** 2;
  const ok = available >= NEEDED_MEMORY_GIB;
  return {
    subject: 'memory',
    state: ok ? 'ok' : 'limited',
    found: `${available.toFixed(1)} GiB available`,
    needed: `${NEEDED_MEMORY_GIB} GiB`,
    fix: ok ? '' : 'close other programs; the network takes up to 6 GiB',
  };
}

async function kernel(): Promise<Finding[]> {
  const netem = await quiet`unshare -n tc qdisc add dev lo root netem delay 1ms`;
  const netemFound =
    netem.exitCode === 0
      ? 'available'
      : /unknown|not found|No such file/i.test(netem.stderr)
        ? 'not in this kernel (or no tc): delay and jitter use a packet queue'
        : 'cannot be tried without root: probed again inside a machine';
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const files = /Max open files\s+\S+\s+(\S+)/.exec(limits)?.[1] ?? 'unknown';
  return [
    {
      subject: 'IPVS',
      state: existsSync('/proc/net/ip_vs') ? 'ok' : 'limited',
      found: existsSync('/proc/net/ip_vs')
        ? 'available'
        : 'not loaded: services use DNS round robin',
      needed: 'neither',
      fix: '',
    },
    {
      subject: 'netem',
      state: netem.exitCode === 0 ? 'ok' : 'limited',
      found: netemFound,
      needed: 'neither',
      fix: '',
    },
    {
      subject: 'open files',
      state: files === 'unlimited' || Number(files) >= 16_384 ? 'ok' : 'limited',
      found: `hard limit ${files}`,
      needed: '16384',
      fix: '',
    },
  ];
}

/** The registry that official images come from, asked as Docker asks it. */
async function registry(): Promise<Finding[]> {
  const started = performance.now();
  const answer = await fetch('https://registry-1.docker.io/v2/', {
    signal: AbortSignal.timeout(2000),
  }).catch(() => undefined);
  const took = Math.round(performance.now() - started);
  return [
    {
      subject: 'image registry',
      state: answer ? 'ok' : 'limited',
      found: answer
        ? `answers in ${took} ms: official couchdb and mongo images`
        : 'does not answer: every image is built here, with stand-ins for CouchDB and MongoDB',
      needed: 'neither',
      fix: '',
    },
  ];
}

const firstLine = (text: string) => text.trim().split('\n')[0] ?? '';
