import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { parse } from 'dotenv';
import { z } from 'zod';
import { UsageError } from './errors.ts';
import { nearest } from './suggest.ts';

const name = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]{0,19}$/,
    'a lower-case letter, then at most 19 letters, digits or hyphens',
  );

/** Every setting: its environment variable, what it accepts, its default, and the line that documents it. */
const definitions = {
  HARNESS_NAME: [
    name.default('fabric'),
    'Name of the network; two networks with different names can run side by side.',
  ],
  HARNESS_TOPOLOGY: [
    z.string().min(1).default('article'),
    'Placement: article, spread (Kafka), raft, raft-defaults (with Fabric’s timing), raft3 (Raft on Fabric 3), bft, or the path of a YAML file like those in fixtures/network.',
  ],
  HARNESS_ENGINE: [
    z.enum(['auto', 'existing']).default('auto'),
    'auto: use the engine that answers, else (as root on Debian or Ubuntu) install one and start it privately. existing: never do that.',
  ],
  HARNESS_SWARM: [
    z.enum(['machines', 'existing']).default('machines'),
    'machines: the harness starts machines of its own. existing: it uses the hosts of your swarm, whose manager DOCKER_HOST names (ssh:// or tcp:// with TLS).',
  ],
  HARNESS_HOSTS: [
    z.string().min(1).optional(),
    'With HARNESS_SWARM=existing: a YAML file that says which node of the swarm is which machine, and how it is reached; without it nodes are found by their label machine=NUMBER.',
  ],
  HARNESS_NODE_MODE: [
    z.enum(['auto', 'privileged', 'caps']).default('auto'),
    'How the machines are started: privileged, with a capability set, or whatever the engine allows.',
  ],
  HARNESS_REGISTRY: [
    z
      .string()
      .regex(/^[a-z0-9.:-]+(\/[a-z0-9._-]+)*$/, 'host[:port][/path] without a scheme')
      .optional(),
    'A registry that caches the images: pulled from before a build, pushed to after one.',
  ],
  HARNESS_API_PORT: [
    z.coerce
      .number('a number')
      .int('a whole number')
      .min(1, 'at least 1')
      .max(65535, 'at most 65535')
      .optional(),
    'Port on 127.0.0.1 where the REST API is published as well; it always has one at machine 1.',
  ],
  HARNESS_API_ARTICLE: [
    z.enum(['1'], '1, or nothing').optional(),
    "1: the REST API takes the article's own script (testAPIs.sh), on 127.0.0.1 only. Anyone who reaches it there is an admin; needs HARNESS_API_PORT.",
  ],
  HARNESS_COUCHDB: [
    z.enum(['auto', 'official', 'compatible']).default('auto'),
    'State database: the official image where a registry answers, or the PouchDB-based compatible server.',
  ],
  HARNESS_MONGODB: [
    z.enum(['auto', 'official', 'compatible']).default('auto'),
    'Credential store: the official image where a registry answers, or FerretDB on SQLite.',
  ],
  HARNESS_DEBIAN_MIRROR: [
    z.url({ protocol: /^https?$/, error: 'an http or https URL' }).optional(),
    'Debian mirror for the base image when no registry answers.',
  ],
  HARNESS_CACHE_DIR: [
    z.string().startsWith('/', 'an absolute path').optional(),
    'Where downloads and builds are kept between runs; default ~/.cache/fabric-swarm-harness.',
  ],
  HARNESS_STATE_DIR: [
    z.string().startsWith('/', 'an absolute path').default('/var/lib/fabric-swarm-harness'),
    'Where a private engine keeps its data.',
  ],
  HARNESS_REPORTS_DIR: [z.string().min(1).default('reports'), 'Where reports are written.'],
  HARNESS_MIN_FREE_DISK_GB: [
    z.coerce.number('a number').min(1, 'at least 1').max(1000, 'at most 1000').default(6),
    'Free gigabytes that the data folders must have before anything is started.',
  ],
  HARNESS_UP_TIMEOUT: [
    z.coerce
      .number('a number')
      .int('a whole number')
      .min(10, 'at least 10')
      .max(3600, 'at most 3600')
      .default(180),
    'Seconds that the network may take to come up, images apart.',
  ],
  HARNESS_PATIENCE: [
    z.coerce.number('a number').min(1, 'at least 1').max(100, 'at most 100').optional(),
    'How many times longer than on an ordinary machine everything may take, health checks included; measured unless set, and printed.',
  ],
  HARNESS_SEED: [
    z.coerce
      .number('a number')
      .int('a whole number')
      .min(0, 'at least 0')
      .max(4294967295, 'at most 4294967295')
      .optional(),
    'Seed of schedules and workloads; random, and printed, unless set.',
  ],
} as const satisfies Record<string, readonly [z.ZodType, string]>;

