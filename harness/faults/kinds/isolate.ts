import type { StartedDockerNode } from '../../swarm/machine.ts';
import { componentHandle, machineOf, runningContainer } from '../components.ts';
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
  targetName,
} from '../model.ts';
import {
  applyRules,
  type Hook,
  inNamespace,
  probeChain,
  type Rule,
  removeRules,
} from '../netfilter.ts';

export interface IsolateOptions {
  /** Cut it only from these; from everything unless given. */
  readonly from?: Role;
  /** `in`: what is sent to it is lost; `out`: what it sends is lost; both unless given. */
  readonly direction?: 'both' | 'in' | 'out';
  /**
   * For machines: `data` cuts only the overlay's tunnel (UDP 4789), so that the Swarm still sees it; `control` cuts only
   * Swarm's own traffic (TCP 2377, TCP and UDP 7946).
   */
  readonly plane?: 'all' | 'data' | 'control';
}

/** One namespace with the rules that go into it. */
interface Cut {
  readonly name: string;
  readonly machine: StartedDockerNode;
  /** Process whose network namespace it is; the machine's own when undefined. */
  readonly pid: number | undefined;
  readonly id: string;
  readonly rules: readonly Rule[];
}

/**
 * Cuts components or machines off the network by dropping packets: connections stay open and nothing arrives, as with
 * a pulled cable.
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
      const others = from ? await from.resolve(context) : undefined;
      const peers = others && (await addressesOf(context, others, targets));
      const cuts = await Promise.all(
        targets.map((target) => cutOf(context, target, peers, direction, plane)),
      );
      return activeCuts(context, cuts);
    },
  };
}

async function cutOf(
  context: FaultContext,
  target: Target,
  peers: readonly string[] | undefined,
  direction: 'both' | 'in' | 'out',
  plane: 'all' | 'data' | 'control',
): Promise<Cut> {
  const hooks: Hook[] =
    direction === 'in' ? ['INPUT'] : direction === 'out' ? ['OUTPUT'] : ['INPUT', 'OUTPUT'];
  const name = targetName(target);
  if (target.type === 'machine') {
    const machine = machineOf(context.network, target.number);
    const rules = hooks.flatMap((hook) => machineRules(hook, peers, plane));
    return { name, machine, pid: undefined, id: `isolate-${name}`, rules };
  }
  if (plane !== 'all')
    throw new Error(`isolate: a plane can be chosen for machines only, seen ${name}`);
  const { pid, id } = await runningContainer(target.handle, context.network.state.topology.network);
  // Loopback stays: the component must not be cut off from itself.
  const rules = hooks.flatMap((hook): Rule[] => {
    const side = hook === 'INPUT' ? '-s' : '-d';
    return peers
      ? peers.map((address) => ({ hook, spec: `${side} ${address} -j DROP` }))
      : [{ hook, spec: `${hook === 'INPUT' ? '! -i' : '! -o'} lo -j DROP` }];
  });
  return { name, machine: target.handle.machine, pid, id: `isolate-${id.slice(0, 12)}`, rules };
}

/**
 * A machine's rules are for its outer interface. TCP 2376 and what the harness publishes there are left alone when only
 * a plane is cut; a whole cut takes them too, as a pulled cable does.
 */
function machineRules(
  hook: Hook,
  peers: readonly string[] | undefined,
  plane: 'all' | 'data' | 'control',
): Rule[] {
  const device = hook === 'INPUT' ? '-i eth0' : '-o eth0';
  const matches = {
    all: [''],
    data: ['-p udp --dport 4789'],
    control: ['-p tcp -m multiport --ports 2377,7946', '-p udp -m multiport --ports 7946'],
  }[plane];
  const sides = peers?.map((address) => `${hook === 'INPUT' ? '-s' : '-d'} ${address}`) ?? [''];
  return sides.flatMap((side) =>
    matches.map((match) => ({
      hook,
      spec: [device, side, match, '-j DROP'].filter(Boolean).join(' '),
    })),
  );
}

/** Overlay addresses of components; for machines, their own. Targets themselves are left out. */
async function addressesOf(
  context: FaultContext,
  others: readonly Target[],
  targets: readonly Target[],
): Promise<string[]> {
  const own = new Set(targets.map(targetName));
  const addresses = await Promise.all(
    others
      .filter((other) => !own.has(targetName(other)))
      .map(async (other) => {
        if (other.type === 'machine') return machineOf(context.network, other.number).address;
        const handle = componentHandle(context.network, other.handle.name);
        const facts = await runningContainer(handle, context.network.state.topology.network);
        return facts.overlayAddress;
      }),
  );
  return addresses.filter((address) => address !== '');
}

const hooksOf = (cut: Cut): Hook[] => [...new Set(cut.rules.map((rule) => rule.hook))];

function activeCuts(context: FaultContext, cuts: readonly Cut[]): ActiveFault {
  const run = (cut: Cut, script: string) =>
    cut.machine.execOk(['sh', '-c', inNamespace(cut.pid, script)]);
  const probe = async (expected: 'present' | 'absent') =>
    combine(
      await Promise.all(
        cuts.flatMap((cut) =>
          hooksOf(cut).map(async (hook): Promise<Measurement> => {
            const seen = await run(cut, probeChain(cut.id, hook)).catch(() => 'absent');
            const evidence = `${cut.name}: ${hook} rules ${seen}`;
            return seen === expected ? confirmed(evidence) : notConfirmed(evidence);
          }),
        ),
      ),
    );
  return {
    inject: async () => {
      await Promise.all(
        cuts.map(async (cut) => {
          // A container that ended in the meantime took its namespace, and the rules, with it.
          const heal = inNamespace(cut.pid, removeRules(cut.id, hooksOf(cut)));
          await context.guard.register(cut.machine, cut.id, `${heal} || true\n`);
          await run(cut, applyRules(cut.id, cut.rules));
        }),
      );
    },
    verify: () => probe('present'),
    heal: async () => {
      await Promise.all(cuts.map((cut) => context.guard.heal(cut.machine, cut.id)));
    },
    verifyHealed: () => probe('absent'),
  };
}
