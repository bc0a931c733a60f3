import type Docker from 'dockerode';
import { NETWORK_LABEL } from '../engine/labels.ts';
import { PLACEMENT_LABEL } from './cluster.ts';

/** One network's part of an engine and of a swarm that others use too. */
export interface Scope {
  /** The network's name. */
  readonly network: string;
  /** Ids of the swarm's nodes by the number of the machine that each is for the network. */
  readonly nodes: ReadonlyMap<number, string>;
}

/** Label on the nodes that a network uses; its value is the number of the machine. */
export const nodeLabel = (network: string): string => `fabric-swarm-harness.${network}`;

/** Label on the same nodes, with the same value on all. */
export const memberLabel = (network: string): string => `${nodeLabel(network)}.host`;

/** The name that something of a network has in the swarm, or on the host, that it shares. */
export const sharedName = (network: string, name: string): string =>
  name.startsWith(`${network}_`) ? name : `${network}_${name}`;

/** An id as the Swarm makes them, as apart from a name. */
const SWARM_ID = /^[a-z0-9]{25}$/;

type Labels = Readonly<Record<string, string>>;

/**
 * An engine as one network sees it that shares it with others: what it lists carries the network's label, what it makes
 * gets it, and what has a name of its own in a whole swarm (services, configs, secrets) or on a whole host (volumes) has
 * the network's name before it. So whoever uses it meets nobody else's, and finds names as on machines of its own.
 */
export function scopedDocker(engine: Docker, { network, nodes }: Scope): Docker {
  const own = { [NETWORK_LABEL]: network };
  const outer = (name: string) => sharedName(network, name);
  const inner = (name: string) =>
    name.startsWith(`${network}_`) ? name.slice(network.length + 1) : name;
  const filtered = (options: { filters?: unknown } = {}) => {
    const { filters } = options;
    const given = (typeof filters === 'string' ? JSON.parse(filters) : (filters ?? {})) as {
      label?: readonly string[];
    };
    const label = [...(given.label ?? []), `${NETWORK_LABEL}=${network}`];
    return { ...options, filters: { ...given, label } };
  };
  const labelled = <T extends { Labels?: Labels | undefined }>(options: T): T => ({
    ...options,
    Labels: { ...options.Labels, ...own },
  });
  const owned = <T extends Named>(spec: T): T => ({
    ...labelled(spec),
    Name: outer(spec.Name ?? ''),
  });
  const renamed = <T>(listed: readonly T[]): T[] =>
    listed.map((object) => {
      const { Spec } = object as { Spec?: Named };
      return { ...object, Spec: { ...Spec, Name: inner(Spec?.Name ?? '') } };
    });
  const mount = (given: Mount): Mount =>
    given.Type === 'volume'
      ? {
          ...given,
          Source: outer(given.Source),
          VolumeOptions: labelled(given.VolumeOptions ?? {}),
        }
      : given;
  const placed = (constraint: string) =>
    constraint.replace(`node.labels.${PLACEMENT_LABEL}==`, `node.labels.${nodeLabel(network)}==`);
  const service = (spec: ServiceSpec) => {
    const { ContainerSpec: container, Placement, Networks, ...task } = spec.TaskTemplate;
    const { Configs = [], Secrets = [], Mounts = [] } = container;
    return owned({
      ...spec,
      TaskTemplate: {
        ...task,
        ContainerSpec: {
          ...labelled(container),
          Mounts: Mounts.map(mount),
          Configs: Configs.map((one) => ({ ...one, ConfigName: outer(one.ConfigName) })),
          Secrets: Secrets.map((one) => ({ ...one, SecretName: outer(one.SecretName) })),
        },
        Placement: { ...Placement, Constraints: Placement?.Constraints?.map(placed) },
        // A service's own name is a DNS name too; here it must be given as an alias.
        Networks: Networks?.map((one) => ({
          ...one,
          Aliases: [...new Set([...(one.Aliases ?? []), inner(spec.Name ?? '')])],
        })),
      },
    });
  };
  const numbers = new Map([...nodes].map(([number, id]) => [id, number]));
  const overrides = {
    listContainers: (options?: object) => engine.listContainers(filtered(options)),
    listVolumes: (options?: object) => engine.listVolumes(filtered(options)),
    listServices: async (options?: object) => renamed(await engine.listServices(filtered(options))),
    listConfigs: async (options?: object) => renamed(await engine.listConfigs(filtered(options))),
    listSecrets: async (options?: object) => renamed(await engine.listSecrets(filtered(options))),
    /** The nodes that are machines of the network, labelled with their numbers. */
    listNodes: async (options?: object) =>
      ((await engine.listNodes(options ?? {})) as SwarmNode[]).flatMap((node) => {
        const number = numbers.get(node.ID);
        if (number === undefined) return [];
        const Labels = { ...node.Spec.Labels, [PLACEMENT_LABEL]: String(number) };
        return [{ ...node, Spec: { ...node.Spec, Labels } }];
      }),
    getService: (id: string) => engine.getService(SWARM_ID.test(id) ? id : outer(id)),
    createContainer: (options: Docker.ContainerCreateOptions) =>
      engine.createContainer(labelled(options)),
    createNetwork: (options: Docker.NetworkCreateOptions) =>
      engine.createNetwork(labelled(options)),
    createConfig: (spec: Named) => engine.createConfig(owned(spec)),
    createSecret: (spec: Named) => engine.createSecret(owned(spec)),
    createService: (spec: unknown) =>
      engine.createService(service(spec as ServiceSpec) as Docker.CreateServiceOptions),
  };
  return Object.assign(Object.create(engine) as Docker, overrides);
}

interface Named {
  readonly Name?: string;
  readonly Labels?: Labels | undefined;
}

interface Mount {
  readonly Type: string;
  readonly Source: string;
  readonly VolumeOptions?: { readonly Labels?: Labels | undefined };
}

/** What of a service's specification has names. */
interface ServiceSpec extends Named {
  readonly TaskTemplate: {
    readonly ContainerSpec: {
      readonly Labels?: Labels | undefined;
      readonly Mounts?: readonly Mount[];
      readonly Configs?: readonly { readonly ConfigName: string }[];
      readonly Secrets?: readonly { readonly SecretName: string }[];
    };
    readonly Placement?: { readonly Constraints?: readonly string[] };
    readonly Networks?: readonly { readonly Aliases?: readonly string[] }[];
  };
}

interface SwarmNode {
  readonly ID: string;
  readonly Spec: { readonly Labels?: Labels };
}
