import { waitFor } from '../../base/wait.ts';
import type { Machine } from '../../network/port.ts';
import { API_PORT } from '../../swarm/docker-api.ts';
import { inMachines, runningContainer } from '../components.ts';
import {
  type ActiveFault,
  combine,
  expectThat,
  type Fault,
  type FaultContext,
  inconclusive,
  type Measurement,
  type Role,
  replaced,
  type Target,
  targetName,
  together,
} from '../model.ts';
import {
  applyRules,
  countPackets,
  type Direction,
  inNamespace,
  parsePackets,
  type Rule,
  removeRules,
  type Scope,
} from '../netfilter.ts';
import { machinePlaces, type NetworkListener, overlayPlaces, reachable } from '../reachability.ts';
import { machineBack } from './machine.ts';

export interface IsolateOptions {
  /** Cut it only from these; from everything unless given. A machine stands for the components on it. */
  readonly from?: Role;
  /** `in`: what is sent to it is lost; `out`: what it sends is lost; both unless given. */
  readonly direction?: 'both' | Direction;
  /**
   * For machines: `data` cuts only the overlay's tunnel (UDP 4789), so that the Swarm still sees it; `control` cuts only
   * Swarm's own traffic (TCP 2377, TCP and UDP 7946).
   */
  readonly plane?: 'all' | Plane;
}

type Plane = 'data' | 'control';

/** One network namespace, the rules that go into it, and what the rules must make unreachable. */
interface Cut {
  readonly id: string;
  readonly name: string;
  readonly scope: Scope;
  readonly machine: Machine;
  /** Process whose network namespace it is; the machine's own when undefined. */
  readonly pid: number | undefined;
  readonly rules: readonly Rule[];
  readonly watched: readonly Watch[];
}

/** Places that are tried from one namespace. */
interface Watch {
  readonly machine: Machine;
  readonly pid: number | undefined;
  /** Were reachable and must no longer be. */
  readonly cut: readonly NetworkListener[];
  /** Were reachable and must stay so; one of them is enough, because other faults may be in force too. */
  readonly kept: readonly NetworkListener[];
}

/**
 * Cuts components or machines off the network by dropping packets: connections stay open and nothing arrives, as with
 * a pulled cable. Addresses are those at the injection: a peer that restarts meanwhile has a new one, and the cut.
 * The port by which the harness reaches a machine (its Docker API, or ssh) stays open: it is what a management port is to
 * a real one.
 *
 * Confirmed when connections that were possible just before are not any more, and the rules have dropped packets.
 */
export function isolate(role: Role, options: IsolateOptions = {}): Fault {
  const { from, direction = 'both', plane = 'all' } = options;
  const text = [
    'isolate',
    from ? `from ${from.text}` : '',
    direction === 'both' ? '' : `(${direction})`,
    plane === 'all' ? '' : `(${plane} plane)`,
  ];
  return {
    kind: 'isolate',
    text: text.filter(Boolean).join(' '),
    role,
    available: async () => undefined,
    async prepare(context, targets): Promise<ActiveFault> {
      const others = await from?.resolve(context);
      const directions: Direction[] = direction === 'both' ? ['in', 'out'] : [direction];
      const overlay = await overlayPlaces(context);
      const cuts = await Promise.all(
        inMachines('isolate', targets).map((target) =>
          target.type === 'machine'
            ? machineCut(context, target.number, others, directions, plane, overlay)
            : componentCut(context, target, others, directions, plane, overlay),
        ),
      );
      return together(cuts.map((cut) => activeCut(context, cut)));
    },
  };
}

