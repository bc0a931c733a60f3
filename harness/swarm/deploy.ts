import { createHash } from 'node:crypto';
import type Docker from 'dockerode';
import { patient } from '../base/patience.ts';
import { PLACEMENT_LABEL } from './cluster.ts';
import type { ServiceDefinition, ServiceFile } from './service-definition.ts';

/** What `docker stack ls` and `docker stack ps` know the services by. */
export const STACK = 'fabric';
const STACK_LABEL = 'com.docker.stack.namespace';
/** On each service and container: the component's name. */
export const COMPONENT_LABEL = 'io.fabric-swarm-harness.component';

const NS_PER_MS = 1_000_000;

export interface DeployOptions {
  readonly manager: Docker;
  readonly overlay: string;
  /** Full image reference by image name. */
  readonly images: Readonly<Record<string, string>>;
}

/**
 * Creates the services with their configs and secrets; returns as soon as the swarm has accepted them.
 *
 * A service's name is a DNS label, so `peer0.org1` is the service `peer0-org1` with the alias `peer0.org1`.
 */
export async function deployServices(
  options: DeployOptions,
  definitions: readonly ServiceDefinition[],
): Promise<void> {
  const files = await createFiles(options.manager, definitions);
  await Promise.all(
    definitions.map((definition) =>
      options.manager.createService(serviceSpec(options, definition, files)),
    ),
  );
}

/**
 * Has a component run as it is now defined: its service is changed and its task started anew, or the service is made
 * where there is none. Volumes stay. Returns as soon as the swarm has accepted it.
 */
export async function redefineService(
  options: DeployOptions,
  definition: ServiceDefinition,
): Promise<void> {
  const { manager } = options;
  const name = serviceName(definition.name);
  const known = await manager.listServices({ filters: { name: [name] } });
  if (!known.some(({ Spec }) => Spec?.Name === name)) {
    await deployServices(options, [definition]);
    return;
  }
  const spec = serviceSpec(options, definition, await createFiles(manager, [definition]));
  const service = manager.getService(name);
  const { Version, Spec } = (await service.inspect()) as unknown as {
    readonly Version: { readonly Index: number };
    readonly Spec: { readonly TaskTemplate: { readonly ForceUpdate?: number } };
  };
  const task = (spec as { TaskTemplate: object }).TaskTemplate;
  await service.update({
    ...spec,
    version: Version.Index,
    TaskTemplate: { ...task, ForceUpdate: (Spec.TaskTemplate.ForceUpdate ?? 0) + 1 },
  });
}

interface ConfigReference {
  readonly ConfigID: string;
  readonly ConfigName: string;
  readonly File: { readonly Name: string };
}

interface DeployedService {
  readonly Version: { readonly Index: number };
  readonly Spec: Record<string, unknown> & {
    readonly TaskTemplate: Record<string, unknown> & {
      readonly ContainerSpec: Record<string, unknown> & {
        readonly Configs?: readonly ConfigReference[];
      };
    };
  };
}

/**
 * Has a component's container hold these files, in the place of what it holds at the same paths: its service is changed,
 * and its task started anew, unless it holds them already. Returns as soon as the swarm has accepted it.
 *
 * @param files none of them secret
 * @returns ids of the configs that the new task has
 * @throws Error when the swarm has no such service
 */
export async function replaceFiles(
  manager: Docker,
  component: string,
  files: readonly ServiceFile[],
): Promise<readonly string[]> {
  const service = manager.getService(serviceName(component));
  const { Version, Spec } = (await service.inspect()) as unknown as DeployedService;
  const { TaskTemplate } = Spec;
  const { ContainerSpec } = TaskTemplate;
  const known = ContainerSpec.Configs ?? [];
  const definition = { name: component, image: '', machine: 0, files };
  const ids = await createFiles(manager, [definition]);
  const wanted = references(definition, ids, false) as unknown as readonly ConfigReference[];
  const paths = new Set(wanted.map(({ File }) => File.Name));
  const lacking = wanted.filter(({ ConfigID }) => !known.some((one) => one.ConfigID === ConfigID));
  if (lacking.length > 0) {
    const Configs = [...known.filter(({ File }) => !paths.has(File.Name)), ...wanted];
    await service.update({
      ...Spec,
      version: Version.Index,
      TaskTemplate: { ...TaskTemplate, ContainerSpec: { ...ContainerSpec, Configs } },
    });
  }
  return wanted.map(({ ConfigID }) => ConfigID);
}

/** Name of the Swarm service of a component. */
export const serviceName = (component: string): string => component.replaceAll('.', '-');

/** Swarm configs and secrets by content: many components share an authority's certificate. */
type FileIds = ReadonlyMap<string, { readonly id: string; readonly name: string }>;

function fileKey(file: ServiceFile): string {
  const digest = createHash('sha256').update(file.content).digest('hex').slice(0, 24);
  return `${file.secret ? 'secret' : 'config'}-${digest}`;
}

