import type { ComponentHandle, Machine } from '../network/port.ts';
import { componentsOnly, runningContainer } from './components.ts';
import {
  type ActiveFault,
  type FaultContext,
  type Measurement,
  replaced,
  type Target,
  together,
} from './model.ts';
import { inNamespace } from './netfilter.ts';
import { type NetworkListener, overlayPlaces, reachable } from './reachability.ts';

/** The network namespace of a component's container: what shapes its traffic ends with the container. */
export interface NamespaceTarget {
  readonly handle: ComponentHandle;
  readonly name: string;
  readonly machine: Machine;
  readonly pid: number;
  /** Of this injection. */
  readonly id: string;
  /** A component that it can reach, to measure with. */
  readonly counterpart: Counterpart | undefined;
  /** Runs a bash script in the namespace; returns what it printed. */
  run(script: string): Promise<string>;
  /** The script as a heal script: one for a namespace that is gone succeeds. */
  readonly healing: (script: string) => string;
}

export interface Counterpart {
  readonly place: NetworkListener;
  /** Runs a bash script in the counterpart's own namespace. */
  run(script: string): Promise<string>;
  /** Address of the target, as the counterpart sees it. */
  readonly target: string;
}

/** One fault of a traffic kind: the namespace's part of an {@link ActiveFault}. */
export interface TrafficFault {
  /** Puts it in force; the heal script is registered by then. */
  apply(): Promise<void>;
  /** Bash, in the machine; use {@link NamespaceTarget.healing}. */
  readonly undo: string;
  verify(): Promise<Measurement>;
  verifyHealed(): Promise<Measurement>;
}

/** Prepares a traffic fault for each target. */
export async function trafficFault(
  context: FaultContext,
  kind: string,
  targets: readonly Target[],
  make: (target: NamespaceTarget) => TrafficFault,
): Promise<ActiveFault> {
  const places = await overlayPlaces(context);
  const handles = componentsOnly(kind, targets);
  return together(
    await Promise.all(
      handles.map(async (handle): Promise<ActiveFault> => {
        const target = await namespaceOf(context, kind, handle, places);
        const fault = make(target);
        const { machine, id } = target;
        return {
          inject: async () => {
            await context.guard.register(machine, id, fault.undo);
            await fault.apply();
          },
          verify: () => fault.verify(),
          heal: () => context.guard.heal(machine, id),
          verifyHealed: async () => {
            const now = await handle.container();
            return now?.pid === target.pid ? fault.verifyHealed() : replaced(handle.name);
          },
        };
      }),
    ),
  );
}

async function namespaceOf(
  context: FaultContext,
  kind: string,
  handle: ComponentHandle,
  places: readonly NetworkListener[],
): Promise<NamespaceTarget> {
  const { name, machine } = handle;
  const { pid, overlayAddress } = await runningContainer(handle);
  const others = places.filter((place) => place.name !== name);
  const seen = await reachable(machine, pid, others);
  const place = others.find((other) => seen.has(other.name));
  return {
    handle,
    name,
    machine,
    pid,
    id: context.guard.newId(kind, name),
    counterpart: place && (await counterpartAt(context, place, overlayAddress)),
    run: (script) => machine.execOk(['bash', '-c', inNamespace(pid, script, 'bash')]),
    healing: (script) => `[ ! -d /proc/${pid} ] || ${inNamespace(pid, script)}`,
  };
}

async function counterpartAt(
  context: FaultContext,
  place: NetworkListener,
  target: string,
): Promise<Counterpart> {
  const handle = context.network.component(place.name);
  const { machine } = handle;
  const { pid } = await runningContainer(handle);
  return {
    place,
    target,
    run: (script) => machine.execOk(['bash', '-c', inNamespace(pid, script, 'bash')]),
  };
}

/**
 * Whether the kernel can do something with packets, tried in a namespace that is gone at once.
 *
 * @param script must succeed; loopback is up
 * @returns what it said, or `undefined` when it can
 */
export async function kernelLacks(machine: Machine, script: string): Promise<string | undefined> {
  const { exitCode, stderr, stdout } = await machine.exec([
    'unshare',
    '-n',
    'sh',
    '-ec',
    `ip link set lo up; ${script}`,
  ]);
  return exitCode === 0 ? undefined : (stderr || stdout).trim().split('\n')[0] || 'it failed';
}

/** Prints the milliseconds that a TCP connection takes, the median of five. Works in bash only. */
export const connectMs = ({ address, port }: NetworkListener): string => `
for i in 1 2 3 4 5; do
  a=$EPOCHREALTIME
  timeout 5 bash -c 'exec 3<>/dev/tcp/${address}/${port}' 2>/dev/null
  b=$EPOCHREALTIME
  echo $(((\${b/./} - \${a/./}) / 1000))
done | sort -n | sed -n 3p`;