type Key = keyof typeof definitions;

/** The settings of a run: validated, complete and frozen. */
export interface Settings {
  readonly name: string;
  readonly topology: string;
  readonly engine: 'auto' | 'existing';
  readonly swarm: 'machines' | 'existing';
  /** File that says which node is which machine; absolute. */
  readonly hosts: string | undefined;
  readonly nodeMode: 'auto' | 'privileged' | 'caps';
  readonly registry: string | undefined;
  readonly apiPort: number | undefined;
  readonly apiArticle: boolean;
  readonly couchdb: 'auto' | 'official' | 'compatible';
  readonly mongodb: 'auto' | 'official' | 'compatible';
  readonly debianMirror: string | undefined;
  readonly cacheDir: string;
  readonly stateDir: string;
  readonly reportsDir: string;
  readonly minFreeDiskGb: number;
  readonly upTimeoutMs: number;
  readonly patience: number | undefined;
  readonly seed: number | undefined;
}

/** One row per setting, for `.env.example` and the README's table. */
export function describeSettings(): { key: string; fallback: string; text: string }[] {
  return Object.entries(definitions).map(([key, [schema, text]]) => ({
    key,
    fallback: String(schema.safeParse(undefined).data ?? ''),
    text,
  }));
}

interface Source {
  readonly value: string;
  readonly where: string;
}

/**
 * Reads settings from the environment and from `.env` in the given folder; the environment wins, as dotenv has it.
 * In `.env` an unknown HARNESS_ variable is refused; in the environment only one that looks like one of ours, for the
 * prefix is used by others too.
 *
 * @param env the process environment
 * @param folder where `.env` may stand
 * @throws UsageError naming each key, its line, what was expected and what was seen
 */
