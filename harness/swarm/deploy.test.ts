import { replaceFiles, serviceName, serviceSpec } from './deploy.ts';
import type { ServiceDefinition } from './service-definition.ts';

const definition: ServiceDefinition = {
  name: 'peer0.org1',
  image: 'fabric',
  machine: 2,
  command: ['peer', 'node', 'start'],
  env: { CORE_PEER_ID: 'peer0.org1' },
  volumes: [{ name: 'peer0-org1-ledger', path: '/var/ledger' }],
  ports: [{ host: 7056, container: 7051 }],
  health: {
    test: ['CMD', 'true'],
    intervalMs: 30_000,
    timeoutMs: 5_000,
    retries: 3,
    startPeriodMs: 1_000,
    startIntervalMs: 250,
  },
};
const options = { manager: {} as never, overlay: 'fabric_net', images: { fabric: 'fabric:1' } };
const spec = (changed: Partial<ServiceDefinition> = {}) =>
  serviceSpec(options, { ...definition, ...changed }, new Map()) as unknown as {
    Name: string;
    TaskTemplate: {
      ContainerSpec: Record<string, never> & { HealthCheck?: Record<string, number> };
      Placement: { Constraints: string[] };
      Networks: { Target: string; Aliases: string[] }[];
      RestartPolicy: { Condition: string };
    };
    EndpointSpec: { Mode: string; Ports: { PublishMode: string; PublishedPort: number }[] };
  };

describe('serviceSpec', () => {
  it('names a service by a DNS label, and the component by an alias', () => {
    expect(serviceName('peer0.org1')).toBe('peer0-org1');
    const { Name, TaskTemplate } = spec();
    expect(Name).toBe('peer0-org1');
    expect(TaskTemplate.ContainerSpec.Hostname).toBe('peer0.org1');
    expect(TaskTemplate.Networks).toEqual([{ Target: 'fabric_net', Aliases: ['peer0.org1'] }]);
    const shared = spec({ name: 'api1', alias: 'api' }).TaskTemplate.Networks[0]?.Aliases;
    expect([shared, spec({ name: 'api', alias: 'api' }).TaskTemplate.Networks[0]?.Aliases]).toEqual(
      [['api'], []],
    );
    expect(spec({ name: 'kafka0' }).TaskTemplate.Networks[0]?.Aliases).toEqual([]);
  });

  it('places by machine, restarts always, has no virtual address and publishes on the machine itself', () => {
    const { TaskTemplate, EndpointSpec } = spec();
    expect(TaskTemplate.Placement.Constraints).toEqual(['node.labels.machine==2']);
    expect(TaskTemplate.RestartPolicy.Condition).toBe('any');
    expect(EndpointSpec.Mode).toBe('dnsrr');
    expect(EndpointSpec.Ports).toMatchObject([{ PublishMode: 'host', PublishedPort: 7056 }]);
  });

  it('speaks nanoseconds', () => {
    expect(spec().TaskTemplate.ContainerSpec.HealthCheck).toMatchObject({
      Interval: 30_000_000_000,
      StartInterval: 250_000_000,
      Timeout: 5_000_000_000,
    });
  });

  it('mounts named volumes and sets the environment', () => {
    const { ContainerSpec } = spec().TaskTemplate;
    expect(ContainerSpec.Env).toEqual(['CORE_PEER_ID=peer0.org1']);
    expect(ContainerSpec.Mounts).toMatchObject([
      { Type: 'volume', Source: 'peer0-org1-ledger', Target: '/var/ledger' },
    ]);
  });

  it('refuses an image or a file that it does not have', () => {
    expect(() => spec({ image: 'nope' })).toThrow('peer0.org1: no image called nope');
    const files = [{ path: '/etc/x', content: 'x', secret: true }];
    expect(() => spec({ files })).toThrow('peer0.org1: no swarm object for /etc/x');
  });
});

describe('replaceFiles', () => {
  const file = (path: string, content: string) => ({ path, content, secret: false });
  const reference = (id: string, path: string) => ({
    ...{ ConfigID: id, ConfigName: id },
    File: { Name: path },
  });

  /** A swarm with one service that holds configs, and what its service is changed to. */
  function swarm() {
    const configs: { ID: string; Spec: { Name: string } }[] = [];
    const updates: { TaskTemplate: { ContainerSpec: { Configs: { ConfigID: string }[] } } }[] = [];
    let spec = {
      Name: 'api',
      TaskTemplate: {
        ContainerSpec: {
          Image: 'api:1',
          Configs: [reference('old', '/a/asset_1.0.tar.gz'), reference('tx', '/a/mychannel.tx')],
        },
      },
    };
    const manager = {
      listConfigs: async () => configs,
      listSecrets: async () => [],
      createConfig: async ({ Name }: { Name: string }) => {
        configs.push({ ID: `new-${configs.length}`, Spec: { Name } });
        return { id: `new-${configs.length - 1}` };
      },
      getService: () => ({
        inspect: async () => ({ Version: { Index: 7 }, Spec: spec }),
        update: async (changed: (typeof updates)[number] & { version: number }) => {
          expect(changed.version).toBe(7);
          updates.push(changed);
          spec = changed as unknown as typeof spec;
        },
      }),
    };
    return { manager: manager as never, updates };
  }

  it('puts a file in the place of the one at its path, and leaves the others', async () => {
    const { manager, updates } = swarm();
    const files = [file('/a/asset_1.0.tar.gz', 'another build')];
    expect(await replaceFiles(manager, 'api', files)).toEqual(['new-0']);
    expect(updates).toMatchObject([
      {
        Name: 'api',
        TaskTemplate: {
          ContainerSpec: { Image: 'api:1', Configs: [{ ConfigID: 'tx' }, { ConfigID: 'new-0' }] },
        },
      },
    ]);
  });

  it('changes nothing where the files are there', async () => {
    const { manager, updates } = swarm();
    const files = [file('/a/asset_1.0.tar.gz', 'another build')];
    await replaceFiles(manager, 'api', files);
    expect(await replaceFiles(manager, 'api', files)).toEqual(['new-0']);
    expect(updates).toHaveLength(1);
  });
});
