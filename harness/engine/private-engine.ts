import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type Docker from 'dockerode';
import { $ } from 'zx';
import { UsageError } from '../base/errors.ts';
import { acquireLock } from '../base/lock.ts';
import { waitFor } from '../base/wait.ts';
import { pingFailure } from './endpoint.ts';
import { installPackages, noteForwarding, removeStalePolicy } from './host-changes.ts';
import { outerMtu } from './outer-mtu.ts';

/** Sockets, pid files and logs of the private engine; short, because a socket's path may have 107 characters. */
const RUN_DIR = '/run/fabric-swarm-harness';
/** A file for each process that uses the engine, called by its id. */
const LEASES = path.join(RUN_DIR, 'leases');
/** What the supervisor was started with, for one that takes over. */
const ARGUMENTS = path.join(RUN_DIR, 'arguments');
/** Between two looks whether the supervisor lives. */
const SUPERVISED_EVERY_MS = 2_000;
/** Seconds without container and lease after which the private engine ends by itself. */
const IDLE_SECONDS = 12;

/** Where the private engine answers. */
export const privateHost = `unix://${RUN_DIR}/docker.sock`;
/** Its log, for error messages. */
export const privateLog = `${RUN_DIR}/dockerd.log`;

export interface HostFacts {
  readonly root: boolean;
  /** `ID` and `ID_LIKE` of os-release. */
  readonly distribution: string;
}

/** Reads what decides whether an engine can be provided here. */
export function hostFacts(): HostFacts {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const field = (key: string) => new RegExp(`^${key}="?([^"\n]*)"?`, 'm').exec(release)?.[1] ?? '';
  return {
    root: process.getuid?.() === 0,
    distribution: `${field('ID')} ${field('ID_LIKE')}`.trim(),
  };
}

/**
 * Whether a private engine can be provided; if not, what the user has to do.
 *
 * @throws UsageError with the exact commands
 */
export function assertCanProvide(facts: HostFacts, tried: readonly string[]): void {
  const debianLike = /\b(debian|ubuntu)\b/.test(facts.distribution);
  if (facts.root && debianLike) return;
  const install = debianLike
    ? 'sudo apt-get update && sudo apt-get install -y docker.io && sudo systemctl start docker && sudo usermod -aG docker "$USER" && newgrp docker'
    : 'install Docker Engine for your system (https://docs.docker.com/engine/install/) and start it';
  throw new UsageError([
    `no Docker engine answers: ${tried.join('; ')}`,
    facts.root
      ? `this system is "${facts.distribution || 'unknown'}"; an engine is only provided on Debian or Ubuntu`
      : 'not running as root, so none can be provided; run as root, or:',
    `  ${install}`,
  ]);
}

/**
 * Installs the distribution's engine if `dockerd` is missing, starts it privately, and waits until it answers.
 * A lease in this process's name keeps it alive; see {@link leasePrivateEngine}. Of several processes that want it at
 * the same time one starts it, and none ends it under another.
 *
 * @param stateDir keeps the engine's data (images) between runs
 * @param say told one line about what is done
 */
export async function providePrivateEngine(
  stateDir: string,
  say: (line: string) => void,
): Promise<void> {
  const unlock = await lockPrivateEngine((pid) =>
    say(`process ${pid} is starting or ending the private Docker engine: waiting for it`),
  );
  try {
    await startUnlessItAnswers(stateDir, say);
  } finally {
    await unlock();
  }
}

/** Held by who starts or ends the private engine; there is one of it on a host. */
const lockPrivateEngine = (onWait: (pid: number) => void) =>
  acquireLock('private-engine', { onWait });

async function startUnlessItAnswers(stateDir: string, say: (line: string) => void): Promise<void> {
  leasePrivateEngine();
  if ((await pingFailure(privateHost, 1000)) === undefined) {
    superviseAgain();
    return;
  }
  const missing = await missingPackages();
  if (missing.length > 0) {
    await installPackages(missing, 'no Docker engine answers', say);
  } else removeStalePolicy();
  noteForwarding(say);
  say(`starting a private Docker engine (socket ${RUN_DIR}/docker.sock, data ${stateDir}/engine)`);
  const supervisor = startSupervisor(stateDir);
  const failure = await Promise.race([answers(), supervisor]);
  if (failure !== undefined) throw new Error(failure);
}

