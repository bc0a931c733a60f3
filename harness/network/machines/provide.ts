import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Interruption } from '../../base/interruption.ts';
import { acquireLock } from '../../base/lock.ts';
import type { Progress, StepRecord } from '../../base/progress.ts';
import type { Settings } from '../../base/settings.ts';
import { connectEngine, type Engine } from '../../engine/engine.ts';
import type { HolderRole } from '../../engine/labels.ts';
import { outerImages } from '../../images/manifest.ts';
import { Reaper } from '../../swarm/reaper.ts';
import type { Topology } from '../../topology/schema.ts';
import type { OwnChaincode } from '../chaincode/own-chaincode.ts';
import { bringIn, newToNetwork } from './bring-in.ts';
import { type BroughtUp, bringUp, removedByOther } from './bring-up.ts';
import { startLock, useLock } from './locks.ts';
import { findNetwork, type MachinesNetwork } from './network.ts';
import { holderOf } from './objects.ts';
import { chaincodesOf } from './preflight.ts';
import { provideImages } from './provide-images.ts';
import { startStoppedMachines, stoppedMachines } from './revive.ts';

/** Milliseconds between two looks at whether a network is bound. */
const LOOK_MS = 500;

export interface ProvideOptions {
  readonly settings: Settings;
  /** The command in words, for those who find the network bound to it, e.g. `harness test`. */
  readonly command: string;
  readonly progress: Progress & { readonly steps: readonly StepRecord[] };
  readonly interruption: Interruption;
  readonly elapsed: () => number;
  /** Besides those of the topology file. */
  readonly ownChaincodes?: readonly OwnChaincode[];
  /** Where the logs of a network that did not come up are kept. */
  readonly logsFolder: string;
}

/** A network that was there already, or one that was brought up now. */
export type Provided =
  | {
      readonly kind: 'running';
      readonly engine: Engine;
      readonly network: MachinesNetwork;
      /** Machines of it had stopped and were started again. */
      readonly revived?: true;
      /** Users' chaincodes that it had not, or had in another build. */
      readonly broughtIn?: readonly string[];
    }
  | ({ readonly kind: 'new'; readonly engine: Engine } & BroughtUp);

/** A network that nobody else tests, nor starts machines of, until `done`. */
export type ProvidedAlone = Provided & { done(): Promise<void> };

/**
 * {@link provideNetwork}, for one who must have the network to himself. Two runs at once would meet each other's faults,
 * and a machine that one of them has just lost is not to be started by somebody else. Who uses it now is waited out, be it
 * on another host or in another container that uses the same engine. Whoever removes the network meanwhile ends this
 * process's use of it.
 */
export async function provideAlone(
  topology: Topology,
  options: ProvideOptions,
): Promise<ProvidedAlone> {
  const { settings, progress, interruption } = options;
  const { name } = settings;
  const { signal } = interruption;
  const unlock = await acquireLock(useLock(name), {
    onWait: (pid) =>
      progress.say(`process ${pid} is testing the network "${name}": waiting for it`),
    onAsked: (pid) => interruption.end(removedBy(name, pid)),
    signal,
  });
  let claim: Reaper | undefined;
  const done = async () => {
    await claim?.dismiss();
    await unlock();
  };
  try {
    for (;;) {
      const provided = await findOrBringUp(topology, options);
      if (provided.kind === 'new') return { ...provided, done };
      claim = await claimUse(provided.engine, topology, options);
      // Whoever used it until now may have removed it.
      const network = claim && (await findNetwork(provided.engine.docker, name));
      if (network && network !== 'incomplete' && network.owner === undefined) {
        return { ...(await madeFit({ ...provided, network }, topology, options)), done };
      }
      await claim?.dismiss();
      claim = undefined;
    }
  } catch (error) {
    await done();
    throw error;
  }
}

type Running = Extract<Provided, { readonly kind: 'running' }>;

/** Users' chaincodes that a network that was there lacks, or has in another build. */
function lackingIn(
  { engine, network }: Running,
  topology: Topology,
  { settings, ownChaincodes }: ProvideOptions,
): Promise<OwnChaincode[]> {
  const given = chaincodesOf(settings, topology, ownChaincodes);
  return newToNetwork(network, given, engine.docker);
}

