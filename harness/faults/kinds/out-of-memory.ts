import { waitFor } from '../../base/wait.ts';
import type { ComponentHandle } from '../../network/port.ts';
import { findCgroup } from '../cgroup.ts';
import { awaitRunning, componentsOnly, runningContainer } from '../components.ts';
import {
  type ActiveFault,
  confirmed,
  type Fault,
  type FaultContext,
  notConfirmed,
  type Role,
  together,
} from '../model.ts';
import { BACK_MS } from './process.ts';

/** What the component may still take before it is killed. Lowering the limit below what is in use is refused. */
const HEADROOM_BYTES = 32 * 1024 * 1024;
/** Milliseconds until the kernel has killed it. */
const KILL_MS = 15_000;

/**
 * Lets the kernel kill a component for want of memory: its control group gets a limit just above what it uses, and a
 * process in its container takes the rest. Swarm restarts it at once, without the limit; so this is an event rather
 * than a state, and what is healed is what is left if the kernel did not strike.
 *
 * Confirmed when Docker reports the container as killed by the kernel for memory.
 */
export function outOfMemory(role: Role): Fault {
  return {
    kind: 'outOfMemory',
    text: 'out of memory',
    role,
    async available({ network }) {
      const [machine] = network.machines;
      const there = await machine?.exec([
        'sh',
        '-c',
        'ls /sys/fs/cgroup/memory/memory.limit_in_bytes || grep -qw memory /sys/fs/cgroup/cgroup.controllers',
      ]);
      return there?.exitCode === 0 ? undefined : 'the machines have no memory control group';
    },
    prepare: async (context, targets) =>
      together(
        await Promise.all(
          componentsOnly('outOfMemory', targets).map((handle) => exhausted(context, handle)),
        ),
      ),
  };
}

async function exhausted(context: FaultContext, handle: ComponentHandle): Promise<ActiveFault> {
  const { name, machine } = handle;
  const { id: container } = await runningContainer(handle);
  const id = context.guard.newId('oom', name);
  const cgroup = findCgroup(container);
  return {
    inject: async () => {
      // The container, and its group with it, is normally gone by then.
      const undo = `${cgroup}
if [ -n "$mem" ] && [ "$v" = 2 ]; then echo max > "$mem/memory.max"; echo max > "$mem/memory.swap.max"
elif [ -n "$mem" ]; then echo -1 > "$mem/memory.memsw.limit_in_bytes"; echo -1 > "$mem/memory.limit_in_bytes"
fi 2>/dev/null
for pid in $(cat "$mem/cgroup.procs" 2>/dev/null); do echo 0 > /proc/$pid/oom_score_adj; done
true`;
      await context.guard.register(machine, id, undo);
      await machine.execOk([
        'sh',
        '-c',
        `set -e; ${cgroup}
for pid in $(cat "$mem/cgroup.procs"); do echo 1000 > /proc/$pid/oom_score_adj || true; done
if [ $v = 2 ]; then
  echo $(($(cat "$mem/memory.current") + ${HEADROOM_BYTES})) > "$mem/memory.max"
  [ ! -e "$mem/memory.swap.max" ] || echo 0 > "$mem/memory.swap.max"
else
  limit=$(($(cat "$mem/memory.usage_in_bytes") + ${HEADROOM_BYTES}))
  echo $limit > "$mem/memory.limit_in_bytes"
  [ ! -e "$mem/memory.memsw.limit_in_bytes" ] || echo $limit > "$mem/memory.memsw.limit_in_bytes"
fi
# A line that never ends has to be kept whole.
docker exec -d -u 0 ${container} tail /dev/zero`,
      ]);
    },
    verify: async () =>
      waitFor(
        { subject: name, expected: 'killed for memory', budgetMs: KILL_MS, intervalMs: 50 },
        async () => {
          const { State } = await machine.docker.getContainer(container).inspect();
          if (State.Running) throw new Error('it still runs');
          return State;
        },
      ).then(
        ({ OOMKilled, ExitCode }) => {
          const evidence = `${name} ended with exit code ${ExitCode}`;
          return OOMKilled
            ? confirmed(`${evidence}, killed by the kernel for want of memory`)
            : notConfirmed(`${evidence}, but not for want of memory`);
        },
        (error: unknown) => notConfirmed(String(error)),
      ),
    heal: () => context.guard.heal(machine, id),
    verifyHealed: () =>
      awaitRunning(handle, { budgetMs: BACK_MS, unlike: container }).then(
        () => confirmed(`${name} runs in a new container`),
        (error: unknown) => notConfirmed(String(error)),
      ),
  };
}
