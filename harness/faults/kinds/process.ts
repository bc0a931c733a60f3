import { waitFor } from '../../settings/wait.ts';
import { replicasOf, scaleComponent } from '../../swarm/scale.ts';
import {
  type ComponentHandle,
  containerFacts,
  machineOf,
  runningContainer,
} from '../components.ts';
import {
  type ActiveFault,
  combine,
  confirmed,
  type Fault,
  type FaultContext,
  type Measurement,
  notConfirmed,
  type Role,
  type Target,
} from '../model.ts';

/** How long a component may take to be gone, or to be back. */
const BUDGET_MS = 30_000;

const manager = (context: FaultContext) => machineOf(context.network, 1).docker;
const overlay = (context: FaultContext) => context.network.state.topology.network;

/** The components among targets; faults of this family have no meaning for machines. */
function componentsOnly(kind: string, targets: readonly Target[]): ComponentHandle[] {
  return targets.map((target) => {
    if (target.type === 'component') return target.handle;
    throw new Error(
      `${kind}: expected components, seen machine${target.number}; use machine faults`,
    );
  });
}

/**
 * SIGKILL of the component's main process. It stays down until healed: its service is scaled to none at the same
 * moment, because Swarm would have it back in a second; healing lets Swarm start it again, on the same volumes.
 */
export function crash(role: Role): Fault {
  return down('crash', role, async (context, handle) => {
    const { pid } = await runningContainer(handle, overlay(context));
    await handle.machine.execOk(['kill', '-9', String(pid)]);
    await scaleComponent(manager(context), handle.name, 0);
  });
}

/** SIGTERM, then SIGKILL after the service's grace period; down until healed. */
export function stop(role: Role): Fault {
  return down('stop', role, (context, handle) => scaleComponent(manager(context), handle.name, 0));
}

function down(
  kind: string,
  role: Role,
  end: (context: FaultContext, handle: ComponentHandle) => Promise<void>,
): Fault {
  return {
    kind,
    text: kind,
    role,
    available: async () => undefined,
    async prepare(context, targets): Promise<ActiveFault> {
      const handles = componentsOnly(kind, targets);
      const measureAll = async (measure: (handle: ComponentHandle) => Promise<Measurement>) =>
        combine(await Promise.all(handles.map(measure)));
      return {
        inject: async () => {
          await Promise.all(handles.map((handle) => end(context, handle)));
        },
        verify: () => measureAll((handle) => awaitState(context, handle, false)),
        heal: async () => {
          await Promise.all(handles.map((h) => scaleComponent(manager(context), h.name, 1)));
        },
        verifyHealed: () => measureAll((handle) => awaitState(context, handle, true)),
      };
    },
  };
}

async function awaitState(
  context: FaultContext,
  handle: ComponentHandle,
  running: boolean,
): Promise<Measurement> {
  const expected = running ? 'running' : 'not running';
  const describe = async () => {
    const facts = await containerFacts(handle, overlay(context));
    return { running: facts?.running ?? false, exitCode: facts?.exitCode };
  };
  try {
    const facts = await waitFor(
      { subject: handle.name, expected, budgetMs: BUDGET_MS, intervalMs: 50 },
      async () => {
        const seen = await describe();
        if (seen.running !== running) throw new Error(seen.running ? 'running' : 'not running');
        return seen;
      },
    );
    return confirmed(
      running
        ? `${handle.name} runs`
        : `${handle.name} is down (exit code ${facts.exitCode ?? 'none'})`,
    );
  } catch (error) {
    return notConfirmed(error instanceof Error ? error.message : String(error));
  }
}

/** Suspends every process of the component (cgroup freezer): connections stay open and nothing answers. */
export function freeze(role: Role): Fault {
  return {
    kind: 'freeze',
    text: 'freeze',
    role,
    available: async () => undefined,
    async prepare(context, targets): Promise<ActiveFault> {
      const frozen = await Promise.all(
        componentsOnly('freeze', targets).map(async (handle) => ({
          handle,
          facts: await runningContainer(handle, overlay(context)),
        })),
      );
      const id = `freeze-${frozen.map(({ facts }) => facts.id.slice(0, 12)).join('-')}`;
      const paused = async (expected: boolean) =>
        combine(
          await Promise.all(
            frozen.map(async ({ handle, facts }) => {
              const { State } = await facts.container.inspect();
              const evidence = `${handle.name} is ${State.Paused ? 'suspended' : State.Status}`;
              return State.Paused === expected ? confirmed(evidence) : notConfirmed(evidence);
            }),
          ),
        );
      return {
        inject: async () => {
          for (const { handle, facts } of frozen) {
            await context.guard.register(
              handle.machine,
              id,
              `docker unpause ${facts.id} || true\n`,
            );
            await facts.container.pause();
          }
        },
        verify: () => paused(true),
        heal: async () => {
          for (const { handle } of frozen) await context.guard.heal(handle.machine, id);
        },
        verifyHealed: () => paused(false),
      };
    },
  };
}

/** Whether a component is meant to run; a fault must leave it so. */
export async function meantToRun(context: FaultContext, name: string): Promise<boolean> {
  return (await replicasOf(manager(context), name)) > 0;
}
