import { PassThrough } from 'node:stream';
import type Docker from 'dockerode';
import { MACHINE_LABEL, NETWORK_LABEL } from '../../engine/labels.ts';
import { PLACEMENT_LABEL } from '../../swarm/cluster.ts';
import { COMPONENT_LABEL, serviceName } from '../../swarm/deploy.ts';
import type { ExecResult } from '../../swarm/docker-api.ts';
import { type Component, componentsOf } from '../../topology/components.ts';
import type { Topology } from '../../topology/schema.ts';
import type { EventEngine, Machine, Power, PowerState } from '../port.ts';
import { FakeShell } from './fake-shell.ts';

/** Time as the fake sees it; milliseconds. */
export interface FakeTime {
  now(): number;
  until(deadline: number, signal?: AbortSignal): Promise<unknown>;
}

/** Milliseconds after which the Swarm starts a container in the place of one that ended. */
const RESTART_MS = 1_000;

interface FakeContainer {
  readonly id: string;
  readonly component: Component;
  readonly number: number;
  readonly created: number;
  readonly pid: number;
  state: 'running' | 'paused' | 'exited';
  exitCode: number;
}

/** Whatever an engine would tell of a container. */
interface FakeEvent {
  readonly timeNano: number;
  readonly Type: 'container';
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
}

/**
 * Machines in memory with the components of a topology, as services of a Swarm: they are scaled, killed and frozen, lose
 * their machine, come back as new containers, and their engines tell events. Enough of Docker's API and of a shell for
 * what scenarios, observers and most kinds of fault ask of a machine; what is done to packets and disks is not there.
 */
export class FakeMachines {
  readonly machines: readonly (Machine & { readonly power: Power })[];
  readonly engines: readonly EventEngine[];
  readonly #topology: Topology;
  readonly #time: FakeTime;
  readonly #epoch = Date.now();
  readonly #containers: FakeContainer[] = [];
  readonly #replicas = new Map<string, number>();
  readonly #power = new Map<number, PowerState>();
  readonly #streams = new Map<string, Set<PassThrough>>();
  readonly #told = new Map<string, FakeEvent[]>();
  #ids = 0;