async function createFiles(
  manager: Docker,
  definitions: readonly ServiceDefinition[],
): Promise<FileIds> {
  const unique = new Map<string, ServiceFile>();
  for (const file of definitions.flatMap((d) => d.files ?? [])) unique.set(fileKey(file), file);
  const existing = await existingFiles(manager);
  const ids = new Map<string, { id: string; name: string }>();
  await Promise.all(
    [...unique].map(async ([name, file]) => {
      const known = existing.get(name);
      ids.set(name, { name, id: known ?? (await createFile(manager, name, file)) });
    }),
  );
  return ids;
}

async function existingFiles(manager: Docker): Promise<Map<string, string>> {
  const [configs, secrets] = await Promise.all([manager.listConfigs(), manager.listSecrets()]);
  return new Map(
    [...configs, ...secrets].map(({ ID, Spec }) => [Spec?.Name ?? '', ID] as [string, string]),
  );
}

async function createFile(manager: Docker, name: string, file: ServiceFile): Promise<string> {
  const spec = {
    Name: name,
    Labels: { [STACK_LABEL]: STACK },
    Data: Buffer.from(file.content).toString('base64'),
  };
  const created = await (file.secret ? manager.createSecret(spec) : manager.createConfig(spec));
  return (created as { id?: string; ID?: string }).ID ?? created.id;
}

function references(definition: ServiceDefinition, ids: FileIds, secret: boolean) {
  return (definition.files ?? [])
    .filter((file) => file.secret === secret)
    .map((file) => {
      const entry = ids.get(fileKey(file));
      if (!entry) throw new Error(`${definition.name}: no swarm object for ${file.path}`);
      return {
        ...(secret
          ? { SecretID: entry.id, SecretName: entry.name }
          : { ConfigID: entry.id, ConfigName: entry.name }),
        File: { Name: file.path, UID: '0', GID: '0', Mode: file.mode ?? (secret ? 0o400 : 0o444) },
      };
    });
}

/** The Swarm API's service specification of a component. */
export function serviceSpec(
  options: DeployOptions,
  definition: ServiceDefinition,
  ids: FileIds,
): Docker.CreateServiceOptions {
  const image = options.images[definition.image];
  if (!image) throw new Error(`${definition.name}: no image called ${definition.image}`);
  const name = serviceName(definition.name);
  const { health, limits } = definition;
  const labels = { [STACK_LABEL]: STACK, [COMPONENT_LABEL]: definition.name };
  return {
    Name: name,
    Labels: labels,
    TaskTemplate: {
      ContainerSpec: {
        Image: image,
        Hostname: definition.name,
        Labels: labels,
        ...(definition.command ? { Command: [...definition.command] } : {}),
        ...(definition.args ? { Args: [...definition.args] } : {}),
        Env: Object.entries(definition.env ?? {}).map(([key, value]) => `${key}=${value}`),
        ...(definition.user ? { User: definition.user } : {}),
        Init: definition.init ?? false,
        StopGracePeriod: patient(definition.stopGracePeriodMs ?? 2_000) * NS_PER_MS,
        Mounts: (definition.volumes ?? []).map((volume) => ({
          Type: 'volume',
          Source: volume.name,
          Target: volume.path,
          VolumeOptions: {
            NoCopy: true,
            Labels: labels,
            DriverConfig: { Name: 'local', Options: {} },
          },
        })),
        Configs: references(definition, ids, false),
        Secrets: references(definition, ids, true),
        ...(health
          ? {
              HealthCheck: {
                Test: [...health.test],
                Interval: health.intervalMs * NS_PER_MS,
                Timeout: health.timeoutMs * NS_PER_MS,
                Retries: health.retries,
                StartPeriod: health.startPeriodMs * NS_PER_MS,
                StartInterval: health.startIntervalMs * NS_PER_MS,
              },
            }
          : {}),
      },
      ...(limits
        ? {
            Resources: {
              Limits: {
                ...(limits.memoryBytes ? { MemoryBytes: limits.memoryBytes } : {}),
                ...(limits.cpus ? { NanoCPUs: Math.round(limits.cpus * 1e9) } : {}),
              },
            },
          }
        : {}),
      RestartPolicy: { Condition: 'any', Delay: 200 * NS_PER_MS, Window: 2_000 * NS_PER_MS },
      Placement: { Constraints: [`node.labels.${PLACEMENT_LABEL}==${definition.machine}`] },
      Networks: [
        {
          Target: options.overlay,
          Aliases: [definition.name, definition.alias].filter((each) => each && each !== name),
        },
      ],
      LogDriver: { Name: 'json-file', Options: { 'max-size': '50m', 'max-file': '2' } },
    },
    Mode: { Replicated: { Replicas: 1 } },
    UpdateConfig: { Parallelism: 1, Order: 'stop-first', Monitor: 100 * NS_PER_MS },
    EndpointSpec: {
      // No virtual addresses: they need IPVS, and a client must see which task it talks to.
      Mode: 'dnsrr',
      Ports: (definition.ports ?? []).map((port) => ({
        Protocol: 'tcp',
        TargetPort: port.container,
        PublishedPort: port.host,
        PublishMode: 'host',
      })),
    },
  } as Docker.CreateServiceOptions;
}
