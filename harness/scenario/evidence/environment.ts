import type { EnvironmentProbe } from '../../audit/recording.ts';
import { messageOf } from '../../base/errors.ts';
import { managerOf } from '../../network/components.ts';
import { componentContainers } from '../../network/containers.ts';
import type { Machine, Network } from '../../network/port.ts';
import { machineStates } from '../../swarm/cluster.ts';
import { COMPONENT_LABEL, serviceName } from '../../swarm/deploy.ts';
import { type ComponentKind, componentsOf } from '../../topology/components.ts';
import type { Session } from '../session.ts';

interface Service {
  readonly Spec: {
    readonly Name: string;
    readonly Mode: { readonly Replicated?: { readonly Replicas: number } };
  };
}

/** Kinds of component that every other must be able to reach, by the first of their ports on the overlay. */
const sentinels = ({ ordering }: Network): readonly ComponentKind[] => [
  'orderer',
  'peer',
  ...ordering.services.kinds,
];

/** State of the machines, services, containers and of the overlay, and traces of faults. */
export async function probeEnvironment(session: Session): Promise<EnvironmentProbe> {
  const { machines, topology } = session.network;
  const manager = await managerOf(session.network);
  const [nodes, services, perMachine] = await Promise.all([
    machineStates(manager.docker),
    manager.docker.listServices() as Promise<unknown> as Promise<Service[]>,
    Promise.all(machines.map((machine) => probeMachine(machine, session))),
  ]);
  const containers = perMachine.flatMap((m) => m.containers);
  const running = (name: string) =>
    containers.filter((c) => serviceName(c.component) === name && c.state === 'running').length;
  return {
    machines: topology.machines.map(({ number }) => ({
      number,
      ready: nodes.get(number) === 'ready',
    })),
    services: services.map(({ Spec }) => ({
      name: Spec.Name,
      desired: Spec.Mode.Replicated?.Replicas ?? 0,
      running: running(Spec.Name),
    })),
    containers,
    leftovers: perMachine.flatMap((m) => m.leftovers),
    reachability: perMachine.flatMap((m) => m.reachability),
  };
}

async function probeMachine(machine: Machine, session: Session) {
  try {
    const [listed, leftovers, reachability] = await Promise.all([
      componentContainers(machine.docker),
      traces(machine),
      reach(machine, session),
    ]);
    const containers = await Promise.all(
      [...listed].map(async ([component, { Id, State }]) => {
        const { State: details } = await machine.docker.getContainer(Id).inspect();
        return { component, state: State, oomKilled: details.OOMKilled };
      }),
    );
    return { containers, leftovers, reachability };
  } catch (error) {
    return {
      containers: [],
      leftovers: [`machine ${machine.number} could not be probed: ${messageOf(error)}`],
      reachability: [],
    };
  }
}

/** Rules, queueing disciplines and stopped processes that faults would have left, in the machine and its containers. */
const TRACES = `
find='iptables-save 2>/dev/null | grep HF-; tc qdisc show 2>/dev/null | grep -E "netem|tbf|htb"; true'
sh -c "$find"
for id in $(docker ps -q); do
  pid=$(docker inspect -f '{{.State.Pid}}' "$id")
  [ "$pid" -gt 0 ] || continue
  name=$(docker inspect -f '{{index .Config.Labels "${COMPONENT_LABEL}"}}' "$id")
  nsenter -t "$pid" -n sh -c "$find" | sed "s/^/$name: /"
done
grep harness-disks /proc/mounts
ps -eo comm | grep -x delay-queue
ps -eo stat,comm | awk '$1 ~ /^T/ {print "stopped process: " $2}'
true
`;

async function traces(machine: Machine): Promise<string[]> {
  const output = await machine.execOk(['bash', '-c', TRACES], { budgetMs: 30_000 });
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `machine ${machine.number}: ${line}`);
}

/** From one container of each machine to every orderer, to what orderers need, and to every peer, by name. */
async function reach(machine: Machine, session: Session) {
  const components = componentsOf(session.network.topology);
  const kinds = sentinels(session.network);
  const targets = components.filter(({ kind }) => kinds.includes(kind));
  const from = components.find(
    ({ kind, machine: at }) => at === machine.number && kinds.includes(kind),
  );
  if (!from) return [];
  const tries = targets.map(
    ({ name, ports: [port] }) =>
      `(timeout 3 bash -c 'exec 3<>/dev/tcp/${name}/${port?.container}' 2>/dev/null && echo '${name} yes' || echo '${name} no') &`,
  );
  const id = await machine.execOk([
    'docker',
    'ps',
    '-q',
    '--filter',
    `label=${COMPONENT_LABEL}=${from.name}`,
  ]);
  if (id === '') return targets.map(({ name }) => ({ from: from.name, to: name, ok: false }));
  const [container] = id.split('\n');
  const output = await machine.execOk(
    ['docker', 'exec', container ?? id, 'bash', '-c', `${tries.join('\n')}\nwait`],
    { budgetMs: 30_000 },
  );
  return output.split('\n').map((line) => {
    const [to = '', answer] = line.split(' ');
    return { from: from.name, to, ok: answer === 'yes' };
  });
}

/** The environment once it is as it was, or as it is after half a minute; a replaced task needs some seconds. */
export async function settledEnvironment(
  session: Session,
  before: EnvironmentProbe,
): Promise<EnvironmentProbe> {
  const end = session.clock.now() + 30_000;
  for (;;) {
    const after = await probeEnvironment(session);
    if (likeBefore(before, after) || session.clock.now() > end) return after;
    await session.clock.until(session.clock.now() + 1_000, session.signal);
    session.signal.throwIfAborted();
  }
}

function likeBefore(before: EnvironmentProbe, after: EnvironmentProbe): boolean {
  const running = (probe: EnvironmentProbe) =>
    probe.services.filter((s) => s.running >= s.desired).length;
  const reachable = (probe: EnvironmentProbe) => probe.reachability.filter((r) => r.ok).length;
  return (
    after.machines.every((m) => m.ready) &&
    running(after) >= running(before) &&
    reachable(after) >= reachable(before) &&
    after.leftovers.length <= before.leftovers.length
  );
}