  /** @param address of every machine; nothing should listen there */
  constructor(topology: Topology, time: FakeTime, address = '127.0.0.1') {
    this.#topology = topology;
    this.#time = time;
    for (const { number } of topology.machines) this.#power.set(number, 'running');
    for (const component of componentsOf(topology)) {
      this.#replicas.set(component.name, 1);
      this.#create(component);
    }
    this.machines = topology.machines.map(({ number }) => this.#machine(number, address));
    this.engines = [
      { name: 'host', docker: this.#eventsOf('host') },
      ...this.machines.map(({ number }) => {
        const name = `machine${number}`;
        return { name, docker: this.#eventsOf(name) };
      }),
    ];
  }

  /** Whether a component could answer now. */
  answers(component: string): boolean {
    const container = this.#current(component);
    return container?.state === 'running' && this.#power.get(container.number) === 'running';
  }

  /** Ends the component's container, as a crash would; the Swarm starts another one. */
  kill(component: string): void {
    const container = this.#current(component);
    if (container && container.state !== 'exited') this.#end(container, 137);
  }

  /** Sets how many containers the Swarm shall keep of a component. */
  scale(component: string, replicas: number): void {
    this.#replicas.set(component, replicas);
    const current = this.#current(component);
    if (replicas === 0 && current && current.state !== 'exited') this.#end(current, 143);
    if (replicas > 0) this.#ensure(component);
  }

  /** {@link scale}, by the name of the component's service. */
  scaleService(service: string, replicas: number): void {
    this.scale(this.#ofService(service), replicas);
  }

  #ofService(service: string): string {
    const found = [...this.#replicas.keys()].find((name) => serviceName(name) === service);
    if (found === undefined) throw new Error(`no such service: ${service}`);
    return found;
  }

  /** Suspends a component, or lets it go on. */
  freeze(component: string, frozen: boolean): void {
    const container = this.#current(component);
    if (!container || container.state === 'exited') return;
    container.state = frozen ? 'paused' : 'running';
    this.#tell(container, frozen ? 'pause' : 'unpause');
  }

  /** Ends a container by the id of its process. @returns whether there was one */
  killProcess(pid: number): boolean {
    const container = this.#containers.find((c) => c.pid === pid && c.state !== 'exited');
    if (container) this.#end(container, 137);
    return container !== undefined;
  }

  /** Whether a process runs. */
  hasProcess(pid: number): boolean {
    return this.#containers.some((c) => c.pid === pid && c.state !== 'exited');
  }

  /** Id of the running container of a component on a machine. */
  runningId(component: string): string | undefined {
    return this.answers(component) ? this.#current(component)?.id : undefined;
  }

  /** The component of a container. */
  componentOf(id: string): string | undefined {
    return this.#containers.find((c) => c.id === id)?.component.name;
  }

  #current(component: string): FakeContainer | undefined {
    return this.#containers.findLast((c) => c.component.name === component);
  }

  #create(component: Component): void {
    this.#ids += 1;
    const container: FakeContainer = {
      id: `${component.name}-${this.#ids}`,
      component,
      number: component.machine,
      created: this.#time.now(),
      pid: 1_000 + this.#ids,
      state: 'running',
      exitCode: 0,
    };
    this.#containers.push(container);
    this.#tell(container, 'start');
  }

  #end(container: FakeContainer, exitCode: number): void {
    container.state = 'exited';
    container.exitCode = exitCode;
    this.#tell(container, 'die');
    const { name } = container.component;
    void this.#time.until(this.#time.now() + RESTART_MS).then(() => this.#ensure(name));
  }

  /** What the Swarm does: a component that shall run and does not gets a new container, on its own machine. */
  #ensure(name: string): void {
    const current = this.#current(name);
    if (current?.state !== 'exited' || this.#replicas.get(name) === 0) return;
    if (this.#power.get(current.number) === 'running') this.#create(current.component);
  }

  #tell(container: FakeContainer, action: string): void {
    const { id, component, number } = container;
    const attributes = { [COMPONENT_LABEL]: component.name, name: component.name };
    this.#event(`machine${number}`, id, action, attributes);
  }

  #event(engine: string, id: string, action: string, attributes: Record<string, string>): void {
    const event: FakeEvent = {
      timeNano: (this.#epoch + this.#time.now()) * 1e6 + this.#ids,
      Type: 'container',
      Action: action,
      Actor: { ID: id, Attributes: attributes },
    };
    this.#told.set(engine, [...(this.#told.get(engine) ?? []), event]);
    for (const stream of this.#streams.get(engine) ?? []) {
      stream.write(`${JSON.stringify(event)}\n`);
    }
  }

  #eventsOf(engine: string): EventEngine['docker'] {
    const getEvents = async (options: { since: number; abortSignal: AbortSignal }) => {
      const stream = new PassThrough();
      for (const event of this.#told.get(engine) ?? []) {
        if (event.timeNano / 1e9 >= options.since) stream.write(`${JSON.stringify(event)}\n`);
      }
      const open = this.#streams.get(engine) ?? new Set();
      this.#streams.set(engine, open.add(stream));
      options.abortSignal.addEventListener('abort', () => {
        open.delete(stream);
        stream.end();
      });
      return stream;
    };
    return { getEvents } as unknown as EventEngine['docker'];
  }

  #setPower(number: number, state: PowerState): void {
    const before = this.#power.get(number);
    if (before === state) return;
    const attributes = { [NETWORK_LABEL]: 'fake', [MACHINE_LABEL]: String(number) };
    const host = (action: string) => this.#event('host', `node${number}`, action, attributes);
    if (before === 'paused') host('unpause');
    this.#power.set(number, state);
    if (state === 'paused') host('pause');
    if (state === 'stopped') {
      host('die');
      for (const container of this.#containers) {
        if (container.number === number && container.state !== 'exited') {
          container.state = 'exited';
          container.exitCode = 255;
        }
      }
    }
    if (state === 'running' && before === 'stopped') {
      host('start');
      for (const { name, machine } of componentsOf(this.#topology)) {
        if (machine === number) this.#ensure(name);
      }
    }
  }