async function componentCut(
  context: FaultContext,
  { handle }: Target & { type: 'component' },
  others: readonly Target[] | undefined,
  directions: readonly Direction[],
  plane: 'all' | Plane,
  overlay: readonly NetworkListener[],
): Promise<Cut> {
  const { name, machine } = handle;
  if (plane !== 'all')
    throw new Error(`isolate: a plane can be chosen for machines only, seen ${name}`);
  const { pid } = await runningContainer(handle);
  const neighbours = overlay.filter((place) => place.name !== name);
  const isOther = (place: NetworkListener) =>
    others?.some((o) =>
      o.type === 'machine' ? o.number === place.machine : targetName(o) === place.name,
    ) ?? true;
  const cut = neighbours.filter(isOther);
  if (others && cut.length === 0)
    throw new Error(`isolate: nothing runs that ${name} could be cut from`);
  const rules = directions.flatMap((direction): Rule[] =>
    others
      ? cut.map(({ address }) => ({
          direction,
          spec: `${direction === 'in' ? '-s' : '-d'} ${address} -j DROP`,
        }))
      : // Loopback stays: the component must not be cut off from itself.
        [{ direction, spec: `${direction === 'in' ? '! -i' : '! -o'} lo -j DROP` }],
  );
  const kept = neighbours.filter((place) => !isOther(place));
  const id = context.guard.newId('isolate', name);
  const watched = [{ machine, pid, cut, kept }];
  return { id, name, scope: 'container', machine, pid, rules, watched };
}

const PLANES: Readonly<Record<'all' | Plane, readonly string[]>> = {
  all: [''],
  data: ['-p udp --dport 4789'],
  control: ['-p tcp -m multiport --ports 2377,7946', '-p udp -m multiport --ports 7946'],
};

async function machineCut(
  context: FaultContext,
  number: number,
  others: readonly Target[] | undefined,
  directions: readonly Direction[],
  plane: 'all' | Plane,
  overlay: readonly NetworkListener[],
): Promise<Cut> {
  const machine = context.network.machine(number);
  const name = `machine${number}`;
  const numbers = others?.map((other) => {
    if (other.type === 'machine') return other.number;
    throw new Error(`isolate: a machine can be cut from machines only, seen ${targetName(other)}`);
  });
  const isOther = (place: NetworkListener) =>
    place.machine !== number && (numbers?.includes(place.machine) ?? true);
  const port = machine.management?.port ?? API_PORT;
  const uplink = machine.management ? await uplinkOf(machine, context) : 'eth0';
  const rules = directions.flatMap((direction): Rule[] => {
    // Not the machine's own bridges, and not itself.
    const device = direction === 'in' ? `-i ${uplink}` : `-o ${uplink}`;
    const sides = numbers
      ? numbers.map((n) => {
          const { address } = context.network.machine(n);
          return `${direction === 'in' ? '-s' : '-d'} ${address}`;
        })
      : [''];
    const api = `-p tcp ${direction === 'in' ? '--dport' : '--sport'} ${port} -j RETURN`;
    return [api, ...sides.flatMap((side) => PLANES[plane].map((m) => `${side} ${m} -j DROP`))].map(
      (spec) => ({ direction, spec: `${device} ${spec}`.replaceAll(/ +/g, ' ') }),
    );
  });
  const machines = machinePlaces(context).filter(isOther);
  const components = overlay.filter(isOther);
  // What a container of the machine reaches shows the data plane; what the machine itself reaches, the control plane.
  const inside = overlay.find((place) => place.machine === number);
  const within = inside && (await pidAt(context, inside));
  const watched: Watch[] = [
    {
      machine,
      pid: undefined,
      cut: plane === 'data' ? [] : machines,
      kept: plane === 'data' ? machines : [],
    },
    ...(within && plane !== 'control' ? [{ machine, pid: within, cut: components, kept: [] }] : []),
  ];
  const id = context.guard.newId('isolate', name);
  return { id, name, scope: 'machine', machine, pid: undefined, rules, watched };
}

/** The network device by which a host reaches the others. @throws Error when it has no way there */
async function uplinkOf(machine: Machine, { network }: FaultContext): Promise<string> {
  const other = network.machines.find(({ number }) => number !== machine.number);
  const route = await machine.execOk(['ip', '-o', 'route', 'get', other?.address ?? '0.0.0.0']);
  const [, device] = /\bdev (\S+)/.exec(route) ?? [];
  if (device) return device;
  throw new Error(`machine${machine.number}: expected a way to ${other?.address}, seen: ${route}`);
}

async function pidAt(context: FaultContext, place: NetworkListener): Promise<number> {
  return (await runningContainer(context.network.component(place.name))).pid;
}

