import { finders } from '../../network/components.ts';
import type { Machine, Network } from '../../network/port.ts';
import { orderingOf } from '../../ordering/registry.ts';
import type { ExecResult } from '../../swarm/docker-api.ts';
import { loadTopology } from '../../topology/load.ts';
import type { Guard } from '../guard.ts';
import { type ActiveFault, confirmed, type Fault, type FaultContext, type Role } from '../model.ts';

/** A machine that writes down what it is told to run. */
export interface FakeMachine extends Machine {
  readonly commands: string[];
}

export function fakeMachine(
  number: number,
  containers: Readonly<Record<string, FakeContainer>> = {},
  answer: (command: string) => string = () => '',
): FakeMachine {
  const commands: string[] = [];
  const exec = async (command: readonly string[]): Promise<ExecResult> => {
    commands.push(command.join(' '));
    return { exitCode: 0, stdout: answer(command.join(' ')), stderr: '' };
  };
  return {
    number,
    address: `10.0.0.${number}`,
    docker: fakeDocker(containers) as Machine['docker'],
    commands,
    exec,
    execOk: async (command) => (await exec(command)).stdout,
  };
}

export interface FakeContainer {
  readonly pid: number;
  readonly address: string;
}

const COMPONENT = 'io.fabric-swarm-harness.component';

function fakeDocker(containers: Readonly<Record<string, FakeContainer>>): unknown {
  const networks = (address: string) => ({ Networks: { fabric_net: { IPAddress: address } } });
  return {
    listContainers: async ({ filters }: { filters: { label: string[] } }) =>
      Object.entries(containers)
        .filter(([name]) =>
          filters.label.every((l) => [COMPONENT, `${COMPONENT}=${name}`].includes(l)),
        )
        .map(([name, { address }]) => ({
          Id: `id-${name}`,
          Created: 1,
          State: 'running',
          Labels: { [COMPONENT]: name },
          NetworkSettings: networks(address),
        })),
    getContainer: (id: string) => ({
      id,
      inspect: async () => {
        const found = containers[id.slice('id-'.length)];
        return {
          State: { Running: found !== undefined, Paused: false, Pid: found?.pid ?? 0 },
          NetworkSettings: networks(found?.address ?? ''),
          Mounts: [],
        };
      },
    }),
  };
}

/** A guard that runs nothing, and remembers the order of what it was asked. */
export function fakeGuard(): Guard & { readonly log: string[] } {
  const log: string[] = [];
  let ids = 0;
  const guard = {
    log,
    newId: (kind: string, target: string) => {
      ids += 1;
      return `${kind}-${target}-${ids}`;
    },
    register: async (_: unknown, id: string, script: string) =>
      void log.push(`register ${id}\n${script}`),
    heal: async (_: unknown, id: string) => void log.push(`heal ${id}`),
    revive: async () => {},
    endedEarly: () => false,
  };
  return guard as unknown as Guard & { log: string[] };
}

export function fakeContext(machines: readonly Machine[] = []): FaultContext & {
  readonly guard: ReturnType<typeof fakeGuard>;
} {
  const topology = loadTopology('fixtures/network/article.yaml');
  const ordering = orderingOf(topology);
  const network = { topology, machines, ordering, ...finders(topology, machines) };
  return {
    network: network as unknown as Network,
    guard: fakeGuard(),
    channel: 'mychannel',
    now: () => 0,
    random: () => 0,
    signal: new AbortController().signal,
  };
}

/** A role of these names, without a network. */
export const fakeRole = (...names: readonly string[]): Role => ({
  text: `role(${names.join(', ')})`,
  resolve: async () =>
    names.map((name) => ({
      type: 'component',
      handle: { name, kind: 'orderer', machine: fakeMachine(1), container: async () => undefined },
    })),
});

/** A fault that writes its steps into a log. */
export function fakeFault(
  log: string[],
  overrides: Partial<ActiveFault> & Partial<Pick<Fault, 'role' | 'available' | 'kind'>> = {},
): Fault {
  const { role = fakeRole('orderer0'), kind = 'fake', available, ...active } = overrides;
  const step = (name: string) => async () => void log.push(`${kind}: ${name}`);
  return {
    kind,
    text: kind,
    role,
    available: available ?? (async () => undefined),
    prepare: async () => ({
      inject: step('inject'),
      verify: async () => {
        log.push(`${kind}: verify`);
        return confirmed('it has an effect');
      },
      heal: step('heal'),
      verifyHealed: async () => {
        log.push(`${kind}: verify healed`);
        return confirmed('it has none');
      },
      ...active,
    }),
  };
}
