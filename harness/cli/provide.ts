import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { UsageError } from '../base/errors.ts';
import { acquireLock } from '../base/lock.ts';
import type { Progress, StepRecord } from '../base/progress.ts';
import type { Settings } from '../base/settings.ts';
import { dataFolders, freeGigabytes } from '../engine/disk.ts';
import { connectEngine, type Engine, findEngine } from '../engine/engine.ts';
import { type NodeMode, probeNodeMode } from '../engine/mode.ts';
import { ensureImages } from '../images/ensure.ts';
import type { ImageSet } from '../images/model.ts';
import { definitionsOf } from '../network/chaincode/definition.ts';
import {
  type OwnChaincode,
  ownChaincodesOf,
  withOwnChaincodes,
} from '../network/chaincode/own-chaincode.ts';
import { hashOfGiven } from '../network/chaincode/prepare.ts';
import { type BroughtUp, bringUp } from '../network/machines/bring-up.ts';
import { findNetwork, type MachinesNetwork } from '../network/machines/network.ts';
import { removeObjects } from '../network/machines/objects.ts';
import { startStoppedMachines, stoppedMachines } from '../network/machines/revive.ts';
import { loadTopology } from '../topology/load.ts';
import { wantsFabric3 } from '../topology/releases.ts';
import type { Topology } from '../topology/schema.ts';
import { projectFolder } from './context.ts';

export interface ProvideOptions {
  readonly settings: Settings;
  readonly progress: Progress & { readonly steps: readonly StepRecord[] };
  readonly signal: AbortSignal;
  readonly elapsed: () => number;
  readonly ownChaincode?: OwnChaincode | undefined;
  /** Where the logs of a network that did not come up are kept. */
  readonly logsFolder: string;
  /** The caller has the network to itself, see {@link useAlone}. */
  readonly alone?: boolean;
}

/**
 * Everything that can be wrong with the input is found here, before anything is started.
 *
 * @param options `running: 'fine'` for commands that only use a network which runs: it needs no disk, and has its port
 * @throws UsageError, or TopologyError which has the same exit code
 */
export async function preflight(
  settings: Settings,
  options: { readonly running?: 'fine'; readonly ownChaincode?: OwnChaincode | undefined } = {},
): Promise<Topology> {
  const topology = loadTopology(topologyFile(settings.topology));
  const chaincodes = chaincodesOf(settings, topology, options.ownChaincode);
  definitionsOf(withOwnChaincodes(topology, chaincodes), chaincodes);
  const problems: string[] = [];
  const engine = await findEngine(process.env);
  const folders = (await dataFolders(settings, engine)).map(({ folder }) => folder);
  for (const folder of new Set(folders)) {
    const free = await freeGigabytes(folder);
    if (free < settings.minFreeDiskGb) {
      problems.push(
        `disk: expected ${settings.minFreeDiskGb} GiB free at ${folder} (HARNESS_MIN_FREE_DISK_GB), ` +
          `seen ${free.toFixed(1)} GiB`,
      );
    }
  }
  if (settings.apiPort !== undefined && !(await portIsFree(settings.apiPort))) {
    problems.push(
      `HARNESS_API_PORT: expected a free port on 127.0.0.1, seen ${settings.apiPort} in use; ` +
        'choose another or leave it unset',
    );
  }
  if (settings.apiArticle && engine && !engine.host.startsWith('unix://')) {
    problems.push(
      `HARNESS_API_ARTICLE: expected an engine on this host, seen ${engine.host}; ` +
        'whoever reaches 127.0.0.1 there would be an admin of the network',
    );
  }
  if (problems.length === 0 || (options.running === 'fine' && (await runs(settings, engine)))) {
    return topology;
  }
  throw new UsageError(problems);
}

async function runs(settings: Settings, engine: Engine | undefined): Promise<boolean> {
  const found = engine && (await findNetwork(engine.docker, settings.name));
  return found !== undefined && found !== 'incomplete';
}

/** The users' chaincodes: those of the topology file, and one of the command line. */
function chaincodesOf(
  settings: Settings,
  topology: Topology,
  own: OwnChaincode | undefined,
): OwnChaincode[] {
  const folder = path.dirname(topologyFile(settings.topology));
  return [...ownChaincodesOf(topology, folder), ...(own ? [own] : [])];
}

/** A name means a file of fixtures/network; anything with a slash or an ending is a path. */
export function topologyFile(topology: string): string {
  if (/[/.]/.test(topology)) return path.resolve(topology);
  const folder = path.join(projectFolder, 'fixtures/network');
  const file = path.join(folder, `${topology}.yaml`);
  if (!existsSync(file)) {
    const names = readdirSync(folder).map((name) => path.basename(name, '.yaml'));
    throw new UsageError([
      `HARNESS_TOPOLOGY: expected ${names.sort().join(', ')} or the path of a YAML file, seen "${topology}"`,
    ]);
  }
  return path.relative(process.cwd(), file);
}

function portIsFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * A chaincode is brought in when the network is made. One that runs without it, or with another build of it, would have
 * something else tested than what was given.
 */
