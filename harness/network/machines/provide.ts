import { setTimeout as delay } from 'node:timers/promises';
import { UsageError } from '../../base/errors.ts';
import type { Interruption } from '../../base/interruption.ts';
import { acquireLock } from '../../base/lock.ts';
import type { Progress, StepRecord } from '../../base/progress.ts';
import type { Settings } from '../../base/settings.ts';
import { connectEngine, type Engine } from '../../engine/engine.ts';
import type { Topology } from '../../topology/schema.ts';
import type { OwnChaincode } from '../chaincode/own-chaincode.ts';
import { hashOfGiven } from '../chaincode/prepare.ts';
import { type BroughtUp, bringUp } from './bring-up.ts';
import { startLock, useLock } from './locks.ts';
import { findNetwork, type MachinesNetwork } from './network.ts';
import { ownerOf } from './objects.ts';
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
  readonly ownChaincode?: OwnChaincode | undefined;
  /** Where the logs of a network that did not come up are kept. */
  readonly logsFolder: string;
  /** The caller has the network to itself, see {@link useAlone}. */
  readonly alone?: boolean;
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
 * machine that one of them has just lost is not to be started by somebody else. Whoever removes the network meanwhile
 * ends this process's use of it.
 *
 * @returns the release
 */
export function useAlone({
  settings: { name },
  progress,
  interruption,
}: Pick<ProvideOptions, 'settings' | 'progress' | 'interruption'>): Promise<() => Promise<void>> {
  return acquireLock(useLock(name), {
    onWait: (pid) =>
      progress.say(`process ${pid} is testing the network "${name}": waiting for it`),
    onAsked: (pid) => interruption.end(removedBy(name, pid)),
    signal: interruption.signal,
  });
}

const removedBy = (name: string, pid: number) => `process ${pid} removes the network "${name}"`;

/**
 * The network of the settings: the one that runs, or a new one. Processes that want the same name take turns, and a
 * network that goes with another process is waited out. What an interrupted start has left is removed first; machines
 * that have stopped, because the host or the engine was restarted, are started again.
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
  const { progress, interruption } = options;
  const { signal } = interruption;
  const network = await startStoppedMachines(provided.network, { progress, signal });
  return { ...provided, network, revived: true };
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
      await untilUnbound(engine, options);
      const found = await findNetwork(engine.docker, name);
      if (found && found !== 'incomplete') {
        const given = chaincodesOf(settings, topology, options.ownChaincode);
        await assertHasChaincodes(found, given, engine);
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
        ownChaincodes: chaincodesOf(settings, topology, options.ownChaincode),
        cacheDir: settings.cacheDir,
      });
      // Otherwise a process elsewhere, out of reach of this host's locks, was quicker.
      if (broughtUp) return { kind: 'new', engine, ...broughtUp };
    }
  } finally {
    await unlock();
  }
}

/** Waits until the network goes with no process: it has been released, or is gone with its owner. */
async function untilUnbound(
  { docker }: Engine,
  { settings: { name }, progress, interruption: { signal } }: ProvideOptions,
): Promise<void> {
  let told: string | undefined;
  for (;;) {
    signal.throwIfAborted();
    const owner = await ownerOf(docker, name);
    if (owner === undefined) return;
    if (owner !== told) {
      progress.say(`the network "${name}" goes with ${owner}: waiting until that has ended`);
      told = owner;
    }
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
}