  #machine(number: number, address: string): Machine & { readonly power: Power } {
    const shell = new FakeShell(this);
    const reach = () => {
      if (this.#power.get(number) !== 'running') throw new Error(`machine ${number}: no answer`);
    };
    const exec = async (
      command: readonly string[],
      options: { stdin?: string | Buffer } = {},
    ): Promise<ExecResult> => {
      reach();
      return shell.run(command, String(options.stdin ?? ''));
    };
    const power: Power = {
      id: `node${number}`,
      state: async () => this.#power.get(number) ?? 'stopped',
      kill: async () => this.#setPower(number, 'stopped'),
      stop: async () => this.#setPower(number, 'stopped'),
      start: async () => this.#setPower(number, 'running'),
      pause: async () => this.#setPower(number, 'paused'),
      unpause: async () => {
        if (this.#power.get(number) === 'paused') this.#setPower(number, 'running');
      },
      guard: async () => ({ release: () => {} }),
    };
    return {
      number,
      address,
      docker: this.#docker(number, reach),
      exec,
      execOk: async (command, options) => {
        const { exitCode, stdout, stderr } = await exec(command, options);
        if (exitCode !== 0)
          throw new Error(`${command.join(' ')}: exit code ${exitCode}: ${stderr}`);
        return stdout.trim();
      },
      power,
    };
  }

  /** An engine's API, as far as it is asked; every call fails while its machine is off or frozen. */
  #docker(number: number, reach: () => void): Docker {
    const here = () => this.#containers.filter((c) => c.number === number);
    const spec = (component: string) => ({
      Name: serviceName(component),
      Mode: { Replicated: { Replicas: this.#replicas.get(component) ?? 0 } },
    });
    const calls = {
      ping: async () => 'OK',
      listContainers: async ({ filters }: { filters: { label: readonly string[] } }) => {
        const [label = ''] = filters.label;
        const wanted = label.split('=')[1];
        return here()
          .filter(({ component }) => wanted === undefined || component.name === wanted)
          .map((container) => ({ ...this.#listed(container), Created: container.created / 1_000 }));
      },
      listNodes: async () =>
        [...this.#power].map(([machine, state]) => ({
          Spec: { Labels: { [PLACEMENT_LABEL]: String(machine) } },
          Status: { State: state === 'running' ? 'ready' : 'down' },
        })),
      listServices: async () =>
        [...this.#replicas.keys()].map((component) => ({ ID: component, Spec: spec(component) })),
      listTasks: async () =>
        [...this.#replicas].map(([component, replicas]) => ({
          ServiceID: component,
          DesiredState: replicas > 0 ? 'running' : 'shutdown',
          Status: { State: this.answers(component) ? 'running' : 'complete' },
        })),
    };
    const docker = Object.fromEntries(
      Object.entries(calls).map(([name, call]) => [
        name,
        async (options: never) => {
          reach();
          return call(options);
        },
      ]),
    );
    return {
      ...docker,
      getService: (name: string) => ({
        inspect: async () => {
          reach();
          return { Version: { Index: 1 }, Spec: spec(this.#ofService(name)) };
        },
        update: async ({ Mode }: { Mode: { Replicated: { Replicas: number } } }) => {
          reach();
          this.scaleService(name, Mode.Replicated.Replicas);
        },
      }),
      getContainer: (id: string) => ({
        id,
        inspect: async () => {
          reach();
          const container = here().find((c) => c.id === id);
          if (!container) throw Object.assign(new Error('no such container'), { statusCode: 404 });
          return this.#inspected(container);
        },
        logs: async () => logged(`${id} has started\n`),
      }),
    } as unknown as Docker;
  }

  #listed({ id, component, state }: FakeContainer) {
    return {
      Id: id,
      State: state,
      Status: state === 'running' ? 'Up 1 second (healthy)' : state,
      Labels: { [COMPONENT_LABEL]: component.name },
      NetworkSettings: this.#networks(state),
    };
  }

  #inspected({ state, pid, exitCode, created, ...container }: FakeContainer) {
    const running = state !== 'exited';
    return {
      Id: container.id,
      State: {
        Running: running,
        Paused: state === 'paused',
        Pid: running ? pid : 0,
        StartedAt: new Date(this.#epoch + created).toISOString(),
        ExitCode: exitCode,
        OOMKilled: false,
        Health: { Status: 'healthy' },
      },
      NetworkSettings: this.#networks(state),
      Mounts: [],
    };
  }

  #networks(state: FakeContainer['state']) {
    const IPAddress = state === 'exited' ? '' : '10.214.0.9';
    return { Networks: { [this.#topology.network]: { IPAddress } } };
  }
}

/** A line on standard output, in the frame that the engine puts around it. */
function logged(line: string): Buffer {
  const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(Buffer.byteLength(line), 4);
  return Buffer.concat([header, Buffer.from(line)]);
}
