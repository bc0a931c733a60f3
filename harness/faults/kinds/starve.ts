import type { ComponentHandle } from '../../network/port.ts';
import {
  CPU_PERIOD,
  CPU_QUOTA,
  CPU_THROTTLED,
  CPU_USED,
  findCgroup,
  JOIN_CPU,
  SET_CPU_QUOTA,
} from '../cgroup.ts';
import { componentsOnly, runningContainer } from '../components.ts';
import {
  type ActiveFault,
  confirmed,
  expectThat,
  type Fault,
  type FaultContext,
  type Role,
  replaced,
  together,
} from '../model.ts';
import { acquireReference, isReferenced, releaseReference, values } from '../reference-count.ts';

/** The kernel's least quota, in microseconds a period. */
const LEAST_QUOTA_US = 1_000;

/**
 * Leaves a component little CPU time (the quota of its control group). Of several on one component the hardest counts;
 * the quota that was there before comes back with the last.
 *
 * Confirmed by a busy loop in the component's group: it gets no more than its share, and the kernel counts how often
 * the group was held back.
 *
 * @param cpus processors' worth of time, e.g. 0.05
 */
export function starve(role: Role, cpus: number): Fault {
  if (!(cpus > 0 && cpus <= 64))
    throw new RangeError(`starve: expected more than 0 CPUs, at most 64, seen ${cpus}`);
  return {
    kind: 'starve',
    text: `starve to ${cpus} CPUs`,
    role,
    async available({ network }) {
      const [machine] = network.machines;
      const there = await machine?.exec([
        'sh',
        '-c',
        'ls /sys/fs/cgroup/cpu/cpu.cfs_quota_us || grep -qw cpu /sys/fs/cgroup/cgroup.controllers',
      ]);
      return there?.exitCode === 0 ? undefined : 'the machines have no CPU control group';
    },
    prepare: async (context, targets) =>
      together(
        await Promise.all(
          componentsOnly('starve', targets).map((handle) => starved(context, handle, cpus)),
        ),
      ),
  };
}

async function starved(
  context: FaultContext,
  handle: ComponentHandle,
  cpus: number,
): Promise<ActiveFault> {
  const { name, machine } = handle;
  const { id: container } = await runningContainer(handle);
  const id = context.guard.newId('starve', name);
  const state = `cpu-${container.slice(0, 12)}`;
  const original = `/run/harness-${state}.original`;
  const cgroup = findCgroup(container);
  const run = (script: string) => machine.execOk(['sh', '-c', script]);
  const hardest = `quota=$({ ${values(state)}; grep -vx -- -1 ${original}; } | sort -n | head -n 1)
${SET_CPU_QUOTA}`;
  /** Seconds of CPU time and of real time, periods and throttled ones, while a loop in the group is busy for `seconds`. */
  const busy = async (seconds: number) => {
    const output = await run(`${cgroup}
      [ -n "$cpu" ] || { echo gone; exit; }
      used() { ${CPU_USED} }; throttled() { ${CPU_THROTTLED}; }
      a=$(used); p=$(throttled); s=$(date +%s%N)
      export cpu acct
      sh -c '${JOIN_CPU}; [ "$acct" = "$cpu" ] || echo $$ > "$acct/cgroup.procs"; exec timeout ${seconds} sh -c "while :; do :; done"' || true
      echo $(($(used) - a)) $((($(date +%s%N) - s) / 1000)) $p $(throttled)`);
    const [used = 0, time = 1, p0 = 0, t0 = 0, p1 = 0, t1 = 0] = output.split(/\s+/).map(Number);
    return { share: used / time, periods: p1 - p0, throttled: t1 - t0 };
  };
  return {
    inject: async () => {
      const undo = `${cgroup}
[ -z "$cpu" ] || [ ! -e ${original} ] || { quota=$(cat ${original}); ${SET_CPU_QUOTA} }
rm -f ${original}`;
      const stay = `${cgroup} [ -z "$cpu" ] || { ${hardest} }`;
      await context.guard.register(machine, id, releaseReference(state, id, undo, stay));
      const period = Number(await run(`${cgroup} ${CPU_PERIOD}`));
      const quota = Math.max(LEAST_QUOTA_US, Math.round(cpus * period));
      const apply = `set -e; ${cgroup}
[ -e ${original} ] || { ${CPU_QUOTA} } > ${original}
${hardest}`;
      await run(acquireReference(state, id, apply, String(quota)));
    },
    verify: async () => {
      const { share, periods, throttled } = await busy(0.6);
      return expectThat(
        throttled > 0 && share <= 1.5 * cpus + 0.01,
        `${name} gets ${(100 * share).toFixed(1)} % of a CPU when busy, held back in ${throttled} of ${periods} periods`,
      );
    },
    heal: () => context.guard.heal(machine, id),
    verifyHealed: async () => {
      if (await isReferenced(machine, state)) return confirmed(`${name} is left to another fault`);
      const now = await handle.container();
      if (now?.id !== container) return replaced(name);
      const { share, throttled } = await busy(0.3);
      const quota = Number(await run(`${cgroup} ${CPU_QUOTA}`));
      return expectThat(
        quota > 0 || throttled === 0,
        `${name} gets ${(100 * share).toFixed(1)} % of a CPU when busy, ` +
          (quota > 0 ? `its quota of before is ${quota} µs again` : 'not held back'),
      );
    },
  };
}
