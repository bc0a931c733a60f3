import { existsSync, readFileSync } from 'node:fs';
import { freemem } from 'node:os';
import { $ } from 'zx';
import type { Diagnosis } from './diagnosis.ts';

/** The network at rest takes under 6 GiB, builds peak below that; the rest is for the host. */
const NEEDED_MEMORY_GIB = 8;
/** What a process of this host may open and start at least; the containers of a private engine inherit it. */
const NEEDED_FILES = 16_384;
const NEEDED_PROCESSES = 4096;

const quiet = $({ quiet: true, nothrow: true });

/** Memory that programs can still have. */
export function examineMemory(): Diagnosis {
  const text = existsSync('/proc/meminfo') ? readFileSync('/proc/meminfo', 'utf8') : '';
  const available = Number(/MemAvailable:\s+(\d+)/.exec(text)?.[1] ?? freemem() / 1024) / 1024 ** 2;
  const ok = available >= NEEDED_MEMORY_GIB;
  return {
    subject: 'memory',
    state: ok ? 'ok' : 'limited',
    found: `${available.toFixed(1)} GiB available`,
    needed: `${NEEDED_MEMORY_GIB} GiB available`,
    fix: ok ? '' : 'close other programs; the network takes up to 6 GiB',
  };
}

/**
 * The limits of this process, which a private engine and its containers inherit.
 *
 * @param text as `/proc/self/limits` has it
 */
export function judgeLimits(text: string): Diagnosis[] {
  const limit = (subject: string, name: string, needed: number, option: string): Diagnosis => {
    const [, soft, hard] = new RegExp(`^${name}\\s+(\\S+)\\s+(\\S+)`, 'm').exec(text) ?? [];
    const found = hard === undefined ? 'unknown' : `soft limit ${soft}, hard limit ${hard}`;
    const ok = hard === 'unlimited' || Number(hard) >= needed;
    return {
      subject,
      state: ok ? 'ok' : 'limited',
      found,
      needed: `hard limit ${needed} (an engine that runs already has its own)`,
      fix: ok ? '' : `raise the hard limit: ulimit -H${option} ${needed}, as root`,
    };
  };
  return [
    limit('open files', 'Max open files', NEEDED_FILES, 'n'),
    limit('processes', 'Max processes', NEEDED_PROCESSES, 'u'),
  ];
}

/** What the kernel can do, and what this process may use of it. */
export async function examineKernel(): Promise<Diagnosis[]> {
  const netem = await quiet`unshare -n tc qdisc add dev lo root netem delay 1ms`;
  const netemFound =
    netem.exitCode === 0
      ? 'available'
      : /unknown|not found|No such file/i.test(netem.stderr)
        ? 'not in this kernel (or no tc): delay and jitter use a packet queue'
        : 'cannot be tried without root: probed again inside a machine';
  const ipvs = existsSync('/proc/net/ip_vs');
  return [
    {
      subject: 'IPVS',
      state: ipvs ? 'ok' : 'limited',
      found: ipvs ? 'available' : 'not loaded: services use DNS round robin',
      needed: 'nothing: it does without',
      fix: '',
    },
    {
      subject: 'netem',
      state: netem.exitCode === 0 ? 'ok' : 'limited',
      found: netemFound,
      needed: 'nothing: it does without',
      fix: '',
    },
    ...judgeLimits(readFileSync('/proc/self/limits', 'utf8')),
  ];
}

/** The registry that official images come from, asked as Docker asks it. */
export async function examineRegistry(): Promise<Diagnosis> {
  const started = performance.now();
  const answer = await fetch('https://registry-1.docker.io/v2/', {
    signal: AbortSignal.timeout(2000),
  }).catch(() => undefined);
  const took = Math.round(performance.now() - started);
  return {
    subject: 'image registry',
    state: answer ? 'ok' : 'limited',
    found: answer
      ? `answers in ${took} ms: official couchdb and mongo images`
      : 'does not answer: every image is built here, with stand-ins for CouchDB and MongoDB',
    needed: 'nothing: it does without',
    fix: '',
  };
}

/** Version of the control groups that this host has mounted, as an engine started here would use them. */
export function hostCgroupVersion(): string {
  return existsSync('/sys/fs/cgroup/cgroup.controllers') ? '2' : '1';
}