async function assertHasChaincodes(
  { state }: MachinesNetwork,
  given: readonly OwnChaincode[],
  engine: Engine,
): Promise<void> {
  const problems: string[] = [];
  for (const own of given) {
    const running = state.builds[own.name];
    const hash = await hashOfGiven(own, engine.docker);
    if (running && running.hash === hash) continue;
    problems.push(
      `--chaincode: the network "${state.name}" runs ` +
        (running
          ? `${own.name} of other sources (${running.hash}, given are ${hash ?? 'not in the engine'}); `
          : `without ${own.name}; `) +
        'remove it first (npm stop), or choose another name with --name',
    );
  }
  if (problems.length > 0) throw new UsageError(problems);
}

/** An engine and all images. */
export async function provideImages(
  options: Omit<ProvideOptions, 'logsFolder'> & { readonly topology: Topology },
): Promise<{ engine: Engine; mode: NodeMode; images: ImageSet }> {
  const { settings, progress, signal } = options;
  const engine = await progress.step('reach a Docker engine', () =>
    connectEngine(settings, process.env, progress.say),
  );
  // What testcontainers starts must be in the same engine.
  process.env.DOCKER_HOST = engine.host;
  const mode =
    settings.nodeMode === 'auto' ? await probeNodeMode(engine.docker) : settings.nodeMode;
  const images = await progress.step('images', (detail) =>
    ensureImages({
      docker: engine.docker,
      mode,
      cacheDir: settings.cacheDir,
      registry: settings.registry,
      couchdb: settings.couchdb,
      mongo: settings.mongodb,
      fabric3: wantsFabric3(options.topology),
      debianMirror: settings.debianMirror,
      signal,
      onNotice: progress.say,
      onProgress: imageProgress(progress, detail),
    }),
  );
  return { engine, mode, images };
}

/** A line when an image is done; meanwhile what is being worked on. */
function imageProgress(progress: Progress, detail: (text: string) => void) {
  const working = new Set<string>();
  return ({ image, state, seconds }: { image: string; state: string; seconds: number }) => {
    if (state === 'present') return;
    if (state === 'done') {
      working.delete(image);
      progress.say(`${image}  ${seconds.toFixed(1)} s`);
    } else working.add(image);
    detail([...working].join(', '));
  };
}

/** A network that was there already, or one that was brought up now. */
export type Provided =
  | {
      readonly kind: 'running';
      readonly engine: Engine;
      readonly network: MachinesNetwork;
      /** Machines of it had stopped and were started again. */
      readonly revived?: true;
    }
  | ({ readonly kind: 'new'; readonly engine: Engine } & BroughtUp);

/**
 * Waits until no test run uses the network of this name. Two runs at once would meet each other's faults, and a
 * machine that one of them has just lost is not to be started by somebody else.
 *
 * @returns the release
 */
export function useAlone({
  settings,
  progress,
  signal,
}: Pick<ProvideOptions, 'settings' | 'progress' | 'signal'>): Promise<() => Promise<void>> {
  return acquireLock(
    `use-${settings.name}`,
    (pid) =>
      progress.say(`process ${pid} is testing the network "${settings.name}": waiting for it`),
    signal,
  );
}

/**
 * The network of the settings: the one that runs, or a new one. Processes that want the same name take turns.
 * What an interrupted start has left is removed first; machines that have stopped, because the host or the engine was
 * restarted, are started again.
 */
export async function provideNetwork(
  topology: Topology,
  options: ProvideOptions,
): Promise<Provided> {
  const provided = await findOrBringUp(topology, options);
  if (provided.kind === 'new' || stoppedMachines(provided.network).length === 0) return provided;
  if (!options.alone) {
    const release = await useAlone(options);
    try {
      // In the meantime everything may have changed.
      return await provideNetwork(topology, { ...options, alone: true });
    } finally {
      await release();
    }
  }
  const network = await startStoppedMachines(provided.network, options);
  return { ...provided, network, revived: true };
}

async function findOrBringUp(topology: Topology, options: ProvideOptions): Promise<Provided> {
  const { settings, progress, signal, elapsed } = options;
  const unlock = await acquireLock(
    `network-${settings.name}`,
    (pid) =>
      progress.say(`process ${pid} is starting the network "${settings.name}": waiting for it`),
    signal,
  );
  try {
    const engine = await connectEngine(settings, process.env, progress.say);
    const found = await findNetwork(engine.docker, settings.name);
    if (found === 'incomplete') {
      const removed = await removeObjects(engine.docker, settings.name);
      progress.say(`removed ${removed} objects that an interrupted start had left`);
    } else if (found) {
      const given = chaincodesOf(settings, topology, options.ownChaincode);
      await assertHasChaincodes(found, given, engine);
      return { kind: 'running', engine, network: found };
    }
    const { mode, images } = await provideImages({ ...options, topology });
    const broughtUp = await bringUp({
      engine,
      name: settings.name,
      topology,
      mode,
      images,
      apiPort: settings.apiPort,
      apiArticle: settings.apiArticle,
      budgetMs: settings.upTimeoutMs,
      logsFolder: options.logsFolder,
      progress,
      signal,
      elapsed,
      ownChaincodes: chaincodesOf(settings, topology, options.ownChaincode),
      cacheDir: settings.cacheDir,
    });
    return { kind: 'new', engine, ...broughtUp };
  } finally {
    await unlock();
  }
}
