import { connect } from 'node:net';
import { messageOf } from '../../base/errors.ts';
import { patient } from '../../base/patience.ts';
import { waitFor } from '../../base/wait.ts';
import { managerOf } from '../../network/components.ts';
import type { Network, Power, PowerGuard } from '../../network/port.ts';
import { machineStates } from '../../swarm/cluster.ts';
import { API_PORT } from '../../swarm/docker-api.ts';
import { engineAnswers } from '../../swarm/engine-answers.ts';
import { replicasOf } from '../../swarm/scale.ts';
import { unfinishedTasks } from '../../swarm/tasks.ts';
import { componentsOf } from '../../topology/components.ts';
import { managersOf, quorumOf } from '../../topology/managers.ts';
import { awaitRunning } from '../components.ts';
import {
  type ActiveFault,
  combine,
  confirmed,
  expectThat,
  type Fault,
  type FaultContext,
  type Measurement,
  notConfirmed,
  type Role,
  targetName,
  together,
  unmeasured,
} from '../model.ts';

/** Milliseconds until the Swarm calls a silent node down (3.9 s seen), or a returned one ready. */
const SWARM_MS = 20_000;
/**
 * Milliseconds until the managers that are left call a lost one down: they elect a leader first, after up to 20 s
 * without the old one (swarmkit's ElectionTick is 10 s, randomised up to twice), and then wait for its heartbeats.
 */
const MANAGER_MS = 60_000;
/** Milliseconds for the engine of a machine to answer again (1.3 s seen). */
const ENGINE_MS = 30_000;
/** Milliseconds for all components of a machine to be back. */
const COMPONENTS_MS = 80_000;
/** Milliseconds for suspending a whole machine. */
const FREEZE_MS = 20_000;
/** Milliseconds in which a living engine accepts a connection. */
const CONNECT_MS = 1_000;

/**
 * Pulls the plug of whole machines: their containers are killed from outside, and started again to heal. The machine
 * comes back with its address, its disks and its place in the Swarm.
 *
 * Confirmed when the machine accepts no connection and the Swarm calls it down.
 */
export function loseMachine(role: Role): Fault {
  return {
    kind: 'loseMachine',
    text: 'lose machine',
    role,
    available: async ({ network }) =>
      network.machines.some(({ power }) => power) ? undefined : NO_POWER,
    async prepare(context, targets): Promise<ActiveFault> {
      return together(
        targets.map((target) => {
          if (target.type === 'machine') return machineDown(context, target.number, 'kill');
          throw new Error(
            `loseMachine: expected machines, seen ${targetName(target)}; use crash or stop`,
          );
        }),
      );
    },
  };
}

const NO_POWER =
  'the harness has no hand on the plugs of its machines; on hosts of yours it has one by commands (power: in HARNESS_HOSTS)';

/** The plug of a machine. @throws Error where the harness has no hand on it */
function powerOf(network: Network, number: number): Power {
  const { power } = network.machine(number);
  if (!power) throw new Error(`machine${number} cannot be taken away here: ${NO_POWER}`);
  return power;
}

/** Machines that several faults of this process hold down or frozen: the last one to leave brings them back. */
const holders = new Map<string, Set<object>>();

/**
 * What the faults of a machine have in common: a guard outside it, and that it comes back with the last of them.
 *
 * @param begin takes the machine away
 * @param end brings it back; must do nothing when it is there
 */
function machineFault(
  power: Power,
  heal: 'start' | 'unpause',
  begin: () => Promise<void>,
  end: () => Promise<void>,
): Pick<ActiveFault, 'inject' | 'heal'> {
  const key = `${heal} ${power.id}`;
  const self = {};
  let guard: PowerGuard | undefined;
  return {
    inject: async () => {
      guard = await power.guard(heal);
      holders.set(key, (holders.get(key) ?? new Set()).add(self));
      await begin();
    },
    heal: async () => {
      const others = holders.get(key);
      others?.delete(self);
      if (!others || others.size === 0) await end();
      guard?.release();
    },
  };
}

/** A machine that is killed, or stopped (its engine then stops the containers in order). */
export function machineDown(
  context: FaultContext,
  number: number,
  how: 'kill' | 'stop',
): ActiveFault {
  const machine = context.network.machine(number);
  const power = powerOf(context.network, number);
  const name = `machine${number}`;
  const port = machine.management?.port ?? API_PORT;
  return {
    ...machineFault(
      power,
      'start',
      () => (how === 'kill' ? power.kill() : power.stop()),
      async () => {
        await power.start({ budgetMs: ENGINE_MS });
        await context.guard.revive(machine);
      },
    ),
    verify: async () => {
      const [state, accepts] = await Promise.all([power.state(), connects(machine.address, port)]);
      const evidence = `${name} is ${state}, port ${port} ${accepts ? 'answers' : 'does not answer'}`;
      if (state === 'running' || accepts) return notConfirmed(evidence);
      return combine([confirmed(evidence), await swarmCalls(context, number, 'down')]);
    },
    verifyHealed: () => machineBack(context, number),
  };
}