export function loadSettings(env: NodeJS.ProcessEnv, folder: string): Settings {
  const sources = collect(env, path.join(folder, '.env'));
  const problems: string[] = [];
  const values: Partial<Record<Key, unknown>> = {};
  for (const [key, source] of sources) {
    if (!(key in definitions)) {
      const meant = meantBy(key);
      problems.push(
        `${source.where}: unknown setting ${key}; ${meant ? `is ${meant} meant? E` : 'e'}xpected one of ${keys().join(', ')}`,
      );
    }
  }
  for (const key of keys()) {
    const source = sources.get(key);
    // An empty value is how .env files and CI say "not set".
    const parsed = definitions[key][0].safeParse(source?.value === '' ? undefined : source?.value);
    if (parsed.success) values[key] = parsed.data;
    else {
      const expected = parsed.error.issues.map((issue) => issue.message).join('; ');
      problems.push(
        `${source?.where ?? key}: ${key}: expected ${expected}, seen "${source?.value}"`,
      );
    }
  }
  if (values.HARNESS_API_ARTICLE !== undefined && values.HARNESS_API_PORT === undefined) {
    const { where } = sources.get('HARNESS_API_ARTICLE') as Source;
    problems.push(
      `${where}: HARNESS_API_ARTICLE: expected HARNESS_API_PORT with it, 4000 as in the article, seen none`,
    );
  }
  problems.push(...misfits(values, sources));
  if (problems.length > 0) throw new UsageError(problems);
  const v = values as { [K in Key]: z.infer<(typeof definitions)[K][0]> };
  return Object.freeze({
    name: v.HARNESS_NAME,
    topology: v.HARNESS_TOPOLOGY,
    engine: v.HARNESS_ENGINE,
    swarm: v.HARNESS_SWARM,
    hosts: v.HARNESS_HOSTS === undefined ? undefined : path.resolve(folder, v.HARNESS_HOSTS),
    nodeMode: v.HARNESS_NODE_MODE,
    registry: v.HARNESS_REGISTRY,
    apiPort: v.HARNESS_API_PORT,
    apiArticle: v.HARNESS_API_ARTICLE !== undefined,
    couchdb: v.HARNESS_COUCHDB,
    mongodb: v.HARNESS_MONGODB,
    debianMirror: v.HARNESS_DEBIAN_MIRROR,
    cacheDir: v.HARNESS_CACHE_DIR ?? defaultCache(env),
    stateDir: v.HARNESS_STATE_DIR,
    reportsDir: path.resolve(folder, v.HARNESS_REPORTS_DIR),
    minFreeDiskGb: v.HARNESS_MIN_FREE_DISK_GB,
    upTimeoutMs: v.HARNESS_UP_TIMEOUT * 1000,
    patience: v.HARNESS_PATIENCE,
    seed: v.HARNESS_SEED,
  });
}

/** Settings that have no meaning with each other. */
function misfits(
  values: Readonly<Partial<Record<Key, unknown>>>,
  sources: ReadonlyMap<string, Source>,
): string[] {
  const where = (key: Key) => sources.get(key)?.where ?? key;
  if (values.HARNESS_SWARM !== 'existing') {
    return values.HARNESS_HOSTS === undefined
      ? []
      : [`${where('HARNESS_HOSTS')}: HARNESS_HOSTS: expected HARNESS_SWARM=existing with it`];
  }
  return values.HARNESS_API_PORT === undefined
    ? []
    : [
        `${where('HARNESS_API_PORT')}: HARNESS_API_PORT: expected none with HARNESS_SWARM=existing, where the REST API is at machine 1`,
      ];
}

const keys = (): Key[] => Object.keys(definitions) as Key[];

const defaultCache = (env: NodeJS.ProcessEnv): string =>
  path.join(env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'fabric-swarm-harness');

/** What all settings begin with. */
const PREFIX = 'HARNESS_';

/** The setting that a name was meant to be, if it is not one and looks like one. */
function meantBy(key: string): Key | undefined {
  const meant = nearest(
    key.slice(PREFIX.length),
    keys().map((known) => known.slice(PREFIX.length)),
  );
  return meant === undefined ? undefined : (`${PREFIX}${meant}` as Key);
}

/**
 * HARNESS_ variables by key with where each was said. The environment may have some that belong to other programs:
 * of those that are not ours, only what looks like one of ours is taken, to be refused.
 */
function collect(env: NodeJS.ProcessEnv, file: string): Map<string, Source> {
  const found = new Map<string, Source>();
  if (existsSync(file)) {
    const text = readFileSync(file, 'utf8');
    const lines = text.split('\n');
    for (const [key, value] of Object.entries(parse(text))) {
      const line =
        lines.findIndex((l) => new RegExp(`^\\s*(export\\s+)?${key}\\s*[=:]`).test(l)) + 1;
      if (key.startsWith(PREFIX)) found.set(key, { value, where: `${file}:${line}` });
    }
  }
  for (const [key, value] of Object.entries(env)) {
    if (!key.startsWith(PREFIX) || value === undefined) continue;
    if (key in definitions || meantBy(key)) found.set(key, { value, where: 'environment' });
  }
  return found;
}
