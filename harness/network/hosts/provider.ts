import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, UsageError } from '../../base/errors.ts';
import { acquireLock } from '../../base/lock.ts';
import { patient } from '../../base/patience.ts';
import { raceAbort } from '../../base/race-abort.ts';
import type { Settings } from '../../base/settings.ts';
import { type HolderRole, OWNER_LABEL, ROLE_LABEL } from '../../engine/labels.ts';
import { nodeLabel } from '../../swarm/scoped-docker.ts';
import type { Topology } from '../../topology/schema.ts';
import type { DeployedState } from '../deployed.ts';
import { newToNetwork } from '../machines/bring-in.ts';
import { removedByOther } from '../machines/bring-up.ts';
import { keepLogs } from '../machines/failure-logs.ts';
import { startLock, useLock } from '../machines/locks.ts';
import { chaincodesOf } from '../machines/preflight.ts';
import type { ProvideOptions } from '../machines/provide.ts';
import type { Removed } from '../machines/remove-network.ts';
import type { PreflightOptions, Provided, ProvidedAlone, Provider } from '../provider.ts';
import { assemble } from '../stack/assemble.ts';
import { startAgents } from './agent.ts';
import { type ExistingSwarm, type Host, isOpen, openPlaces, openSwarm } from './hosts.ts';
import { provideComponents, provideTools } from './images.ts';
import { Leash } from './leash.ts';
import { type HostsNetwork, hostMachine, hostsNetwork, readState, saveState } from './network.ts';
import { hasAnything, labelHosts, networkNames, removeObjects } from './objects.ts';
import { type HostsFile, type Place, placesOf, readHostsFile } from './places.ts';
import { examineHosts, type Fit, onSwarm, readTopology } from './preflight.ts';

/** Milliseconds between two looks at whether a network is bound. */
const LOOK_MS = 1_000;
/** Milliseconds that processes which use a network have to heal, clean up and end, once they were told to. */
const END_MS = 60_000;

/** Networks on the hosts of a swarm that the user has made. */
export function hostsProvider(settings: Settings, env: NodeJS.ProcessEnv): Provider {
  return new Hosts(settings, env);
}

class Hosts implements Provider {
  readonly #settings: Settings;
  readonly #env: NodeJS.ProcessEnv;
  readonly #file: HostsFile | undefined;
  #swarm: Promise<ExistingSwarm> | undefined;
  #fit: Fit | undefined;

  constructor(settings: Settings, env: NodeJS.ProcessEnv) {
    this.#settings = settings;
    this.#env = env;
    this.#file = settings.hosts === undefined ? undefined : readHostsFile(settings.hosts);
  }

