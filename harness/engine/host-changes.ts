import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What the harness has changed on this host for good, so that it can be undone. */
const RECORDS = '/var/lib/fabric-swarm-harness';
const PACKAGES = path.join(RECORDS, 'installed-packages');
const FORWARDING = path.join(RECORDS, 'ip-forwarding-was-off');
const IP_FORWARD = '/proc/sys/net/ipv4/ip_forward';
const POLICY = '/usr/sbin/policy-rc.d';
const MARK = '# fabric-swarm-harness: no service starts while packages are installed';

/**
 * Installs Debian packages. Services that they bring are neither started nor enabled at boot.
 *
 * @param say told what is about to be done
 * @throws Error with the last lines of apt-get
 */
export async function installPackages(
  packages: readonly string[],
  why: string,
  say: (line: string) => void,
): Promise<void> {
  say(`${why}: installing ${packages.join(', ')} with apt-get (harness uninstall removes them)`);
  removeStalePolicy();
  mkdirSync(RECORDS, { recursive: true });
  const logFile = path.join(RECORDS, 'apt-get.log');
  const log = openSync(logFile, 'w');
  const script = path.join(import.meta.dirname, 'install-packages.sh');
  const child = spawn('sh', [script, PACKAGES, ...packages], {
    detached: true, // its own session: it tidies up when this process is killed
    stdio: ['ignore', log, log],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code === 0) return;
  const last = readFileSync(logFile, 'utf8').trim().split('\n').slice(-8).join('\n');
  throw new Error(`apt-get could not install ${packages.join(', ')}; look at ${logFile}:\n${last}`);
}

/** Removes what a killed installation has left, and nothing that is not ours. */
export function removeStalePolicy(file = POLICY): boolean {
  if (!existsSync(file) || !readFileSync(file, 'utf8').split('\n').includes(MARK)) return false;
  rmSync(file);
  return true;
}

/** An engine turns forwarding on, for the whole host; where it was off, that is said and written down. */
export function noteForwarding(say: (line: string) => void): void {
  if (!existsSync(IP_FORWARD) || readFileSync(IP_FORWARD, 'utf8').trim() !== '0') return;
  say('the engine turns on IP forwarding on this host (harness uninstall turns it off again)');
  mkdirSync(RECORDS, { recursive: true });
  writeFileSync(FORWARDING, '');
}

/** What is to be undone, in words; empty where nothing was changed. */
export function hostChanges(): { readonly packages: readonly string[]; readonly words: string[] } {
  const packages = existsSync(PACKAGES)
    ? [...new Set(readFileSync(PACKAGES, 'utf8').split('\n').filter(Boolean))]
    : [];
  return {
    packages,
    words: [
      ...(packages.length > 0 ? [`remove the packages ${packages.join(', ')}`] : []),
      ...(existsSync(FORWARDING) ? ['turn IP forwarding off'] : []),
      ...(existsSync(POLICY) && readFileSync(POLICY, 'utf8').includes(MARK)
        ? [`remove ${POLICY}`]
        : []),
    ],
  };
}

/**
 * Undoes them. The private engine must have ended.
 *
 * @throws Error with what apt-get said
 */
export async function undoHostChanges(): Promise<void> {
  const { packages } = hostChanges();
  removeStalePolicy();
  if (existsSync(FORWARDING)) {
    writeFileSync(IP_FORWARD, '0\n');
    rmSync(FORWARDING);
  }
  if (packages.length > 0) {
    const child = spawn('apt-get', ['-q', 'purge', '-y', ...packages], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`apt-get purge ${packages.join(' ')}: exit code ${code}`);
  }
  for (const file of [PACKAGES, path.join(RECORDS, 'apt-get.log')]) rmSync(file, { force: true });
}
