import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Credentials } from '../../fabric/identities/credentials.ts';
import type { Identities } from '../../fabric/identities/identities.ts';
import { deploymentOf } from '../../network/deployment.ts';
import type { Machine } from '../../network/port.ts';
import { componentLogs } from '../../swarm/logs.ts';
import type { Session } from '../session.ts';

/** What must be nowhere: what it is, and the texts by which it is known. */
export type Secrets = ReadonlyMap<string, readonly string[]>;

/** Where a secret was found. */
export interface FoundSecret {
  /** E.g. `log of api`. */
  readonly place: string;
  /** Name of the secret, never the secret. */
  readonly secret: string;
}

/** Where the images of the network lie in every machine. */
const IMAGES = '/golden';
/** Key of a machine's engine. */
const ENGINE_KEY = '/etc/docker/tls/key.pem';
/** For two gigabytes of images on a busy machine. */
const LAYERS_MS = 240_000;

/** Every secret that a network was made with: passwords, tokens' and wallet's keys, private keys. */
export async function generatedSecrets({ network }: Pick<Session, 'network'>): Promise<Secrets> {
  const { credentials, identities } = deploymentOf(network, 'generated secrets');
  const engines = await Promise.all(
    network.machines.map(
      async (machine) =>
        [
          `key of the engine of machine ${machine.number}`,
          keyTexts(await machine.execOk(['cat', ENGINE_KEY])),
        ] as const,
    ),
  );
  return new Map([...passwordsOf(credentials), ...privateKeysOf(identities), ...engines]);
}

/** Leaves of the credentials, but for user names. */
export function passwordsOf(credentials: Credentials): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const walk = (value: unknown, name: string, key: string) => {
    if (typeof value === 'string') {
      if (key !== 'user') found.set(name, [value]);
      return;
    }
    for (const [inner, each] of Object.entries(value as object)) {
      walk(each, name === '' ? inner : `${name}.${inner}`, inner);
    }
  };
  walk(credentials, '', '');
  return found;
}

/** Every private key among the identities, by where it stands. */
export function privateKeysOf(identities: Identities): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const walk = (value: unknown, name: string) => {
    if (typeof value === 'string') {
      if (value.includes('PRIVATE KEY')) found.set(name, keyTexts(value));
      return;
    }
    for (const [key, each] of Object.entries((value ?? {}) as object)) walk(each, `${name}.${key}`);
  };
  walk(identities, 'identities');
  return found;
}

/**
 * Lines of a PEM text with a private key. The first line begins like that of any key of its kind, and the last ones are
 * the public key, which everybody may know: the second is the private key's own.
 *
 * @throws Error for a text that is no PEM
 */
export function keyTexts(pem: string): string[] {
  const [, second] = pem.split(/\r?\n/).filter((line) => /^[A-Za-z0-9+/=]+$/.test(line));
  if (!second || second.length < 32)
    throw new Error('private key: expected PEM, seen another text');
  return [second];
}

/** Names of the secrets that are in a text. */
export function secretsIn(text: string, secrets: Secrets): string[] {
  return [...secrets].flatMap(([name, texts]) =>
    texts.some((each) => text.includes(each)) ? [name] : [],
  );
}

/**
 * Looks for secrets where nobody should find one: logs of all components, settings of their containers, process lists
 * of the machines and of this host, files of the run's folder, layers of the images, and answers that are given.
 *
 * @param layers further folders of a machine to be searched like layers
 * @throws Error when a place cannot be searched
 */
export async function searchSecrets(
  { network, runFolder }: Pick<Session, 'network' | 'runFolder'>,
  secrets: Secrets,
  answers: readonly string[],
  layers: readonly string[] = [],
): Promise<FoundSecret[]> {
  const found: FoundSecret[] = [];
  const look = (place: string, text: string) => {
    found.push(...secretsIn(text, secrets).map((secret) => ({ place, secret })));
  };
  for (const answer of answers) look('answer', answer);
  for (const file of readdirSync(runFolder, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const full = path.join(file.parentPath, file.name);
    look(`report ${path.relative(runFolder, full)}`, readFileSync(full, 'latin1'));
  }
  look('processes of this host', hostProcesses());
  for (const { docker, number, execOk } of network.machines) {
    for await (const { component, log } of componentLogs(docker)) {
      look(`log of ${component}`, log.toString());
    }
    look(`processes of machine ${number}`, await execOk(['sh', '-c', PROCESSES]));
    for (const { Id } of await docker.listContainers({ all: true })) {
      const { Config, Name } = await docker.getContainer(Id).inspect();
      look(`settings of container ${Name}`, JSON.stringify(Config));
    }
  }
  const [machine] = network.machines;
  if (machine) found.push(...(await inLayers(machine, secrets, [IMAGES, ...layers])));
  return found;
}

const PROCESSES = `for each in /proc/[0-9]*/cmdline; do tr '\\0' ' ' < "$each" 2>/dev/null; echo; done`;

function hostProcesses(): string {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      } catch {
        return ''; // ended meanwhile
      }
    })
    .join('\n');
}

/** One search for all of them; texts go by standard input, for a command line is in the process list. */
async function inLayers(
  machine: Machine,
  secrets: Secrets,
  folders: readonly string[],
): Promise<FoundSecret[]> {
  const patterns = [...secrets.values()].flat();
  const search = ['grep', '-rohaF', '-f', '-', ...folders];
  const { exitCode, stdout, stderr } = await machine.exec(search, {
    stdin: `${patterns.join('\n')}\n`,
    budgetMs: LAYERS_MS,
  });
  // 0: found, 1: not found. Of a socket or a file that has gone it says 2, with what it found.
  if (exitCode > 1 && stdout === '' && !/No such (file|device)/.test(stderr)) {
    throw new Error(
      `image layers: expected a search of ${folders.join(', ')}, seen ${stderr.slice(0, 500)}`,
    );
  }
  return secretsIn(stdout, secrets).map((secret) => ({ place: 'image layers', secret }));
}
