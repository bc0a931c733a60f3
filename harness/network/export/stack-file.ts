import { stringify } from 'yaml';

/** What is read of a service as the Swarm's API describes it. */
export interface InspectedService {
  readonly Spec: {
    readonly Name: string;
    readonly TaskTemplate: {
      readonly ContainerSpec: {
        readonly Image: string;
        readonly Hostname?: string;
        readonly Command?: readonly string[];
        readonly Args?: readonly string[];
        readonly Env?: readonly string[];
        readonly User?: string;
        readonly Init?: boolean;
        readonly StopGracePeriod?: number;
        readonly Labels?: Readonly<Record<string, string>>;
        readonly Mounts?: readonly { readonly Source: string; readonly Target: string }[];
        readonly Configs?: readonly FileReference[];
        readonly Secrets?: readonly FileReference[];
        readonly HealthCheck?: {
          readonly Test?: readonly string[];
          readonly Interval?: number;
          readonly Timeout?: number;
          readonly Retries?: number;
          readonly StartPeriod?: number;
        };
      };
      readonly Networks?: readonly { readonly Aliases?: readonly string[] }[];
      readonly Placement?: { readonly Constraints?: readonly string[] };
    };
    readonly EndpointSpec?: {
      readonly Ports?: readonly {
        readonly TargetPort: number;
        readonly PublishedPort: number;
        readonly PublishMode: string;
      }[];
    };
  };
}

interface FileReference {
  readonly ConfigName?: string;
  readonly SecretName?: string;
  readonly File?: { readonly Name: string; readonly Mode: number };
}

/**
 * The deployed services as a stack file that `docker stack deploy` takes. Configs lie beside it by their names; secrets
 * cannot be read back from a Swarm, so they are external.
 *
 * @param network name of the overlay
 */
export function stackFile(services: readonly InspectedService[], network: string): string {
  const configs = new Set<string>();
  const secrets = new Set<string>();
  const volumes = new Set<string>();
  const described = Object.fromEntries(
    services
      .toSorted((a, b) => (a.Spec.Name < b.Spec.Name ? -1 : 1))
      .map(({ Spec }) => {
        const { ContainerSpec: container, Networks, Placement } = Spec.TaskTemplate;
        for (const { ConfigName } of container.Configs ?? []) configs.add(ConfigName ?? '');
        for (const { SecretName } of container.Secrets ?? []) secrets.add(SecretName ?? '');
        for (const { Source } of container.Mounts ?? []) volumes.add(Source);
        const ports = Spec.EndpointSpec?.Ports ?? [];
        const aliases = Networks?.flatMap(({ Aliases = [] }) => Aliases) ?? [];
        return [
          Spec.Name,
          present({
            image: container.Image.replace(/@sha256:.*$/, ''),
            hostname: container.Hostname,
            entrypoint: some(container.Command),
            command: some(container.Args),
            environment: some(container.Env?.map(escaped)),
            user: container.User,
            init: container.Init || undefined,
            stop_grace_period: duration(container.StopGracePeriod),
            labels: container.Labels,
            healthcheck: healthCheck(container.HealthCheck),
            volumes: some(container.Mounts?.map(({ Source, Target }) => `${Source}:${Target}`)),
            configs: some(container.Configs?.map((file) => reference(file, file.ConfigName))),
            secrets: some(container.Secrets?.map((file) => reference(file, file.SecretName))),
            ports: some(
              ports.map(({ TargetPort, PublishedPort, PublishMode }) => ({
                target: TargetPort,
                published: PublishedPort,
                mode: PublishMode,
              })),
            ),
            networks: { [network]: aliases.length > 0 ? { aliases: [...aliases] } : {} },
            deploy: {
              endpoint_mode: 'dnsrr',
              replicas: 1,
              placement: { constraints: [...(Placement?.Constraints ?? [])] },
            },
          }),
        ];
      }),
  );
  return stringify({
    services: described,
    networks: { [network]: { external: true } },
    volumes: Object.fromEntries([...volumes].sort().map((name) => [name, { external: true }])),
    configs: Object.fromEntries(
      [...configs].sort().map((name) => [name, { file: `configs/${name}` }]),
    ),
    secrets: Object.fromEntries([...secrets].sort().map((name) => [name, { external: true }])),
  });
}

/** Compose would fill in what looks like a variable. */
const escaped = (text: string) => text.replaceAll('$', '$$$$');

const reference = ({ File }: FileReference, source: string | undefined) => ({
  source,
  target: File?.Name,
  mode: File?.Mode,
});

type Check = InspectedService['Spec']['TaskTemplate']['ContainerSpec']['HealthCheck'];

function healthCheck(check: Check) {
  if (!check?.Test?.length) return undefined;
  if (check.Test[0] === 'NONE') return { disable: true };
  return present({
    test: check.Test.map(escaped),
    interval: duration(check.Interval),
    timeout: duration(check.Timeout),
    retries: check.Retries || undefined,
    start_period: duration(check.StartPeriod),
  });
}

/** Nanoseconds as compose files write a time. */
const duration = (ns: number | undefined) => (ns ? `${Math.round(ns / 1_000_000)}ms` : undefined);

const some = <T>(list: readonly T[] | undefined) => (list?.length ? [...list] : undefined);

function present(entries: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}
