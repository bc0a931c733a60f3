import { patient } from '../../base/patience.ts';
import { waitFor } from '../../base/wait.ts';
import { managerOf } from '../../network/components.ts';
import type { ComponentHandle } from '../../network/port.ts';
import { serviceName } from '../../swarm/deploy.ts';
import { keepLogs } from '../../swarm/kept-logs.ts';
import { scaleComponent } from '../../swarm/scale.ts';
import { CPU_USED, findCgroup } from '../cgroup.ts';
import { awaitRunning, inMachines, runningContainer } from '../components.ts';
import {
  type ActiveFault,
  confirmed,
  expectThat,
  type Fault,
  type FaultContext,
  notConfirmed,
  type Role,
  replaced,
  type Target,
  together,
} from '../model.ts';
import { acquireReference, isReferenced, releaseReference } from '../reference-count.ts';
import { machineDown, machineFrozen } from './machine.ts';

/** Milliseconds for a component to be gone, its grace period included. */
const DOWN_MS = 30_000;
/** Milliseconds after which a task that still runs has been overlooked by the Swarm. */
const OVERLOOKED_MS = 3_000;
/** Milliseconds for a component to run and be healthy again. */
export const BACK_MS = 80_000;

/**
 * SIGKILL of the component's main process. It stays down until healed: its service is scaled to none at the same
 * moment, because Swarm would have it back in a second; healing lets Swarm start it again, on the same volumes.
 * A machine is killed as a whole.
 */
export function crash(role: Role): Fault {
  return down('crash', role, 'kill', async (context, handle, pid) => {
    await handle.machine.execOk(['kill', '-9', String(pid)]);
    await scaleComponent((await managerOf(context.network)).docker, handle.name, 0);
  });
}

/** SIGTERM, then SIGKILL after the service's grace period; down until healed. Machines likewise. */
export function stop(role: Role): Fault {
  return down('stop', role, 'stop', async (context, handle) =>
    scaleComponent((await managerOf(context.network)).docker, handle.name, 0),
  );
}

type End = (context: FaultContext, handle: ComponentHandle, pid: number) => Promise<void>;

function down(kind: string, role: Role, how: 'kill' | 'stop', end: End): Fault {
  return {
    kind,
    text: kind,
    role,
    available: async () => undefined,
    prepare: async (context, targets) =>
      together(
        await Promise.all(
          inMachines(kind, targets).map((target) =>
            target.type === 'machine'
              ? machineDown(context, target.number, how)
              : componentDown(context, kind, target.handle, end),
          ),
        ),
      ),
  };
}

async function componentDown(
  context: FaultContext,
  kind: string,
  handle: ComponentHandle,
  end: End,
): Promise<ActiveFault> {
  const { name, machine } = handle;
  const manager = await managerOf(context.network);
  const id = context.guard.newId(kind, name);
  const service = serviceName(name);
  const state = `down-${service}`;
  let pid = 0;
  return {
    inject: async () => {
      ({ pid } = await runningContainer(handle));
      await keepLogs(machine, name);
      const undo = `docker service scale --detach ${service}=1 >/dev/null`;
      await context.guard.register(manager, id, releaseReference(state, id, undo));
      await manager.execOk(['sh', '-c', acquireReference(state, id, ':')]);
      await end(context, handle, pid);
      // A Swarm that was quicker than the scaling has started another one, which now goes as well.
      await keepLogs(machine, name);
    },
    verify: async () => {
      let askedAt = performance.now();
      const seen = await waitFor(
        { subject: name, expected: 'no process', budgetMs: DOWN_MS, intervalMs: 50 },
        async () => {
          const facts = await handle.container();
          if (facts?.running) {
            if (performance.now() - askedAt > patient(OVERLOOKED_MS)) {
              askedAt = performance.now();
              await keepLogs(machine, name);
              await scaleComponent(manager.docker, name, 0, { again: true });
            }
            throw new Error('it runs');
          }
          const { exitCode } = await machine.exec(['test', '-d', `/proc/${pid}`]);
          if (exitCode === 0) throw new Error(`process ${pid} is still there`);
          return facts?.exitCode;
        },
      ).catch((error: unknown) => String(error));
      if (typeof seen === 'string') return notConfirmed(seen);
      return confirmed(`${name} is down${seen === undefined ? '' : ` (exit code ${seen})`}`);
    },
    heal: () => context.guard.heal(manager, id),
    verifyHealed: async () => {
      if (await isReferenced(manager, state)) return confirmed(`${name} is left to another fault`);
      return awaitRunning(handle, { budgetMs: BACK_MS }).then(
        () => confirmed(`${name} runs`),
        (error: unknown) => notConfirmed(String(error)),
      );
    },
  };
}

/**
 * Suspends every process of the component (cgroup freezer), or of a machine: connections stay open and nothing answers.
 *
 * Confirmed when the component uses no CPU time at all.
 */
export function freeze(role: Role): Fault {
  return {
    kind: 'freeze',
    text: 'freeze',
    role,
    available: async () => undefined,
    prepare: async (context, targets) =>
      together(
        await Promise.all(
          inMachines('freeze', targets).map((target) =>
            target.type === 'machine'
              ? machineFrozen(context, target.number)
              : componentFrozen(context, target),
          ),
        ),
      ),
  };
}

async function componentFrozen(
  context: FaultContext,
  { handle }: Target & { type: 'component' },
): Promise<ActiveFault> {
  const { name, machine } = handle;
  const { id: container } = await runningContainer(handle);
  const id = context.guard.newId('freeze', name);
  const state = `freeze-${container.slice(0, 12)}`;
  const isPaused = `[ "$(docker inspect -f '{{.State.Paused}}' ${container} 2>/dev/null)" = true ]`;
  /** State, and CPU time used in a third of a second, µs. */
  const look = async () => {
    const script = `${findCgroup(container)}
      used() { ${CPU_USED} }; a=$(used); sleep 0.3; b=$(used)
      docker inspect -f "{{.State.Status}} $((b - a))" ${container}`;
    const [status = 'gone', used] = (await machine.execOk(['sh', '-c', script])).split(' ');
    const evidence = `${name} is ${status} and used ${used} µs of CPU time in 0.3 s`;
    return { status, used: Number(used), evidence };
  };
  return {
    inject: async () => {
      const undo = `docker unpause ${container} >/dev/null 2>&1 || ! ${isPaused}`;
      const apply = `docker pause ${container} >/dev/null 2>&1 || ${isPaused}`;
      await context.guard.register(machine, id, releaseReference(state, id, undo));
      await machine.execOk(['sh', '-c', acquireReference(state, id, apply)]);
    },
    verify: async () => {
      const { status, used, evidence } = await look();
      return expectThat(status === 'paused' && used === 0, evidence);
    },
    heal: () => context.guard.heal(machine, id),
    verifyHealed: async () => {
      if (await isReferenced(machine, state)) return confirmed(`${name} is left to another fault`);
      const now = await handle.container();
      if (now?.id !== container) return replaced(name);
      const { status, evidence } = await look();
      return expectThat(status === 'running', evidence);
    },
  };
}
