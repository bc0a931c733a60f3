import type { ComponentHandle } from '../../network/port.ts';
import { addressesOf } from '../../topology/addresses.ts';
import { componentsOnly, runningContainer } from '../components.ts';
import {
  type ActiveFault,
  expectThat,
  type Fault,
  type FaultContext,
  type Role,
  replaced,
  together,
} from '../model.ts';
import { type ClockPatches, clockPatches, type Patch } from '../vdso.ts';

const ANSWER_MS = 5_000;
/** Seconds by which a clock may be off and count as right: HTTP's dates have whole seconds, and answers take time. */
const TOLERANCE = 3;
const LEAST_SECONDS = 10;
const MOST_SECONDS = 10 * 365 * 24 * 3600;
const PAGE = 4096;

/**
 * Has the wall clock of an orderer's or a peer's process be ahead, or behind. Its time-outs go by the monotonic clock,
 * which stays right; what it holds against others' clocks (certificates, time stamps of requests) does not.
 *
 * Confirmed by the date in the answers of its operations port. Other components tell nobody what time they take it to
 * be, so they are refused.
 *
 * @param options `by`: milliseconds, in whole seconds; negative for behind
 */
export function clockSkew(role: Role, { by }: { readonly by: number }): Fault {
  const seconds = by / 1000;
  const size = Math.abs(seconds);
  if (!(Number.isInteger(seconds) && size >= LEAST_SECONDS && size <= MOST_SECONDS)) {
    throw new RangeError(
      `clockSkew: expected whole seconds, ${LEAST_SECONDS} at least and ten years at most, seen ${by} ms`,
    );
  }
  return {
    kind: 'clockSkew',
    text: `clock ${size} s ${seconds > 0 ? 'ahead' : 'behind'}`,
    role,
    async available({ network }) {
      const [machine] = network.machines;
      const { stdout = '' } = (await machine?.exec(['uname', '-m'])) ?? {};
      return stdout.trim() === 'x86_64'
        ? undefined
        : `it takes x86-64 machines, here is ${stdout.trim() || 'none'}`;
    },
    prepare: async (context, targets) =>
      together(
        await Promise.all(
          componentsOnly('clockSkew', targets).map((handle) => skewed(context, handle, seconds)),
        ),
      ),
  };
}

async function skewed(
  context: FaultContext,
  handle: ComponentHandle,
  seconds: number,
): Promise<ActiveFault> {
  const { name, machine } = handle;
  const url = operationsOf(context, handle);
  const { id: container, pid } = await runningContainer(handle);
  const id = context.guard.newId('clockSkew', name);
  const run = (script: string) => machine.execOk(['sh', '-ec', script]);
  const maps = await run(`grep -F '[vdso]' /proc/${pid}/maps`);
  const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) /.exec(maps) ?? [];
  const [start, end] = [Number.parseInt(from, 16), Number.parseInt(to, 16)];
  const look = async () => {
    const off = await clockOffset(url);
    return { off, evidence: `the clock of ${name} is ${off} s off` };
  };
  return {
    async inject() {
      const copy = `dd if=/proc/${pid}/mem bs=${PAGE} skip=${start / PAGE} count=${(end - start) / PAGE} 2>/dev/null | base64`;
      const patches: ClockPatches = clockPatches(Buffer.from(await run(copy), 'base64'), seconds);
      // The process may be gone when the guard comes to it, and its number another's.
      const same = `[ "$(docker inspect -f '{{.State.Pid}}' ${container} 2>/dev/null)" = ${pid} ]`;
      const undo = `${same} || exit 0\n${written(pid, start, patches.undo)}`;
      await context.guard.register(machine, id, undo);
      await run(written(pid, start, patches.apply));
    },
    async verify() {
      const { off, evidence } = await look();
      return expectThat(Math.abs(off - seconds) <= TOLERANCE, evidence);
    },
    heal: () => context.guard.heal(machine, id),
    async verifyHealed() {
      const now = await handle.container();
      if (now?.id !== container) return replaced(name);
      const { off, evidence } = await look();
      return expectThat(Math.abs(off) <= TOLERANCE, evidence);
    },
  };
}

/** A script that writes into a process while none of its threads runs. */
function written(pid: number, start: number, patches: readonly Patch[]): string {
  const writes = patches.map(({ offset, bytes }) => {
    const octal = [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
    return `printf '${octal}' | dd of=/proc/${pid}/mem bs=1 seek=${start + offset} conv=notrunc 2>/dev/null`;
  });
  return [
    `kill -STOP ${pid}`,
    `trap 'kill -CONT ${pid}' EXIT`,
    `for i in 1 2 3 4 5 6 7 8 9 10; do grep -q '^State:.T' /proc/${pid}/status && break; sleep 0.05; done`,
    ...writes,
  ].join('\n');
}

/** @throws Error for a component that nobody can ask for the time */
function operationsOf({ network }: FaultContext, { name, kind, machine }: ComponentHandle): string {
  const { ordering, organisations } = network.topology;
  const nodes = [...ordering.orderers, ...organisations.flatMap(({ peers }) => peers)];
  const port = nodes.find((node) => node.name === name)?.ports.operations;
  const address = addressesOf(network.machines)[machine.number];
  if (port !== undefined && address !== undefined) return `http://${address}:${port}/version`;
  throw new Error(
    `clockSkew: ${name} (${kind}) tells nobody its time, so that its clock could not be measured; orderers and peers do`,
  );
}

/** Whole seconds by which the clock of a server is ahead of this process's. */
async function clockOffset(url: string): Promise<number> {
  const sent = Date.now();
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
  await response.arrayBuffer();
  const here = (sent + Date.now()) / 2;
  const there = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(there)) throw new Error(`${url}: expected a date in the answer, seen none`);
  return Math.round((there + 500 - here) / 1000);
}