/**
 * A machine whose every process is suspended from outside: its kernel still accepts connections, and nobody answers.
 *
 * Confirmed when its engine accepts a connection but does not answer.
 */
export function machineFrozen(context: FaultContext, number: number): ActiveFault {
  const machine = context.network.machine(number);
  const power = powerOf(context.network, number);
  const name = `machine${number}`;
  const measure = async (frozen: boolean): Promise<Measurement> => {
    const [state, answers] = await Promise.all([power.state(), engineAnswers(machine.docker)]);
    return expectThat(
      (state === 'paused') === frozen && answers !== frozen,
      `${name} is ${state}, its engine ${answers ? 'answers' : 'does not answer'}`,
    );
  };
  return {
    ...machineFault(
      power,
      'unpause',
      async () => {
        // On cgroup v1 the engine gives up when a tree of busy processes is not still at once, and thaws it again.
        await waitFor(
          { subject: name, expected: 'every process suspended', budgetMs: FREEZE_MS },
          async () => {
            await power.pause();
            return true;
          },
        );
      },
      () => power.unpause(),
    ),
    verify: () => measure(true),
    verifyHealed: async () => combine([await measure(false), await machineBack(context, number)]),
  };
}

/**
 * Whether the Swarm has the machine, has ended and started there what it wanted to, and the machine its components. A
 * machine that was called down while its containers went on gets all of them replaced when it is back.
 */
export const machineBack = async (context: FaultContext, number: number): Promise<Measurement> =>
  combine([
    await swarmCalls(context, number, 'ready'),
    await swarmFinished(context, number),
    await componentsBack(context, number),
  ]);

/** What a manager thinks of the machine; nothing when none is left that could judge it. */
async function swarmCalls(
  context: FaultContext,
  number: number,
  expected: 'ready' | 'down',
): Promise<Measurement> {
  const managers = managersOf(context.network.topology);
  const left = managers.filter((manager) => manager !== number).length;
  if (expected === 'down' && left < quorumOf(managers.length)) {
    return confirmed(
      `it manages the Swarm, whose ${left} other managers are no quorum, so nobody can judge it`,
    );
  }
  const manager = await managerOf(context.network, number);
  const started = performance.now();
  try {
    await waitFor(
      {
        subject: `machine${number}`,
        expected: `${expected} in the Swarm`,
        budgetMs: managers.includes(number) && managers.length > 1 ? MANAGER_MS : SWARM_MS,
      },
      async () => {
        const state = (await machineStates(manager.docker)).get(number);
        if (state === expected) return true;
        throw new Error(String(state));
      },
    );
    const seconds = ((performance.now() - started) / 1_000).toFixed(1);
    return confirmed(`the Swarm calls it ${expected} (after ${seconds} s)`);
  } catch (error) {
    return notConfirmed(String(error));
  }
}

/** Whether the Swarm has come to an end with the tasks of the machine. */
async function swarmFinished(context: FaultContext, number: number): Promise<Measurement> {
  const { docker: manager } = await managerOf(context.network);
  const here = componentsOf(context.network.topology).filter((c) => c.machine === number);
  try {
    await waitFor(
      {
        subject: `tasks of machine${number}`,
        expected: 'each that shall run runs, the others have ended',
        budgetMs: COMPONENTS_MS,
        intervalMs: 250,
        signal: context.signal,
      },
      async () => {
        const unfinished = await unfinishedTasks(
          manager,
          here.map(({ name }) => name),
        );
        if (unfinished.length === 0) return true;
        throw new Error(unfinished.join('; '));
      },
    );
    return confirmed(`the Swarm has nothing left to replace on machine${number}`);
  } catch (error) {
    return notConfirmed(messageOf(error));
  }
}

async function componentsBack(context: FaultContext, number: number): Promise<Measurement> {
  const { docker: manager } = await managerOf(context.network);
  const here = componentsOf(context.network.topology).filter((c) => c.machine === number);
  const options = { budgetMs: COMPONENTS_MS };
  const measurements = await Promise.all(
    here.map(async ({ name }): Promise<Measurement | undefined> => {
      // One that is not deployed, or that another fault holds down, is not missed.
      const replicas = await replicasOf(manager, name).catch(() => 0);
      if (replicas === 0) return undefined;
      return awaitRunning(context.network.component(name), options).then(
        () => confirmed(`${name} runs`),
        (error: unknown) => notConfirmed(String(error)),
      );
    }),
  ).catch((error: unknown) => [unmeasured(error)]);
  const bad = measurements.flatMap((m) => (m && m.confirmation !== 'confirmed' ? [m] : []));
  if (bad.length > 0) return combine(bad);
  const count = measurements.filter((m) => m !== undefined).length;
  return confirmed(`machine${number}: all ${count} components run`);
}

/** Whether a TCP connection is accepted within a second. */
function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: patient(CONNECT_MS) });
    const finish = (accepted: boolean) => {
      socket.destroy();
      resolve(accepted);
    };
    socket.on('connect', () => finish(true));
    socket.on('timeout', () => finish(false));
    socket.on('error', () => finish(false));
  });
}