function activeCut(context: FaultContext, cut: Cut): ActiveFault {
  const { id, name, scope, machine, pid } = cut;
  const run = (script: string) => machine.execOk(['sh', '-c', inNamespace(pid, script)]);
  const packets = async () => parsePackets(await run(countPackets(id, scope, 'DROP')));
  let before: Watch[] = [];
  /** Which of the places that were reachable before still are. */
  const look = async (pick: (watch: Watch) => readonly NetworkListener[]) => {
    const sets = await Promise.all(
      before.map(async (watch) => {
        const places = pick(watch);
        // The container from which it was tried may have been replaced meanwhile: then it tells nothing.
        const seen = await reachable(watch.machine, watch.pid, places).catch(() => undefined);
        if (!seen) return { seen: [], missing: [] };
        return { seen: [...seen], missing: places.map((p) => p.name).filter((n) => !seen.has(n)) };
      }),
    );
    return { seen: sets.flatMap((s) => s.seen), missing: sets.flatMap((s) => s.missing) };
  };
  return {
    inject: async () => {
      before = await Promise.all(
        cut.watched.map(async (watch) => {
          const now = await reachable(watch.machine, watch.pid, [...watch.cut, ...watch.kept]);
          const only = (places: readonly NetworkListener[]) =>
            places.filter((p) => now.has(p.name));
          return { ...watch, cut: only(watch.cut), kept: only(watch.kept) };
        }),
      );
      // A container that ended in the meantime took its namespace, and the rules, with it.
      const heal = inNamespace(pid, removeRules(id, scope));
      await context.guard.register(machine, id, `${heal} || true\n`);
      await run(applyRules(id, scope, cut.rules));
    },
    verify: async (): Promise<Measurement> => {
      const [cutOff, kept] = await Promise.all([look((w) => w.cut), look((w) => w.kept)]);
      const counts = await packets();
      const dropped = Object.entries(counts).map(([d, { hit }]) => `${hit} ${d}`);
      const evidence =
        `${name}: ${cutOff.missing.length} of ${cutOff.missing.length + cutOff.seen.length} places that it reached ` +
        `before cannot be reached${cutOff.seen.length ? ` (but ${someOf(cutOff.seen)})` : ''}, ` +
        `packets dropped: ${dropped.join(', ') || 'no rules'}` +
        (kept.seen.length ? `, still reaches ${someOf(kept.seen)}` : '');
      if (cutOff.seen.length > 0 || dropped.length === 0) return expectThat(false, evidence);
      if (cutOff.missing.length === 0)
        return inconclusive(`${evidence}; it reached none of them before`);
      if (kept.seen.length === 0 && kept.missing.length > 0)
        return inconclusive(`${evidence}; nor does it reach what it should`);
      return expectThat(
        Object.values(counts).some(({ hit }) => hit > 0),
        evidence,
      );
    },
    heal: () => context.guard.heal(machine, id),
    verifyHealed: async () => {
      if (scope === 'container') {
        const { exitCode } = await machine.exec(['test', '-d', `/proc/${pid}`]);
        return exitCode === 0 ? rulesGone() : replaced(name);
      }
      const own = await rulesGone();
      // A machine that was silent for some seconds gets its tasks anew.
      return combine([own, await machineBack(context, machine.number)]);
    },
  };

  async function rulesGone(): Promise<Measurement> {
    const counts = await packets().catch(() => ({})); // the container has ended: no namespace, no rules
    if (Object.keys(counts).length > 0) return expectThat(false, `${name}: rules are still there`);
    let last: Awaited<ReturnType<typeof look>> | undefined;
    await waitFor(
      { subject: name, expected: 'all places back', budgetMs: RETURN_MS, intervalMs: 200 },
      async () => {
        last = await look((w) => w.cut);
        return last.missing.length === 0 || undefined;
      },
    ).catch(() => {}); // what is missing is judged below
    if (!last || last.seen.length + last.missing.length === 0)
      return inconclusive(`${name}: no rules, but nothing could be tried`);
    const { seen, missing } = last;
    const evidence = `${name}: no rules, reaches ${seen.length} of ${seen.length + missing.length} places again`;
    if (missing.length === 0) return expectThat(true, evidence);
    // Another fault may keep some of them down.
    const but = `${evidence} (not ${someOf(missing)})`;
    return seen.length > 0 ? expectThat(true, but) : inconclusive(but);
  }
}

/** The first of many names. */
const someOf = (names: readonly string[]): string =>
  names.length > 4
    ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`
    : names.join(', ');

/** Milliseconds in which the overlay finds its neighbours again after a machine was cut off (1 to 3 s seen). */
const RETURN_MS = 8_000;
