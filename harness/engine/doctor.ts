import type { Settings } from '../base/settings.ts';
import type { Diagnosis } from './diagnosis.ts';
import { dataFolders, freeGigabytes } from './disk.ts';
import { examineKernel, examineMemory, examineRegistry, hostCgroupVersion } from './doctor-host.ts';
import { atLeast, examineTools } from './doctor-tools.ts';
import { candidateEndpoints, pingFailure } from './endpoint.ts';
import { type Engine, findEngine } from './engine.ts';
import { probeNodeMode } from './mode.ts';
import { type HostFacts, hostFacts } from './private-engine.ts';

/** The API of engine 20.10, the first for control groups version 2; all that is asked of an engine is in it. */
const NEEDED_API = '1.41';
const UNKNOWN = 'unknown until an engine runs; the private one is started by npm start';

/**
 * Looks at everything that a run needs, and at what the engine can do. No engine is started and nothing is installed;
 * an engine that answers is given an empty container to try, which is gone again when this returns.
 */
export async function examine(
  settings: Pick<Settings, 'stateDir' | 'cacheDir' | 'minFreeDiskGb' | 'engine'>,
  env: NodeJS.ProcessEnv,
): Promise<Diagnosis[]> {
  const [engine, registry] = await Promise.all([findEngine(env), examineRegistry()]);
  const found = await Promise.all([
    examineTools(registry.state === 'ok'),
    engine ? describeEngine(engine) : withoutEngine(settings, await failures(env), hostFacts()),
    disk(settings, engine),
    [examineMemory()],
    examineKernel(),
    [registry],
  ]);
  return found.flat();
}

const failures = (env: NodeJS.ProcessEnv) =>
  Promise.all(
    candidateEndpoints(env).map(async ({ host }) => `${host}: ${await pingFailure(host, 500)}`),
  );

interface EngineInfo {
  readonly ServerVersion: string;
  readonly Driver: string;
  readonly CgroupVersion?: string;
  readonly CgroupDriver: string;
}

const NEEDED = {
  engine: 'a Docker engine, or root on Debian or Ubuntu',
  api: `${NEEDED_API} or newer (engine 20.10)`,
  privileged: 'either',
  cgroups: 'version 1 or 2',
};

/** The engine that answers, and what it can do. */
export async function describeEngine({ docker, host, kind }: Engine): Promise<Diagnosis[]> {
  const [info, { ApiVersion: api }, mode] = await Promise.all([
    docker.info() as Promise<EngineInfo>,
    docker.version(),
    probeNodeMode(docker),
  ]);
  const knowsAll = atLeast(api, NEEDED_API);
  return [
    {
      subject: 'engine',
      state: 'ok',
      found: `${info.ServerVersion} at ${host} (${kind}, ${info.Driver})`,
      needed: NEEDED.engine,
      fix: '',
    },
    {
      subject: 'engine API',
      state: knowsAll ? 'ok' : 'missing',
      found: api,
      needed: NEEDED.api,
      fix: knowsAll ? '' : 'update the engine, or point DOCKER_HOST at another',
    },
    {
      subject: 'privileged',
      state: mode === 'privileged' ? 'ok' : 'limited',
      found:
        mode === 'privileged'
          ? 'allowed (tried with an empty container, now removed)'
          : 'refused: machines get a set of capabilities (tried with an empty container, now removed)',
      needed: NEEDED.privileged,
      fix: '',
    },
    {
      subject: 'cgroups',
      state: 'ok',
      found: `version ${info.CgroupVersion ?? '1'}, driver ${info.CgroupDriver}`,
      needed: NEEDED.cgroups,
      fix: '',
    },
  ];
}

/**
 * The same rows while no engine answers.
 *
 * @param tried where one was looked for, and why it doesn't answer
 */
export function withoutEngine(
  settings: Pick<Settings, 'engine'>,
  tried: readonly string[],
  { root, distribution }: HostFacts,
): Diagnosis[] {
  const providable = root && /\b(debian|ubuntu)\b/.test(distribution) && settings.engine === 'auto';
  const where = tried.join('; ');
  return [
    {
      subject: 'engine',
      state: providable ? 'ok' : 'missing',
      found: `none answers (${where})${providable ? '; a private one will be started' : ''}`,
      needed: NEEDED.engine,
      fix: providable
        ? ''
        : settings.engine === 'existing'
          ? 'start yours, point DOCKER_HOST at it, or unset HARNESS_ENGINE'
          : 'apt-get install docker.io, or run as root on Debian or Ubuntu',
    },
    {
      subject: 'engine API',
      state: 'unknown',
      found: providable ? UNKNOWN : 'unknown until an engine runs',
      needed: NEEDED.api,
      fix: '',
    },
    {
      subject: 'privileged',
      state: 'unknown',
      found: providable ? UNKNOWN : 'unknown until an engine runs',
      needed: NEEDED.privileged,
      fix: '',
    },
    {
      subject: 'cgroups',
      state: 'ok',
      found: `version ${hostCgroupVersion()} on this host; the driver is the engine's`,
      needed: NEEDED.cgroups,
      fix: '',
    },
  ];
}

async function disk(
  settings: Pick<Settings, 'stateDir' | 'cacheDir' | 'minFreeDiskGb'>,
  engine: Engine | undefined,
): Promise<Diagnosis[]> {
  const folders = await dataFolders(settings, engine);
  return Promise.all(
    folders.map(async ({ purpose, folder, move }) => {
      const free = await freeGigabytes(folder);
      const ok = free >= settings.minFreeDiskGb;
      return {
        subject: `disk (${purpose})`,
        state: ok ? 'ok' : 'missing',
        found: `${free.toFixed(1)} GiB free at ${folder}`,
        needed: `${settings.minFreeDiskGb} GiB (HARNESS_MIN_FREE_DISK_GB)`,
        fix: ok ? '' : `free some space, or ${move}`,
      } as const;
    }),
  );
}