/** Has a network that was there run, with the chaincode that was given; the caller has it to himself. */
async function madeFit(
  running: Running,
  topology: Topology,
  options: ProvideOptions,
): Promise<Running> {
  const { settings, progress, interruption, logsFolder } = options;
  const { signal } = interruption;
  const stopped = stoppedMachines(running.network).length > 0;
  const network = stopped
    ? await startStoppedMachines(running.network, { progress, signal })
    : running.network;
  const revived = { ...running, network, ...(stopped && { revived: true as const }) };
  const lacking = await lackingIn(revived, topology, options);
  if (lacking.length === 0) return revived;
  const { cacheDir } = settings;
  const outer = running.engine.docker;
  const bringing = { outer, cacheDir, logsFolder, progress, signal };
  const broughtIn = lacking.map(({ name }) => name);
  return { ...revived, network: await bringIn(network, lacking, bringing), broughtIn };
}

const removedBy = (name: string, pid: number) => `process ${pid} removes the network "${name}"`;

/** Takes the use of a network that is bound to nobody; `undefined` once another process that had it has let it go. */
async function claimUse(
  engine: Engine,
  topology: Topology,
  options: ProvideOptions,
): Promise<Reaper | undefined> {
  const { settings, command, progress, interruption } = options;
  const { name: network } = settings;
  const { signal } = interruption;
  const reapers = (await outerImages(engine.docker)).filter(({ tag }) => tag.includes('/reaper:'));
  const image =
    reapers.toSorted((a, b) => b.created - a.created)[0]?.tag ??
    (await provideImages({ settings, topology, progress, signal })).images.reaper;
  const run = randomBytes(4).toString('hex');
  const claim = await Reaper.start({ engine, image, network, run, command, role: 'user' });
  claim?.lost.addEventListener('abort', () => interruption.end(removedByOther(network)));
  if (!claim) await untilFree(engine, options, 'user', 'is used by');
  return claim;
}

/**
 * The network of the settings: the one that runs, or a new one. Processes that want the same name take turns, and a
 * network that goes with another process is waited out. What an interrupted start has left is removed first; machines
 * that have stopped, because the host or the engine was restarted, are started again; users' chaincode that it lacks, or
 * runs another build of, is brought in.
 */
export async function provideNetwork(
  topology: Topology,
  options: ProvideOptions,
): Promise<Provided> {
  const provided = await findOrBringUp(topology, options);
  if (provided.kind === 'new') return provided;
  const lacking = await lackingIn(provided, topology, options);
  if (stoppedMachines(provided.network).length === 0 && lacking.length === 0) return provided;
  const { done, ...alone } = await provideAlone(topology, options);
  await done();
  return alone;
}

async function findOrBringUp(topology: Topology, options: ProvideOptions): Promise<Provided> {
  const { settings, progress, interruption, elapsed, command } = options;
  const { name } = settings;
  const { signal } = interruption;
  const unlock = await acquireLock(startLock(name), {
    onWait: (pid) =>
      progress.say(`process ${pid} is starting the network "${name}": waiting for it`),
    onAsked: (pid) => interruption.end(removedBy(name, pid)),
    signal,
  });
  try {
    const engine = await connectEngine(settings, process.env, progress.say);
    for (;;) {
      await untilFree(engine, options, 'reaper', 'goes with');
      const found = await findNetwork(engine.docker, name);
      if (found && found !== 'incomplete') {
        return { kind: 'running', engine, network: found };
      }
      const { mode, images } = await provideImages({ settings, topology, progress, signal });
      const broughtUp = await bringUp({
        engine,
        name,
        topology,
        mode,
        images,
        apiPort: settings.apiPort,
        apiArticle: settings.apiArticle,
        budgetMs: settings.upTimeoutMs,
        logsFolder: options.logsFolder,
        progress,
        interruption,
        elapsed,
        command,
        ownChaincodes: chaincodesOf(settings, topology, options.ownChaincodes),
        cacheDir: settings.cacheDir,
      });
      // Otherwise a process elsewhere, out of reach of this host's locks, was quicker.
      if (broughtUp) return { kind: 'new', engine, ...broughtUp };
    }
  } finally {
    await unlock();
  }
}

/** Waits until no process holds the network. */
async function untilFree(
  { docker }: Engine,
  { settings: { name }, progress, interruption: { signal } }: ProvideOptions,
  role: HolderRole,
  how: string,
): Promise<void> {
  let told: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const holder = await holderOf(docker, name, role);
    if (holder === undefined) return;
    if (holder !== told) {
      progress.say(`the network "${name}" ${how} ${holder}: waiting until that has ended`);
      told = holder;
    }
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}
