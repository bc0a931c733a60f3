import { randomBytes } from 'node:crypto';
import { messageOf } from '../../base/errors.ts';
import type { Interruption } from '../../base/interruption.ts';
import { raceAbort } from '../../base/race-abort.ts';
import type { Engine } from '../../engine/engine.ts';
import type { NodeMode } from '../../engine/mode.ts';
import { Reaper } from '../../swarm/reaper.ts';
import { type AssembleRequest, assemble } from '../stack/assemble.ts';
import { onMachines } from '../stack/on-machines.ts';
import { keepLogs } from './failure-logs.ts';
import { type MachinesNetwork, machinesNetwork, type NetworkState, saveState } from './network.ts';
import { removeObjects } from './objects.ts';
import { type Machines, startMachines } from './start-machines.ts';

export interface BringUpRequest extends Omit<AssembleRequest, 'outer' | 'signal'> {
  readonly engine: Engine;
  readonly name: string;
  readonly mode: NodeMode;
  readonly apiPort: number | undefined;
  readonly interruption: Interruption;
  /** The command in words, e.g. `harness up`. */
  readonly command: string;
  /** Seconds since the command started. */
  readonly elapsed: () => number;
}

/** A network that is up and still bound to this process: it goes when the process goes, unless released. */
export interface BroughtUp {
  readonly network: MachinesNetwork;
  /** Lets the network outlive this process. */
  release(): Promise<void>;
  /** Removes everything. */
  remove(): Promise<void>;
}

/**
 * Brings a network up: machines, swarm, services, channel, chaincode, first transfer. The reaper is told what to remove
 * before the first object is made; on any failure and on abort everything is removed before this returns. Of a failure
 * the logs stay, and the error names their folder.
 *
 * @returns `undefined` when another process has bound the network of this name to itself
 */
export async function bringUp(request: BringUpRequest): Promise<BroughtUp | undefined> {
  const { engine, name, images, progress, interruption } = request;
  const { signal } = interruption;
  signal.throwIfAborted();
  const run = randomBytes(4).toString('hex');
  const { command } = request;
  const reaper = await Reaper.start({ engine, image: images.reaper, network: name, run, command });
  if (!reaper) return undefined;
  reaper.lost.addEventListener('abort', () => interruption.end(removedByOther(name)));
  // Only now, when nobody else can be making a network of this name.
  const left = await removeObjects(engine.docker, name, reaper.id);
  if (left > 0) progress.say(`removed ${left} objects that an interrupted start had left`);
  const numbers = request.topology.machines.map(({ number }) => number);
  const start = (detail: (text: string) => void) => {
    const waiting = new Set(numbers);
    return startMachines({
      docker: engine.docker,
      name,
      run,
      mode: request.mode,
      topology: request.topology,
      nodeImage: images.node,
      goldenVolume: images.goldenVolume,
      apiPort: request.apiPort,
      signal,
      onStarted: (machine, seconds) => {
        progress.say(`machine ${machine} answers  ${seconds.toFixed(1)} s`);
        waiting.delete(machine);
        if (waiting.size > 0) detail(`waiting for ${onMachines(waiting)}`);
      },
    });
  };
  const starting = progress.step('start machines', start, onMachines(numbers));
  const remove = async () => {
    // Only the start of machines makes objects in this engine: nothing comes after its end.
    await starting.catch(() => undefined);
    await removeObjects(engine.docker, name, reaper.id);
    await reaper.dismiss();
  };
  try {
    const work = bring(request, run, starting);
    return { network: await raceAbort(work, signal), release: () => reaper.release(), remove };
  } catch (error) {
    const told = await keepLogs(error, {
      docker: engine.docker,
      name,
      starting,
      folder: request.logsFolder,
      signal,
    });
    // A removal that fails is the reaper's to finish, once this process has ended; the first error tells more.
    await remove().catch((failure) => progress.say(`removal: ${messageOf(failure)}`));
    throw told;
  }
}

/** Why a process ends whose network is gone. */
export const removedByOther = (name: string) =>
  `the network "${name}" was removed by somebody else`;

async function bring(
  request: BringUpRequest,
  run: string,
  starting: Promise<Machines>,
): Promise<MachinesNetwork> {
  const { engine, name, mode, images, progress, elapsed, interruption } = request;
  const { signal } = interruption;
  const outer = engine.docker;
  const { deployment, firstTransfer } = await assemble({ ...request, outer, signal }, starting);
  const { nodes, certificates } = await starting;
  const state: NetworkState = {
    ...deployment,
    schema: 1,
    name,
    run,
    startedAt: new Date().toISOString(),
    mode,
    certificates: { ca: certificates.ca, client: certificates.client },
    versions: images.versions,
    standIns: images.standIns as Record<string, string>,
    steps: [...progress.steps],
    firstTransfer: { ...firstTransfer, seconds: elapsed(), imageSeconds: images.seconds },
  };
  const [manager] = nodes;
  if (manager) await saveState(manager, state);
  const containers = nodes.map(
    ({ number, container }) => [number, { Id: container.id, State: 'running' }] as const,
  );
  return machinesNetwork(outer, state, new Map(containers));
}