/** Waits until the private engine answers. */
async function answers(): Promise<undefined> {
  await waitFor(
    {
      subject: 'private Docker engine',
      expected: 'an answer to ping',
      budgetMs: 60_000,
      intervalMs: 50,
      lookAt: privateLog,
    },
    async () => {
      const failure = await pingFailure(privateHost, 1000);
      if (failure) throw new Error(failure);
      return true;
    },
  );
}

/** Keeps the private engine from ending while this process lives. */
export function leasePrivateEngine(): void {
  mkdirSync(LEASES, { recursive: true, mode: 0o700 });
  const lease = path.join(LEASES, String(process.pid));
  if (existsSync(lease)) return;
  writeFileSync(lease, '');
  process.once('exit', () => rmSync(lease, { force: true }));
  setInterval(() => void mendSupervision(), SUPERVISED_EVERY_MS).unref();
}

/** Starts another supervisor if the engine's was killed; nobody would end the engine otherwise. */
async function mendSupervision(): Promise<void> {
  if (isSupervised() || !existsSync(ARGUMENTS)) return;
  const unlock = await lockPrivateEngine(() => {});
  try {
    superviseAgain();
  } finally {
    await unlock();
  }
}

/** Whoever calls it holds the lock. */
function superviseAgain(): void {
  if (isSupervised() || !existsSync(ARGUMENTS)) return;
  void supervise(JSON.parse(readFileSync(ARGUMENTS, 'utf8')) as string[]);
}

function isSupervised(): boolean {
  const file = path.join(RUN_DIR, 'supervisor');
  // The pid may have been given to another process since.
  return (
    existsSync(file) &&
    readCommandLine(Number(readFileSync(file, 'utf8'))).includes('private-engine.sh')
  );
}

/** @returns what the engine said last, should it end */
function startSupervisor(stateDir: string): Promise<string> {
  const engine = path.join(stateDir, 'engine');
  const options = [engine, RUN_DIR, String(IDLE_SECONDS), String(outerMtu())];
  writeFileSync(ARGUMENTS, JSON.stringify(options));
  return supervise(options);
}

function supervise(options: readonly string[]): Promise<string> {
  const log = openSync(path.join(RUN_DIR, 'supervisor.log'), 'a');
  const script = path.join(import.meta.dirname, 'private-engine.sh');
  const child = spawn('sh', [script, ...options], {
    detached: true, // its own session: Ctrl-C in the terminal must not reach it
    stdio: ['ignore', log, log],
    cwd: '/',
  });
  child.unref();
  writeFileSync(path.join(RUN_DIR, 'supervisor'), String(child.pid));
  return new Promise((resolve) => {
    child.once('exit', () => {
      const log = existsSync(privateLog) ? readFileSync(privateLog, 'utf8').trim() : '';
      const last = log.split('\n').at(-1) || 'nothing';
      resolve(
        `private Docker engine: it ended at once, last saying: ${last}; look at ${privateLog}`,
      );
    });
  });
}

/** Debian packages that the private engine and the base image need and that are not there. */
async function missingPackages(): Promise<string[]> {
  const needs: [command: string, debian: string][] = [
    ['dockerd', 'docker.io'],
    ['iptables', 'iptables'],
  ];
  const missing: string[] = [];
  for (const [command, debian] of needs) if (!(await onPath(command))) missing.push(debian);
  return missing;
}

async function onPath(command: string): Promise<boolean> {
  return (await $({ quiet: true, nothrow: true })`command -v ${command}`).exitCode === 0;
}

/**
 * Ends the private engine at once, instead of after its idle time, if it has no container and no other process uses it.
 *
 * @returns whether it was told to end
 */
export async function endPrivateEngine(docker: Docker): Promise<boolean> {
  const unlock = await lockPrivateEngine(() => {});
  try {
    if (otherUsers(LEASES).length > 0) return false;
    if ((await docker.listContainers({ all: true })).length > 0) return false;
    if (!isSupervised()) return false;
    const pid = Number(readFileSync(path.join(RUN_DIR, 'supervisor'), 'utf8'));
    process.kill(pid, 'SIGTERM');
    await waitFor(
      {
        subject: 'private Docker engine',
        expected: 'its end',
        budgetMs: 20_000,
        lookAt: privateLog,
      },
      () => (readCommandLine(pid) === '' ? true : undefined),
    );
    return true;
  } finally {
    await unlock();
  }
}

/**
 * Ids of the living processes, this one apart, that hold a lease.
 *
 * @param folder where the leases are
 */
export function otherUsers(folder: string): number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map(Number)
    .filter((pid) => pid !== process.pid && readCommandLine(pid) !== '');
}

function readCommandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