  #open(): Promise<ExistingSwarm> {
    this.#swarm ??= openSwarm(this.#env);
    return this.#swarm;
  }

  async preflight(options: PreflightOptions): Promise<Topology> {
    const topology = readTopology(this.#settings, options);
    const swarm = await this.#open();
    const found = await this.find(this.#settings.name);
    if (options.running === 'fine' && found && found !== 'incomplete') return topology;
    // What an interrupted start has left would have its ports; it is removed before a new one.
    if (found === 'incomplete') await this.#removeLeft(options.progress.say);
    const { name } = this.#settings;
    this.#fit = await examineHosts(this.#settings, this.#env, topology, swarm, this.#file, options);
    return onSwarm(topology, name, this.#fit.hosts);
  }

  async #removeLeft(say: (line: string) => void): Promise<void> {
    const { name } = this.#settings;
    const holder = await this.#holder(name, 'reaper');
    if (holder !== undefined) {
      throw new UsageError([`the network "${name}" is coming up: it goes with ${holder}`]);
    }
    say(`removing what an interrupted start of "${name}" has left`);
    await this.#sweep(name);
  }

  async find(name: string): Promise<HostsNetwork | 'incomplete' | undefined> {
    const swarm = await this.#open();
    const hosts = await this.#hostsOf(name);
    if (hosts.length === 0) return undefined;
    for (const host of hosts.filter(({ node }) => node.manager)) {
      const state = await readState(name, host);
      if (!state) continue;
      const [owner, user] = [await this.#holder(name, 'reaper'), await this.#holder(name, 'user')];
      return {
        ...hostsNetwork(state, hosts),
        ...(owner !== undefined && { owner }),
        ...(user !== undefined && { user }),
      };
    }
    const anything = await hasAnything(name, swarm.engine.docker, hosts);
    return anything ? 'incomplete' : undefined;
  }

  /** The hosts whose nodes a network has labelled, as far as they can be reached. */
  async #hostsOf(name: string): Promise<Host[]> {
    // Labels change while this process runs.
    const swarm = await this.#open();
    const fresh = (await swarm.engine.docker.listNodes()) as {
      ID: string;
      Spec: { Labels?: Record<string, string> };
    }[];
    const numbers = new Map(
      fresh.flatMap(({ ID, Spec }) => {
        const number = Number(Spec.Labels?.[nodeLabel(name)]);
        return number > 0 ? [[ID, number] as const] : [];
      }),
    );
    const known = swarm.nodes.filter(({ id }) => numbers.has(id));
    // Where each is, is the network's to say; how it is reached, the user's.
    const entries = new Map(
      known.map(({ id }): [number, { node: string; engine?: string; address?: string }] => {
        const number = numbers.get(id) ?? 0;
        const given = this.#file?.get(number);
        return [number, { ...given, node: id } as { node: string }];
      }),
    );
    const { places } = placesOf([...entries.keys()], swarm.nodes, entries, swarm.manager);
    const opened = await openPlaces(name, places as Place[], swarm, this.#env);
    return opened
      .filter(isOpen)
      .toSorted((a, b) => Number(b.node.manager) - Number(a.node.manager) || a.number - b.number);
  }

  /** The process, in words, that has a leash of a role on the network. */
  async #holder(name: string, role: HolderRole): Promise<string | undefined> {
    for (const { docker } of await this.#hostsOf(name)) {
      const listed = await docker.listContainers({ filters: { label: [`${ROLE_LABEL}=${role}`] } });
      const [holder] = listed;
      if (holder) return holder.Labels[OWNER_LABEL] ?? 'another process';
    }
    return undefined;
  }

  async provide(topology: Topology, options: ProvideOptions): Promise<Provided> {
    const { name } = this.#settings;
    const { progress, interruption } = options;
    const { signal } = interruption;
    const unlock = await acquireLock(startLock(name), {
      onWait: (pid) =>
        progress.say(`process ${pid} is starting the network "${name}": waiting for it`),
      onAsked: (pid) => interruption.end(`process ${pid} removes the network "${name}"`),
      signal,
    });
    try {
      const { manager } = await this.#open();
      const engine = { host: manager.host };
      for (;;) {
        await this.#untilFree('reaper', 'goes with', options);
        const found = await this.find(name);
        if (found && found !== 'incomplete') {
          await this.#assertHas(found, topology, options);
          return { kind: 'running', engine, network: found };
        }
        const begun = await this.#bringUp(topology, options);
        if (begun) return { kind: 'new', engine, ...begun };
      }
    } finally {
      await unlock();
    }
  }

  /** Users' chaincode comes with a network on hosts; one that runs stays as it is. */
  async #assertHas(
    network: HostsNetwork,
    topology: Topology,
    { ownChaincodes }: ProvideOptions,
  ): Promise<void> {
    const given = chaincodesOf(this.#settings, topology, ownChaincodes);
    if (given.length === 0) return;
    const { docker } = (await this.#open()).engine;
    const lacking = await newToNetwork(network as never, given, docker);
    if (lacking.length === 0) return;
    throw new UsageError([
      `network "${network.name}": expected chaincode ${lacking.map(({ name }) => name).join(', ')} as it is given now, ` +
        'seen another build or none; a network on hosts gets it when it starts: npm stop, then again',
    ]);
  }

  async provideAlone(topology: Topology, options: ProvideOptions): Promise<ProvidedAlone> {
    const { name } = this.#settings;
    const { progress, interruption, command } = options;
    const unlock = await acquireLock(useLock(name), {
      onWait: (pid) =>
        progress.say(`process ${pid} is testing the network "${name}": waiting for it`),
      onAsked: (pid) => interruption.end(`process ${pid} removes the network "${name}"`),
      signal: interruption.signal,
    });
    let claim: Leash | undefined;
    const done = async () => {
      await claim?.dismiss();
      await unlock();
    };
    try {
      for (;;) {
        const provided = await this.provide(topology, options);
        if (provided.kind === 'new') return { ...provided, done };
        const hosts = await this.#hostsOf(name);
        const image = provided.network.state.images['node'] ?? '';
        const run = randomBytes(4).toString('hex');
        claim = await Leash.start(hosts, { network: name, run, image, command, role: 'user' });
        if (claim) {
          claim.lost.addEventListener('abort', () => interruption.end(removedByOther(name)));
          return { ...provided, done };
        }
        await this.#untilFree('user', 'is used by', options);
      }
    } catch (error) {
      await done();
      throw error;
    }
  }

  async #untilFree(
    role: HolderRole,
    how: string,
    { progress, interruption: { signal } }: ProvideOptions,
  ): Promise<void> {
    const { name } = this.#settings;
    let told: string | undefined;
    for (;;) {
      signal.throwIfAborted();
      const holder = await this.#holder(name, role);
      if (holder === undefined) return;
      if (holder !== told) {
        progress.say(`the network "${name}" ${how} ${holder}: waiting until that has ended`);
        told = holder;
      }
      await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** @returns `undefined` when another process was quicker */
  async #bringUp(topology: Topology, options: ProvideOptions) {
    const fit = this.#fit;
    if (!fit) throw new Error('hosts: expected a look at them first, seen none');
    const { name, registry, apiArticle, upTimeoutMs, cacheDir } = this.#settings;
    const { progress, interruption, command, elapsed, logsFolder, ownChaincodes } = options;
    const { hosts, mtu } = fit;
    const { engine: local, mode, images } = fit.images;
    const [first] = hosts;
    if (!first) throw new Error('topology: expected a machine, seen none');
    const manager = first.remote.docker;
    const run = randomBytes(4).toString('hex');
    const abort = new AbortController();
    const signal = AbortSignal.any([interruption.signal, abort.signal]);
    const streamed = {
      ...{ network: name, local: local.docker, mode, images },
      ...{ registry, progress, signal },
    };
    await progress.step('tools on the hosts', () => provideTools(hosts, streamed));
    const leash = await Leash.start(hosts, {
      ...{ network: name, run, image: images.node, command, role: 'reaper' },
    });
    if (!leash) return undefined;
    leash.lost.addEventListener('abort', () => interruption.end(removedByOther(name)));
    const remove = async () => {
      await removeObjects(name, manager, hosts, 'reaper');
      await leash.dismiss();
    };
    const nodes = hosts.map((host) => hostMachine(name, host));
    const joined = async (overlay: string) => {
      await first.docker.createNetwork({
        Name: overlay,
        Driver: 'overlay',
        Attachable: true,
        Options: { 'com.docker.network.driver.mtu': String(mtu) },
      });
      await Promise.all([
        startAgents(name, first.docker, hosts, images.node),
        progress.step('images on the hosts', () => provideComponents(hosts, topology, streamed)),
      ]);
    };
    const work = async (): Promise<HostsNetwork> => {
      progress.say(`labels ${nodeLabel(name)} on ${hosts.map((h) => h.node.hostname).join(', ')}`);
      await labelHosts(name, manager, hosts);
      const { deployment, firstTransfer } = await assemble(
        {
          ...{ topology, images, apiArticle, budgetMs: upTimeoutMs, progress, cacheDir },
          ...{ logsFolder, signal, outer: local.docker },
          ownChaincodes: chaincodesOf(this.#settings, topology, ownChaincodes),
        },
        Promise.resolve({ nodes, mtu, joined }),
      );
      const state: DeployedState = {
        ...deployment,
        images: { ...deployment.images, node: images.node },
        schema: 1,
        name,
        run,
        startedAt: new Date().toISOString(),
        mode: 'hosts',
        versions: images.versions,
        standIns: images.standIns as Record<string, string>,
        steps: [...progress.steps],
        firstTransfer: { ...firstTransfer, seconds: elapsed(), imageSeconds: images.seconds },
      };
      await saveState(state, hosts);
      return hostsNetwork(state, hosts);
    };
    try {
      const network = await raceAbort(work(), signal);
      return { network, release: () => leash.release(), remove };
    } catch (error) {
      const starting = Promise.resolve({ nodes });
      const told = await keepLogs(error, {
        ...{ docker: first.docker, name, starting, folder: logsFolder },
        signal: interruption.signal,
      });
      abort.abort(error);
      // A removal that fails is the leash's to finish, once this process has ended; the first error tells more.
      await remove().catch((failure) => progress.say(`removal: ${messageOf(failure)}`));
      throw told;
    }
  }

  async names(): Promise<string[]> {
    return networkNames((await this.#open()).engine.docker);
  }

  async #sweep(name: string): Promise<number> {
    const { docker } = (await this.#open()).engine;
    return removeObjects(name, docker, await this.#hostsOf(name));
  }

  async remove(name: string, say: (line: string) => void): Promise<Removed> {
    const told = new Set<number>();
    const enough = AbortSignal.timeout(patient(END_MS));
    const take = (key: string) =>
      acquireLock(key, {
        ask: true,
        onWait: (pid) => {
          if (!told.has(pid))
            say(`process ${pid} uses the network "${name}": told to end, waiting`);
          told.add(pid);
        },
        signal: enough,
      }).catch(() => undefined); // whoever does not end finds its network gone
    const locks = await Promise.all([take(startLock(name)), take(useLock(name))]);
    try {
      return { objects: await this.#sweep(name), ended: [...told] };
    } finally {
      await Promise.all(locks.map((release) => release?.()));
    }
  }
}
